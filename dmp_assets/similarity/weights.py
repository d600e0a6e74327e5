"""Weights for the cells of a count matrix: what a purchase or a word says about its row.

All take counts (rows are customers or texts, columns are products or words) and return a matrix that stores the same
cells. A cell weighs more the fewer rows share its column.
"""

import numpy as np
from scipy import sparse

from dmp_assets.similarity.blocks import with_values

BM25_K1 = 1.2
BM25_B = 0.75


def binary(counts: sparse.csr_array) -> sparse.csr_array:
    """Return 1 for every stored cell: bought or not, however often."""
    return with_values(counts, np.ones(counts.nnz))


def tf_idf(counts: sparse.csr_array) -> sparse.csr_array:
    """Return (1 + ln tf) * ln(N / df): sublinear term frequency times inverse document frequency.

    N is the number of rows, df the number of rows that store the column; a column that every row stores weighs 0
    (Manning, Raghavan and Schuetze, Introduction to Information Retrieval, 2008, sections 6.2.1 and 6.4.1).

    Raises:
        ValueError: if a count is below 1; rating scales with zeros or negative numbers have no such weight.
    """
    _require_counts(counts)
    document_count = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log(max(counts.shape[0], 1) / np.maximum(document_count, 1))
    return with_values(counts, (1 + np.log(counts.data)) * idf[counts.indices])


def bm25(counts: sparse.csr_array, k1: float = BM25_K1, b: float = BM25_B) -> sparse.csr_array:
    """Return idf * tf (k1 + 1) / (tf + k1 (1 - b + b length / mean length)), the Okapi BM25 term weight.

    The length of a row is the sum of its counts, idf = ln(1 + (N - df + 0.5) / (df + 0.5)), which is never negative
    (Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009, equation 3.15; k1 and b as is
    usual there).

    Raises:
        ValueError: if a count is below 1.
    """
    _require_counts(counts)
    row_count = counts.shape[0]
    row = np.repeat(np.arange(row_count), np.diff(counts.indptr))
    document_count = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log1p((row_count - document_count + 0.5) / (document_count + 0.5))
    length = np.bincount(row, weights=counts.data, minlength=row_count)
    relative = length / max(length.sum() / max(row_count, 1), 1.0)
    saturated = counts.data * (k1 + 1) / (counts.data + k1 * (1 - b + b * relative[row]))
    return with_values(counts, saturated * idf[counts.indices])


def _require_counts(counts: sparse.csr_array) -> None:
    too_few = int((~(counts.data >= 1)).sum())
    if too_few:
        raise ValueError(f"{too_few} cells hold a count below 1; leave out what was not bought")
