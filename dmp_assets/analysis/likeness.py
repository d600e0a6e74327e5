"""How much vectors resemble those of a seed: the cosine to the mean of its vectors at length 1 (Rocchio, 1971)."""

from __future__ import annotations

import numpy as np


def seed_similarity(vectors: np.ndarray, is_seed: np.ndarray) -> np.ndarray:
    """Return each row's cosine to the mean of the seed's rows at length 1; 0 for a row of zeros, or a mean of zeros."""
    units = _units(vectors)
    return units @ _units(units[is_seed].mean(axis=0, keepdims=True))[0]


def _units(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)
