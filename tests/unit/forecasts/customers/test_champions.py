from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.analysis.bootstrap import resamples
from dmp_assets.forecasts.customers.champions import challenge, choose_champion, incumbents

DRAWS = resamples(500, 0)


@pytest.fixture
def losses() -> dict[str, np.ndarray]:
    """A baseline, a simple model that is better, and a complex one whose lead is noise."""
    random = np.random.default_rng(2)
    loss = random.random(500)
    near = loss - 0.2 + random.normal(0, 0.2, 500)
    noise = random.normal(0, 0.1, 500)
    return {"baseline": loss, "simple": near, "complex": near + noise - noise.mean() - 0.001}


def test_the_simplest_model_within_noise_serves_and_none_that_a_baseline_beats(losses):
    assert choose_champion(losses, {"baseline"}, DRAWS)[0] == "simple"
    clearly = losses | {"complex": losses["simple"] - 0.01 + (losses["complex"] - losses["simple"]) / 100}
    assert choose_champion(clearly, {"baseline"}, DRAWS)[0] == "complex"
    loss = losses["baseline"]
    assert choose_champion({"baseline": loss, "simple": loss + 0.01}, {"baseline"}, DRAWS)[0] == "baseline"
    for last_bits in (0, 1e-16, -1e-16):
        same = {"baseline": loss, "simple": loss + last_bits, "complex": loss + 2 * last_bits}
        assert choose_champion(same, {"baseline"}, DRAWS)[0] == "baseline"
        assert challenge("complex", same, {"baseline"}, DRAWS)[0]


def test_the_model_that_serves_stays_within_noise_and_goes_beyond_it(losses):
    assert challenge("complex", losses, {"baseline"}, DRAWS)[0]
    stays, why = challenge("baseline", losses, {"baseline"}, DRAWS)
    assert not stays
    assert "behind complex beyond noise" in why
    assert not challenge("crystal_ball", losses, {"baseline"}, DRAWS)[0]


def test_a_rerun_at_the_same_date_finds_what_the_first_run_found():
    served = pd.DataFrame(
        {
            "target": ["churn", "churn", "amount"],
            "role": ["champion", "baseline", "champion"],
            "model": ["boosting", "recency", "ridge"],
            "previous_model": ["logistic", None, None],
            "as_of_on": pd.Timestamp("2018-01-01"),
        }
    )
    assert incumbents(served, date(2018, 1, 8)) == {"churn": "boosting", "amount": "ridge"}
    assert incumbents(served, date(2018, 1, 1)) == {"churn": "logistic"}
    assert incumbents(served, date(2017, 12, 25)) == {}
    assert incumbents(None, date(2018, 1, 1)) == {}
    assert incumbents(served.drop(columns="role"), date(2018, 1, 8)) == {}
