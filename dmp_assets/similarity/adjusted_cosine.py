"""Item-based adjusted cosine similarity.

sim(i, j) = sum (r_ui - mean_u)(r_uj - mean_u) / sqrt(sum (r_ui - mean_u)^2 * sum (r_uj - mean_u)^2), where mean_u is
the mean of all ratings of user u and all three sums run over the users u who rated both i and j (Sarwar, Karypis,
Konstan and Riedl, WWW 2001, section 3.1.3).
"""

from dataclasses import replace

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


def adjusted_cosine_top_k(
    matrix: sparse.csr_array,
    k: int,
    min_co_rated: int = 2,
    significance: int | None = None,
    block_rows: int | None = None,
    n_jobs: int = 1,
    min_ratings: int = 1,
) -> Neighbours:
    """Return the k columns of a rating matrix that are most like each column.

    `row` and `neighbour` of the result are positions of columns.

    A pair where all co-raters' ratings of one side equal their own mean has no similarity and is left out.

    Args:
        matrix: ratings, shape (users, items); a stored zero is a rating, an empty cell is none.
        k: neighbours per item at most; fewer where fewer are defined.
        min_co_rated: pairs with fewer users who rated both are left out.
        significance: None for the plain similarity, t to multiply it by min(n, t) / t for n co-raters.
        block_rows: items compared at a time; None fits them to a fixed amount of memory. Does not change the result.
        n_jobs: threads. Does not change the result.
        min_ratings: items with fewer ratings are not compared; they still count in the users' means.

    Raises:
        ValueError: if a parameter is out of range, a rating is not finite or a cell is stored twice.
    """
    if min_ratings < 1:
        raise ValueError(f"min_ratings must be at least 1, got {min_ratings}")
    centred = centred_by_row(as_rating_matrix(matrix))
    compared = np.flatnonzero(np.bincount(centred.indices, minlength=centred.shape[1]) >= min_ratings)
    values_t = centred[:, compared]
    values = values_t.T.tocsr()
    ones, squares = with_values(values, np.ones(values.nnz)), with_values(values, values.data**2)
    ones_t, squares_t = ones.T.tocsr(), squares.T.tocsr()

    def co_rated_counts(rows: slice) -> np.ndarray:
        return (ones[rows] @ ones_t).toarray()

    def cosines(rows: slice, pairs: np.ndarray, _counts: np.ndarray) -> np.ndarray:
        def sums(left: sparse.csr_array, right: sparse.csr_array) -> np.ndarray:
            return (left[rows] @ right).toarray().ravel()[pairs]

        lengths = np.sqrt(sums(squares, ones_t) * sums(ones, squares_t))
        return sums(values, values_t) / np.where(lengths > 0, lengths, np.nan)

    found = top_k_neighbours(
        Measure(compared.size, co_rated_counts, cosines),
        k=k,
        min_co_rated=min_co_rated,
        significance=significance,
        block_rows=block_rows,
        n_jobs=n_jobs,
    )
    return replace(found, row=compared[found.row], neighbour=compared[found.neighbour])
