"""Content similarity: texts that say alike, whether anyone bought both or nobody bought either.

A text is words separated by spaces. Its TF-IDF vector holds (1 + ln tf) * ln(N / df) for each word, N and df counted
over the different texts (Manning, Raghavan and Schuetze 2008, section 6.4); its LSA vector is that vector on the first
singular vectors of all texts (Deerwester, Dumais, Furnas, Landauer and Harshman, JASIS 1990). Both are compared by
cosine.

Many products have the same text. Each different text is compared once, and its neighbours are shared by all that have
it; those that have it come first, with similarity 1.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from scipy import sparse

from dmp_assets.similarity.blocks import Neighbours, best_of_pairs, check_at_least_1, concatenated
from dmp_assets.similarity.cosine import DECIMALS, cosine_top_k, unit_rows
from dmp_assets.similarity.weights import tf_idf

LSA_DIMENSIONS = 64
SEED = 0
# Rows of one dense product, fixed: 128 rows of 32,000 texts are 16 MB, and the same sums whatever the threads.
LSA_ROWS = 128
# Twice what a float32 cosine can be off; what is that close to the k-th is computed again in float64.
FLOAT32_ERROR = 1e-5


def content_tf_idf_top_k(texts: pd.Series, k: int, *, n_jobs: int = 1) -> Neighbours:
    """Return the k texts most like each text by the cosine of their TF-IDF vectors.

    Example:
        >>> found = content_tf_idf_top_k(pd.Series(["green tea", "black tea", "red wine", "green tea"]), k=1)
        >>> found.row.tolist(), found.neighbour.tolist()
        ([0, 1, 3], [3, 0, 0])

    Args:
        texts: words separated by spaces; positions in it are the rows of the result. An empty text has no neighbours.
        k: neighbours per text at most; fewer where fewer share a word.
        n_jobs: threads. Does not change the result.

    Returns:
        Neighbours within [0, 1], symmetric; equal texts have 1; ties go to the lower position. `common_count` is 0.

    Raises:
        ValueError: if a parameter is below 1.
    """
    check_at_least_1(k=k, n_jobs=n_jobs)
    group, vectors = _text_vectors(texts)
    return _for_every_text(cosine_top_k(vectors, k, n_jobs=n_jobs), group, vectors, k)


def content_lsa_top_k(texts: pd.Series, k: int, *, dimensions: int = LSA_DIMENSIONS, n_jobs: int = 1) -> Neighbours:
    """Return the k texts most like each text by the cosine of their LSA vectors.

    Args:
        texts: as for `content_tf_idf_top_k`. A text without a word that the dimensions tell apart has no neighbours.
        k: neighbours per text at most.
        dimensions: singular vectors at most; as many as there are texts or words, where these are fewer.
        n_jobs: threads. Does not change the result.

    Returns:
        Neighbours within [-1, 1], symmetric; ties go to the lower position. `common_count` is 0.

    Raises:
        ValueError: if a parameter is below 1.
    """
    check_at_least_1(k=k, dimensions=dimensions, n_jobs=n_jobs)
    group, vectors = _text_vectors(texts)
    return _for_every_text(_dense_top_k(_lsa_vectors(vectors, dimensions), k, n_jobs), group, vectors, k)


def _text_vectors(texts: pd.Series) -> tuple[np.ndarray, sparse.csr_array]:
    """Return for each text the number of its different text, numbered as they first occur, and their unit vectors."""
    group, different = pd.factorize(texts.to_numpy(dtype=object))
    words = [text.split() for text in different]
    text = np.repeat(np.arange(len(words)), [len(row) for row in words])
    word, _ = pd.factorize(np.array([word for row in words for word in row], dtype=object), sort=True)
    shape = (len(words), int(word.max(initial=-1)) + 1)
    counts = sparse.csr_array((np.ones(word.size), (text, word)), shape=shape)
    counts.sum_duplicates()
    return group, unit_rows(tf_idf(counts))


def _lsa_vectors(vectors: sparse.csr_array, dimensions: int) -> np.ndarray:
    """Return unit vectors, shape (texts, dimensions or fewer); a text that they do not tell apart is all zero."""
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits

    width = min(dimensions, *vectors.shape)
    if width == 0 or vectors.nnz == 0:
        return np.zeros((vectors.shape[0], 1))
    # One thread, because the last bits of a dense product depend on how many share it.
    with threadpool_limits(1):
        left, singular, _ = randomized_svd(sparse.csr_matrix(vectors), width, n_iter=4, random_state=SEED)
    projected = left * np.where(singular > 1e-9 * singular[0], singular, 0)
    length = np.sqrt((projected**2).sum(axis=1))
    return projected / np.where(length > 1e-9, length, np.inf)[:, None]


def _dense_top_k(unit: np.ndarray, k: int, n_jobs: int) -> Neighbours:
    """Return the k highest cosines of dense unit rows; rows of zeros take no part."""
    from threadpoolctl import threadpool_limits

    compared = np.flatnonzero(unit.any(axis=1))
    unit = unit[compared]
    quick = unit.astype(np.float32)
    width = min(k, compared.size - 1)

    def best(start: int) -> Neighbours:
        products = quick[start : start + LSA_ROWS] @ quick.T
        np.fill_diagonal(products[:, start:], -np.inf)
        least = np.partition(products, compared.size - width, axis=1)[:, compared.size - width]
        row, neighbour = np.nonzero(products >= (least - FLOAT32_ERROR)[:, None])
        is_finite = products[row, neighbour] > -np.inf
        row, neighbour = row[is_finite] + start, neighbour[is_finite]
        exact = np.clip(np.einsum("ij,ij->i", unit[row], unit[neighbour]), -1.0, 1.0).round(DECIMALS)
        return best_of_pairs(compared[row], compared[neighbour], exact, np.zeros(row.size), k)

    if width < 1:
        return concatenated([])
    with threadpool_limits(1), ThreadPoolExecutor(max_workers=n_jobs) as pool:
        return concatenated(list(pool.map(best, range(0, compared.size, LSA_ROWS))))


def _for_every_text(found: Neighbours, group: np.ndarray, vectors: sparse.csr_array, k: int) -> Neighbours:
    """Return the k best neighbours of every text from those of the different texts.

    Different texts are numbered as they first occur, so the k best of a different text, and itself, hold the k best of
    whoever has it: a tie that is not among them has a higher number, and all who have it a higher position.
    """
    size = np.bincount(group, minlength=vectors.shape[0])
    members, begin = np.argsort(group, kind="stable"), np.cumsum(size) - size
    own = np.flatnonzero(np.diff(vectors.indptr))
    target, source = np.concatenate([own, found.row]), np.concatenate([own, found.neighbour])
    given = np.minimum(size[source], k + 1)
    offset = np.arange(given.sum()) - np.repeat(np.cumsum(given) - given, given)
    listed = best_of_pairs(
        np.repeat(target, given),
        members[np.repeat(begin[source], given) + offset],
        np.repeat(np.concatenate([np.ones(own.size), found.similarity]), given),
        np.zeros(offset.size),
        k + 1,
    )
    length = np.bincount(listed.row, minlength=size.size)
    per_member = length[group]
    member = np.repeat(np.arange(group.size), per_member)
    at = np.arange(member.size) - np.repeat(np.cumsum(per_member) - per_member, per_member)
    at += (np.cumsum(length) - length)[group[member]]
    at, member = at[listed.neighbour[at] != member], member[listed.neighbour[at] != member]
    return best_of_pairs(member, listed.neighbour[at], listed.similarity[at], np.zeros(at.size), k)
