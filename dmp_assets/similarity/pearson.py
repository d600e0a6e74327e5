"""User-based Pearson correlation over co-rated items.

r(a, b) = sum (a_i - mean_a)(b_i - mean_b) / sqrt(sum (a_i - mean_a)^2 * sum (b_i - mean_b)^2), where the sums and both
means run over the items i that a and b have both rated (Resnick, Iacovou, Suchak, Bergstrom and Riedl, CSCW 1994;
Herlocker, Konstan, Borchers and Riedl, SIGIR 1999).
"""

import numpy as np
from scipy import sparse

from dmp_assets.similarity.blocks import (
    Measure,
    Neighbours,
    as_rating_matrix,
    centred_by_row,
    top_k_neighbours,
    with_values,
)

# Sums of squares about the mean below this part of the plain sum of squares are cancellation noise: no variance.
NO_VARIANCE = 1e-10


def pearson_top_k(
    matrix: sparse.csr_array,
    k: int,
    min_co_rated: int = 2,
    significance: int | None = None,
    block_rows: int | None = None,
    n_jobs: int = 1,
) -> Neighbours:
    """Return the k rows of a rating matrix that correlate most with each row.

    A pair where one side gives all co-rated items the same rating has no correlation and is left out.

    Args:
        matrix: ratings, shape (users, items); a stored zero is a rating, an empty cell is none.
        k: neighbours per row at most; fewer where fewer are defined.
        min_co_rated: pairs with fewer co-rated items are left out.
        significance: None for the plain correlation, t to multiply it by min(n, t) / t for n co-rated items.
        block_rows: rows compared at a time; None fits them to a fixed amount of memory. Does not change the result.
        n_jobs: threads. Does not change the result.

    Raises:
        ValueError: if a parameter is out of range, a rating is not finite or a cell is stored twice.
    """
    ratings = as_rating_matrix(matrix)
    # An item with one rating is in no pair; on the grocery data that is 39 % of the columns.
    shared = ratings[:, np.bincount(ratings.indices, minlength=ratings.shape[1]) > 1]
    # Pearson does not see a shift of a row. Without its mean the sums are small, and so is the cancellation below.
    values = centred_by_row(shared)
    ones, squares = with_values(values, np.ones(values.nnz)), with_values(values, values.data**2)
    values_t, ones_t, squares_t = values.T.tocsr(), ones.T.tocsr(), squares.T.tocsr()

    def co_rated_counts(rows: slice) -> np.ndarray:
        return (ones[rows] @ ones_t).toarray()

    def correlations(rows: slice, pairs: np.ndarray, counts: np.ndarray) -> np.ndarray:
        def sums(left: sparse.csr_array, right: sparse.csr_array) -> np.ndarray:
            return (left[rows] @ right).toarray().ravel()[pairs]

        sum_a, sum_b = sums(values, ones_t), sums(ones, values_t)
        covariance = sums(values, values_t) - sum_a * sum_b / counts
        variance_a = _about_mean(sums(squares, ones_t), sum_a, counts)
        variance_b = _about_mean(sums(ones, squares_t), sum_b, counts)
        return covariance / np.sqrt(variance_a * variance_b)

    return top_k_neighbours(
        Measure(ratings.shape[0], co_rated_counts, correlations),
        k=k,
        min_co_rated=min_co_rated,
        significance=significance,
        block_rows=block_rows,
        n_jobs=n_jobs,
    )


def _about_mean(sum_of_squares: np.ndarray, total: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the sums of squares about the mean, NaN where there is no variance."""
    about_mean = sum_of_squares - total**2 / counts
    return np.where(about_mean > NO_VARIANCE * sum_of_squares, about_mean, np.nan)
