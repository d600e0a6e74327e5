"""Train the sequence models, keep them as a table, and score with them on later days."""

from __future__ import annotations

import base64
import io
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from dmp_assets.recommendations.interactions import Interactions
from dmp_assets.recommendations.scores import NOVEL_CANDIDATES, best_positive
from dmp_assets.recommendations.sequences import extra
from dmp_assets.recommendations.sequences.weeks import TARGET_WEEKS, Weeks, common_products, encode_weeks, examples_at, targets_of

if TYPE_CHECKING:
    from dmp_assets.recommendations.sequences.networks import SequenceModel

MIN_CUSTOMERS = 20
EPOCHS = 12
WEEKS_PER_EPOCH = 4
TRAINING_WEEKS = 16
BATCH = 128
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.01


@dataclass(frozen=True)
class Settings:
    epochs: int = EPOCHS
    learning_rate: float = LEARNING_RATE
    weight_decay: float = WEIGHT_DECAY


def fit(weeks: Weeks, strategy: str, *, seed: int, settings=Settings(), hook=None):
    import torch

    from dmp_assets.recommendations.sequences.networks import SequenceModel

    first = np.full(weeks.shape[0], weeks.count)
    np.minimum.at(first, weeks.customer, weeks.week)
    last = weeks.count - TARGET_WEEKS
    first = np.maximum(first, last - TRAINING_WEEKS)
    customers = np.flatnonzero(first < last)
    random = np.random.default_rng(seed)
    popularity = torch.as_tensor(weeks.popularity)
    if True:
        torch.manual_seed(seed)
        model = SequenceModel(strategy, weeks.items)
        quick = [p for n, p in model.named_parameters() if n in ("half_life.bias", "mode.bias")]
        slow = [p for n, p in model.named_parameters() if n not in ("half_life.bias", "mode.bias")]
        optimizer = torch.optim.AdamW([{"params": quick, "weight_decay": 0.0}, {"params": slow}], lr=settings.learning_rate, weight_decay=settings.weight_decay)
        order = np.repeat(customers, WEEKS_PER_EPOCH)
        steps = settings.epochs * -(-len(order) // BATCH)
        scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, total_iters=steps)
        model.train()
        for epoch in range(settings.epochs):
            total = 0.0
            random.shuffle(order)
            for start in range(0, len(order), BATCH):
                customer = np.sort(order[start : start + BATCH])
                week = random.integers(first[customer], last)
                examples = examples_at(weeks, customer, week)
                targets = targets_of(weeks, customer, week, examples)
                repeats, new = model(examples, popularity[torch.as_tensor(week + TARGET_WEEKS if model.training else week)])
                loss = -(
                    repeats[torch.as_tensor(targets.candidate)] @ torch.as_tensor(targets.candidate_weight)
                    + new.flatten()[torch.as_tensor(targets.cell)] @ torch.as_tensor(targets.cell_weight)
                ) / len(customer)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                scheduler.step()
                total += float(loss.detach())
            if hook:
                hook(epoch, total / (len(order) / BATCH), model)
    return model


def scores_of(model, weeks: Weeks, vocabulary, block: int = 256):
    import torch
    model.eval()
    rows, columns, values = [], [], []
    popularity = torch.as_tensor(weeks.popularity)
    known = np.unique(weeks.customer)
    with torch.no_grad():
        for start in range(0, len(known), block):
            customer = known[start : start + block]
            week = np.full(len(customer), weeks.count - 1)
            examples = examples_at(weeks, customer, week)
            repeats, new = model(examples, popularity[torch.as_tensor(week + TARGET_WEEKS if model.training else week)])
            rows.append(customer[examples.candidate_example]); columns.append(examples.candidate_product); values.append(np.exp(repeats.numpy().astype(np.float64)))
            new = np.exp(new.numpy().astype(np.float64))
            for place, c in enumerate(customer):
                best = best_positive(np.arange(weeks.items), new[place], NOVEL_CANDIDATES)
                best = best[vocabulary[best] >= 0]
                rows.append(np.full(len(best), c)); columns.append(vocabulary[best]); values.append(new[place, best])
    model.train()
    out = sparse.csr_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=weeks.shape)
    out.sort_indices()
    return out
