"""Train the sequence models, keep them as a table, and score with them on later days.

A trained model is a row of a table: its arrays in NumPy's own format, read without pickle, so that reading a stored model
runs no code. It scores on any later day; what is served is the model that was compared, reading the purchases since.

Tuned on November 2017 (trained to 30 October). NDCG@10 of gru4rec after four epochs on all, repeated and new products:

| variant | all | repeat | novel |
|---|---|---|---|
| as below | 0.423 | 0.506 | 0.042 |
| an order of repeats that depends on product and state together | 0.418 | 0.503 | 0.041 |
| that order, and the last 16 weeks only | 0.414 | 0.498 | 0.039 |
| that order, and the popularity of the weeks before an example instead of that of its target weeks | 0.418 | 0.502 | 0.033 |
| an earlier form: one softmax over 5,942 products instead of RepeatNet's two modes | 0.371 | 0.444 | 0.020 |

The popularity of the target weeks, because else the network learns what came into season after each week of training, which it
cannot know of the next one. After eight epochs caser has 0.425, 0.507, 0.043, gru4rec 0.424, 0.507, 0.042 (with 64 dimensions
0.423, 0.506, 0.041) and sasrec 0.424, 0.506, 0.042; decayed_frequency 0.418, 0.495, none; tifu_knn 0.421, 0.502, 0.040.

In December 2017 (`benchmarks/sequence_models.py`) they come second: caser 0.437, 0.519, 0.048, gru4rec 0.436, 0.520, 0.048, sasrec
0.436, 0.519, 0.047; tifu_knn 0.430, 0.508, 0.042. The learned ranker stays ahead beyond noise with 0.442, 0.526, 0.055. How the
weeks are read makes no difference. A model takes 50 to 75 s of one processor.
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.platform.emptiness import as_table, empty_table
from dmp_assets.recommendations.names import SEQUENCE_STRATEGIES
from dmp_assets.recommendations.scores import NOVEL_CANDIDATES, best_positive
from dmp_assets.recommendations.sequences import extra
from dmp_assets.recommendations.sequences.schema import SEQUENCE_MODELS
from dmp_assets.recommendations.sequences.weeks import (
    TARGET_WEEKS,
    Weeks,
    common_products,
    encode_weeks,
    examples_at,
    targets_of,
)

if TYPE_CHECKING:
    from dmp_assets.recommendations.sequences.networks import SequenceModel

MIN_CUSTOMERS = 20
"""Products with fewer customers are not in the vocabulary: 9,000 of 65,000 products remain, with 85 % of the repeated purchases and
64 % of the new ones. The others can still be recommended to who bought them before."""
EPOCHS = 8
WEEKS_PER_EPOCH = 4
BATCH = 128
LEARNING_RATE = 2e-3
LAST_LEARNING_RATE = 0.02
"""As a share of LEARNING_RATE, which falls evenly to it."""
_SCORING_BLOCK = 256
_VOCABULARY = "vocabulary"


def no_sequence_models() -> pd.DataFrame:
    """Return the table of models without any."""
    return empty_table(SEQUENCE_MODELS)


def train_sequence_models(
    history: Interactions,
    cutoff_day: int,
    as_of_on: date,
    *,
    strategies: Sequence[str] = SEQUENCE_STRATEGIES,
    epochs: int = EPOCHS,
    seed: int = 0,
) -> pd.DataFrame:
    """Train sequence models on the purchases before the cutoff.

    One thread: the networks are small, and two threads waited for each other longer than they worked.

    Args:
        history: all purchases; only those before cutoff_day are read.
        cutoff_day: first day of the test period, days since 1970-01-01.
        as_of_on: day after the last day of the test period; kept with the models.
        strategies: those to train.
        epochs: passes; in each, every customer is seen at WEEKS_PER_EPOCH random weeks.
        seed: of weights, weeks, order and dropout.

    Returns:
        One row per model: strategy, weights (text: base64 of NumPy's npz), vocabulary_size (products), trained_customers,
        trained_before_on (the cutoff), as_of_on. No rows where nobody bought anything TARGET_WEEKS before the cutoff.

    Raises:
        UserError: the extra `deep` is not installed.
    """
    extra.require()
    past = history.before(cutoff_day)
    if not len(past.day):
        return no_sequence_models()
    vocabulary = common_products(past, MIN_CUSTOMERS)
    weeks = encode_weeks(past, cutoff_day, vocabulary)
    first = first_weeks(weeks)
    customers = np.flatnonzero(first < weeks.count - TARGET_WEEKS)
    if not len(customers):
        return no_sequence_models()
    rows = []
    for strategy in strategies:
        model = _fit(weeks, strategy, customers, epochs=epochs, seed=seed)
        rows.append(
            {
                "strategy": strategy,
                "weights": write_arrays({_VOCABULARY: history.products[vocabulary].astype(str), **_arrays(model)}),
                "vocabulary_size": len(vocabulary),
                "trained_customers": len(customers),
                "trained_before_on": np.datetime64(cutoff_day, "D"),
                "as_of_on": as_of_on,
            }
        )
    return as_table(pd.DataFrame(rows), SEQUENCE_MODELS)


def sequence_scores(models: pd.DataFrame, history: Interactions, end_day: int) -> dict[str, sparse.csr_array]:
    """Return the scores of each model at a cutoff, by strategy.

    A score is the estimated share of the customer's purchases in the next TARGET_WEEKS weeks that are this product.

    Args:
        models: from `train_sequence_models`; without rows there are no scores.
        history: all purchases; only those before end_day are read.
        end_day: the cutoff, days since 1970-01-01.

    Returns:
        As every strategy: what each customer bought and the best others, float64 CSR, customers x products.

    Raises:
        ValueError: if a model was trained on what happened after the cutoff, or is not one of this code.
        UserError: there are models, but the extra `deep` is not installed.
    """
    if models.empty:
        return {}
    _require_usable(models, end_day)
    return {
        strategy: _scores(strategy, read_arrays(text), history, end_day)
        for strategy, text in zip(models["strategy"], models["weights"], strict=True)
    }


def customer_states(
    models: pd.DataFrame, history: Interactions, end_day: int, strategy: str = SEQUENCE_STRATEGIES[0]
) -> pd.DataFrame:
    """Return each customer's state in a sequence model, to be used as features: where the model says they are heading.

    Args:
        models: from `train_sequence_models`.
        history: all purchases; only those before end_day are read.
        end_day: the cutoff, days since 1970-01-01.
        strategy: of the model.

    Returns:
        customer_id, state_1, state_2, ... (float64, without unit), one row per customer with a purchase before the cutoff, sorted.

    Raises:
        ValueError: if there is no such model, it was trained on what happened after the cutoff, or is not one of this code.
        UserError: the extra `deep` is not installed.
    """
    rows = models[models["strategy"] == strategy]
    if rows.empty:
        raise ValueError(f"there is no model {strategy}; there are: {', '.join(models['strategy']) or 'none'}")
    _require_usable(rows, end_day)
    import torch

    arrays = read_arrays(rows["weights"].iloc[0])
    weeks = encode_weeks(history, end_day, pd.Index(history.products).get_indexer(arrays.pop(_VOCABULARY)))
    customers = np.unique(weeks.customer)
    blocks = []
    with _repeatable(0), torch.no_grad():
        model = _model(strategy, arrays, weeks.items)
        for start in range(0, len(customers), _SCORING_BLOCK):
            customer = customers[start : start + _SCORING_BLOCK]
            examples = examples_at(weeks, customer, np.full(len(customer), weeks.count - 1))
            blocks.append(model.states(examples).double().numpy())
    states = np.concatenate(blocks)
    frame = pd.DataFrame(states, columns=pd.Index([f"state_{number}" for number in range(1, states.shape[1] + 1)]))
    frame.insert(0, "customer_id", history.customers[customers])
    return frame


def _require_usable(models: pd.DataFrame, end_day: int) -> None:
    """Raise an error where PyTorch is missing or a model knows the time after the cutoff."""
    extra.require()
    peeking = models[models["trained_before_on"] > np.datetime64(end_day, "D")]
    if not peeking.empty:
        raise ValueError(
            f"{peeking['strategy'].iloc[0]} was trained on purchases up to {peeking['trained_before_on'].iloc[0]:%Y-%m-%d}, after "
            f"the cutoff {np.datetime64(end_day, 'D')}; train it again with `dmp build`"
        )


def first_weeks(weeks: Weeks) -> np.ndarray:
    """Return the week of each customer's first purchase, `weeks.count` without one: int64, customers."""
    first = np.full(weeks.shape[0], weeks.count, dtype=np.int64)
    np.minimum.at(first, weeks.customer, weeks.week)
    return first


def write_arrays(arrays: dict[str, np.ndarray]) -> str:
    """Return arrays as text; the same arrays always give the same text."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def read_arrays(text: str) -> dict[str, np.ndarray]:
    """Return the arrays that `write_arrays` wrote. No pickle is read, so the text cannot run anything.

    Raises:
        ValueError: if the text is not such a text.
    """
    try:
        with np.load(io.BytesIO(base64.b64decode(text, validate=True)), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"a stored sequence model cannot be read ({error}); train it again with `dmp build`") from None


def _fit(weeks: Weeks, strategy: str, customers: np.ndarray, *, epochs: int, seed: int) -> SequenceModel:
    """Return the model after `epochs` passes over the customers."""
    import torch

    from dmp_assets.recommendations.sequences.networks import SequenceModel

    first, last = first_weeks(weeks), weeks.count - TARGET_WEEKS
    random = np.random.default_rng(seed)
    order = np.repeat(customers, WEEKS_PER_EPOCH)
    with _repeatable(seed):
        model = SequenceModel(strategy, weeks.items)
        optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
        steps = epochs * -(-len(order) // BATCH)
        schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, LAST_LEARNING_RATE, steps)
        model.train()
        for _ in range(epochs):
            random.shuffle(order)
            for start in range(0, len(order), BATCH):
                customer = np.sort(order[start : start + BATCH])
                week = random.integers(first[customer], last)
                examples = examples_at(weeks, customer, week)
                targets = targets_of(weeks, customer, week, examples)
                # The popularity of the target weeks, not of those before: see the head of this file.
                repeats, new = model(examples, torch.as_tensor(weeks.popularity[week + TARGET_WEEKS]))
                likelihood = repeats[torch.as_tensor(targets.candidate)] @ torch.as_tensor(targets.candidate_weight)
                likelihood = likelihood + new.flatten()[torch.as_tensor(targets.cell)] @ torch.as_tensor(
                    targets.cell_weight
                )
                optimizer.zero_grad()
                (-likelihood / len(customer)).backward()
                optimizer.step()
                schedule.step()
    return model


def _arrays(model: SequenceModel) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in sorted(model.state_dict().items())}


def _model(strategy: str, arrays: dict[str, np.ndarray], items: int) -> SequenceModel:
    """Return the model with stored weights."""
    import torch

    from dmp_assets.recommendations.sequences.networks import ENCODERS, SequenceModel

    if strategy not in ENCODERS:
        raise ValueError(f"{strategy} is not a sequence model; they are {', '.join(ENCODERS)}")
    model = SequenceModel(strategy, items)
    try:
        model.load_state_dict({name: torch.as_tensor(array) for name, array in arrays.items()})
    except RuntimeError as error:
        words = " ".join(str(error).split())
        raise ValueError(
            f"the stored {strategy} has other layers than today's code ({words}); train it again with `dmp build`"
        ) from None
    return model.eval()


def _scores(strategy: str, arrays: dict[str, np.ndarray], history: Interactions, end_day: int) -> sparse.csr_array:
    import torch

    ids = arrays.pop(_VOCABULARY)
    vocabulary = pd.Index(history.products).get_indexer(ids)
    weeks = encode_weeks(history, end_day, vocabulary)
    every_item = np.arange(weeks.items)
    customers = np.unique(weeks.customer)
    rows, columns, values = [], [], []
    with _repeatable(0), torch.no_grad():
        model = _model(strategy, arrays, weeks.items)
        for start in range(0, len(customers), _SCORING_BLOCK):
            customer = customers[start : start + _SCORING_BLOCK]
            week = np.full(len(customer), weeks.count - 1)
            examples = examples_at(weeks, customer, week)
            repeats, new = (
                logs.double().exp().numpy() for logs in model(examples, torch.as_tensor(weeks.popularity[week]))
            )
            best = [best_positive(every_item, row, NOVEL_CANDIDATES) for row in new]
            best = [items[vocabulary[items] >= 0] for items in best]
            place = np.repeat(np.arange(len(customer)), [len(items) for items in best])
            rows += [customer[examples.candidate_example], customer[place]]
            columns += [examples.candidate_product, vocabulary[np.concatenate(best)]]
            values += [repeats, new[place, np.concatenate(best)]]
    scores = sparse.csr_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=history.shape
    )
    scores.sort_indices()
    return scores


@contextmanager
def _repeatable(seed: int) -> Generator[None]:
    """Make torch give the same numbers every time, and leave it as it was."""
    import torch

    threads, was_deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(was_deterministic)
            torch.set_num_threads(threads)
