import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.analysis.top_k import best_of_row, best_of_rows

ENTRIES = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 9)), st.sampled_from([-1.0, 0.0, 0.5, 1.0]), max_size=40
)


def sorted_entries(entries: dict[tuple[int, int], float], row: int) -> list[tuple[int, float]]:
    """Return a row's columns and values in the order that the functions promise."""
    own = [(column, value) for (at, column), value in entries.items() if at == row]
    return sorted(own, key=lambda entry: (-entry[1], entry[0]))


@given(ENTRIES, st.integers(1, 12), st.randoms())
def test_the_best_of_each_row_are_those_of_a_full_sort_whatever_the_order_of_entries(entries, k, random):
    keys = list(entries)
    random.shuffle(keys)
    row, column = (np.array([key[at] for key in keys], dtype=np.int64) for at in (0, 1))
    values = np.array([entries[key] for key in keys], dtype=float)
    found, rank = best_of_rows(row, column, values, k)
    expected = [
        (at, position, *entry)
        for at in range(5)
        for position, entry in enumerate(sorted_entries(entries, at)[:k], start=1)
    ]
    assert list(zip(row[found], rank, column[found], values[found], strict=True)) == expected

    own = np.flatnonzero(row == 2)
    chosen = own[best_of_row(column[own], values[own], k)]
    assert list(zip(column[chosen], values[chosen], strict=True)) == sorted_entries(entries, 2)[:k]
