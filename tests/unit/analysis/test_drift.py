import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.analysis.drift import feature_bins, feature_drift, population_stability_index

shares = (
    st.lists(st.integers(0, 100), min_size=4, max_size=4).filter(any).map(lambda counts: np.array(counts) / sum(counts))
)


def test_worked_example() -> None:
    index = population_stability_index(np.array([0.5, 0.5]), np.array([0.25, 0.75]))
    assert index == pytest.approx(0.25 * np.log(2) - 0.25 * np.log(2 / 3))


@given(shares, shares)
def test_the_index_is_symmetric_and_zero_only_for_the_same_distribution(now: np.ndarray, then: np.ndarray) -> None:
    index = population_stability_index(now, then)
    assert index == pytest.approx(population_stability_index(then, now))
    assert index >= 0
    assert population_stability_index(now, now) == 0


@pytest.mark.parametrize(("customers", "is_drifting"), [(99, False), (100, True)])
def test_few_rows_raise_no_alarm(customers: int, is_drifting: bool) -> None:
    def rows(values: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame({"frequency": values, "as_of_on": pd.Timestamp("2018-01-01")})

    then = rows(np.arange(1000.0))
    now = feature_drift(rows(np.full(customers, 5.0)), ["frequency"], feature_bins(then, ["frequency"]))
    assert now["psi"].item() > 0.2
    assert now["is_drifting"].item() == is_drifting
