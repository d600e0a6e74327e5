"""Co-purchase lift against the formula, and why chance pairs do not win."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from dmp_assets.similarity.lift import lift_top_k


def pairs_of(found) -> dict[tuple[int, int], float]:
    return dict(
        zip(zip(found.row.tolist(), found.neighbour.tolist(), strict=True), found.similarity.tolist(), strict=True)
    )


def test_worked_example_without_an_interval() -> None:
    # Four baskets; tea and jam in two each and always together, milk in two, once with tea's third.
    baskets = sparse.csr_array([[1, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1]])
    found = pairs_of(lift_top_k(baskets, k=2, z=0))
    assert found[0, 1] == pytest.approx(np.log((2 / 4) / (3 / 4 * 2 / 4)) / -np.log(2 / 4))
    assert found[0, 2] == pytest.approx(np.log((1 / 4) / (3 / 4 * 2 / 4)) / -np.log(1 / 4))
    assert (1, 2) not in found, "never together: nothing to say"


def test_the_lower_end_of_the_interval_is_the_score_interval_of_a_poisson_count() -> None:
    baskets = sparse.csr_array(np.vstack([np.ones((10, 2)), np.zeros((90, 2))]))
    sure = 10 + 1.96**2 / 2 - 1.96 * np.sqrt(10 + 1.96**2 / 4)
    assert sure == pytest.approx(5.4325, abs=1e-3)
    expected = np.log(sure * 100 / 100) / -np.log(sure / 100)
    assert lift_top_k(baskets, k=1).similarity.tolist() == pytest.approx([expected, expected])


def test_a_coincidence_of_rare_products_does_not_beat_a_regular_pair() -> None:
    # 0 and 1 meet in 40 of their 50 baskets each; 0 and 2 met once, all that 2 was ever in.
    dense = np.zeros((400, 3))
    dense[:50, 0] = 1
    dense[10:60, 1] = 1
    dense[0, 2] = 1
    assert lift_top_k(sparse.csr_array(dense), k=1).neighbour[0] == 1
    assert lift_top_k(sparse.csr_array(dense), k=1, z=0).neighbour[2] == 0


@settings(max_examples=150)
@given(
    st.integers(1, 12).flatmap(
        lambda rows: st.lists(st.lists(st.integers(0, 1), min_size=5, max_size=5), min_size=rows, max_size=rows)
    ),
    st.sampled_from([0.0, 1.96]),
)
def test_values_are_bounded_symmetric_and_never_missing(rows: list[list[int]], z: float) -> None:
    found = pairs_of(lift_top_k(sparse.csr_array(np.array(rows, dtype=float)), k=5, z=z))
    assert all(-1 <= value <= 1 and found[b, a] == value for (a, b), value in found.items())


def test_supports_are_asked_for() -> None:
    baskets = sparse.csr_array([[1, 1, 0], [1, 1, 1], [0, 1, 1], [0, 1, 0]])
    assert pairs_of(lift_top_k(baskets, k=3, min_baskets=3)) == {}
    assert set(pairs_of(lift_top_k(baskets, k=3, min_common=2))) == {(0, 1), (1, 0), (1, 2), (2, 1)}


def test_ties_go_to_the_lower_position() -> None:
    assert lift_top_k(sparse.csr_array(np.ones((3, 4))), k=2).neighbour.tolist() == [1, 2, 0, 2, 0, 1, 0, 1]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (4, 1)])
def test_nothing_to_compare_gives_no_neighbours(shape: tuple[int, int]) -> None:
    assert lift_top_k(sparse.csr_array(np.ones(shape)), k=3).row.size == 0


def test_parameters_out_of_range_are_refused_by_name() -> None:
    for parameter in ("k", "min_baskets", "min_common"):
        with pytest.raises(ValueError, match=f"{parameter} must be at least 1"):
            lift_top_k(sparse.csr_array(np.ones((2, 2))), **{"k": 1, parameter: 0})
    with pytest.raises(ValueError, match="z must not be negative"):
        lift_top_k(sparse.csr_array(np.ones((2, 2))), k=1, z=-1)
