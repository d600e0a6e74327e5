from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dmp_assets.forecasts.customers.lifetime_value import (
    BgNbd,
    bg_nbd,
    fit_bg_nbd,
    gamma_gamma,
    predict_value,
)
from dmp_assets.forecasts.customers.predictions import lifetime_values

HISTORIES = pd.DataFrame(
    {
        "customer_id": ["lapsed", "once", "regular"],
        "as_of_on": pd.Timestamp("2018-01-01").as_unit("us"),
        "frequency": [30, 1, 300],
        "recency_days": [200, 300, 1],
        "tenure_days": [360, 300, 360],
        "average_order_amount": [20.0, 35.0, 28.0],
    }
)
PARAMETERS = fit_bg_nbd(
    pd.DataFrame(
        {
            "frequency": [1, 2, 4, 9, 20, 60],
            "recency_days": [200, 90, 40, 20, 5, 2],
            "tenure_days": 300,
            "average_order_amount": [10.0, 15.0, 40.0, 22.0, 30.0, 18.0],
        }
    ),
    np.zeros(6),
)


@pytest.fixture(scope="module")
def cdnow() -> pd.DataFrame:
    counted = pd.read_csv(Path(__file__).parent / "data" / "cdnow.csv")
    return counted.loc[counted.index.repeat(counted["customers"])].astype(float)


def test_bg_nbd_finds_the_published_parameters_of_cdnow(cdnow):
    x, t_x, age = (cdnow[name].to_numpy() for name in ("x", "t_x", "T"))
    model = bg_nbd(x, t_x, age)
    assert [model.r, model.alpha, model.a, model.b] == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=5e-4)
    assert model.log_likelihood(x, t_x, age) == pytest.approx(-9582.4, abs=0.05)
    # Customer 1 in the 39 weeks after: equation 10 of Fader, Hardie & Lee (2005).
    expected = model.expected_orders(39, np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert expected[0] == pytest.approx(1.226, abs=5e-4)


def test_gamma_gamma_finds_the_published_parameters_of_cdnow(cdnow):
    model = gamma_gamma(cdnow["x"].to_numpy(), cdnow["zbar"].to_numpy())
    assert [model.p, model.q, model.gamma] == pytest.approx([6.25, 3.74, 15.44], rel=2e-3)


def test_expected_orders_grow_with_time_and_are_numbers_after_hundreds_of_orders():
    model = BgNbd(0.8, 5.0, 0.6, 20.0)
    x, t_x, age = np.array([0.0, 3.0, 800.0]), np.array([0.0, 200.0, 364.0]), np.full(3, 365.0)
    quarter, year = (model.expected_orders(days, x, t_x, age) for days in (84, 364))
    assert np.isfinite(year).all()
    assert (quarter < year).all()
    assert (year < 5 * quarter).all()
    assert (model.expected_orders(1e-9, x, t_x, age) < 1e-6).all()


def test_without_a_repeat_order_or_with_times_out_of_order_the_fit_is_refused():
    with pytest.raises(ValueError, match="at least one customer with a repeat order"):
        bg_nbd(np.zeros(3), np.zeros(3), np.ones(3))
    with pytest.raises(ValueError, match="from 0 to the customer's age"):
        bg_nbd(np.array([1.0]), np.array([5.0]), np.array([2.0]))
    with pytest.raises(ValueError, match="an order of more than 0"):
        gamma_gamma(np.array([2.0]), np.array([0.0]))


def test_one_customer_alone_gives_numbers():
    model = bg_nbd(np.array([3.0]), np.array([20.0]), np.array([30.0]))
    assert np.isfinite(model.expected_orders(84, np.array([3.0]), np.array([20.0]), np.array([30.0]))).all()


def test_who_left_is_worth_less_than_who_comes_and_the_value_of_a_year_more_than_of_a_quarter():
    served = HISTORIES[["customer_id"]].assign(model="ridge", prediction=[3.0, 5.0, 1500.0])
    values = lifetime_values(HISTORIES, served, PARAMETERS, 84).set_index("customer_id")
    assert values.loc["lapsed", "probability_alive"] < values.loc["regular", "probability_alive"]
    assert (values["value_364d"] >= values["value"]).all()
    assert values["bg_nbd_value"].tolist() == pytest.approx(predict_value(PARAMETERS, HISTORIES, 84).tolist())
    assert np.isfinite(values[["bg_nbd_value", "value_364d"]]).all(axis=None)


def test_what_came_back_whole_is_worth_nothing_and_is_left_out_of_the_fit_and_counted():
    model = gamma_gamma(np.array([1.0, 2, 3, 4]), np.array([0.0, -5, 10, 12]))
    assert model.left_out == 2
    assert model.expected_amount(np.array([1.0, 2, 0]), np.array([0.0, -5, 0]))[:2].tolist() == [0, 0]
    refunded = HISTORIES.assign(average_order_amount=[20.0, 0.0, np.nan])
    assert predict_value(PARAMETERS, refunded, 84)[1:].tolist() == [0, 0]
    assert predict_value(PARAMETERS, refunded, 84)[0] > 0


def test_orders_that_all_cost_the_same_are_expected_to_cost_that():
    model = gamma_gamma(np.full(50, 2.0), np.full(50, 10.0))
    assert model.expected_amount(np.array([0.0, 2.0]), np.array([0.0, 10.0])) == pytest.approx([10, 10], rel=1e-2)


def _histories(seed: int = 3, size: int = 500) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = random.poisson(random.gamma(0.5, 2, size)).astype(float)
    age = random.uniform(1, 365, size)
    return x, np.where(x > 0, age * random.uniform(0.2, 1, size), 0), age


def test_customers_of_the_first_day_change_no_rate_and_are_expected_to_come():
    x, t_x, age = _histories()
    nothing = np.zeros(50)
    alone, with_new = bg_nbd(x, t_x, age), bg_nbd(*(np.r_[values, nothing] for values in (x, t_x, age)))
    assert [with_new.r, with_new.alpha] == pytest.approx([alone.r, alone.alpha], rel=1e-3)
    expected = with_new.expected_orders(84, nothing[:1], nothing[:1], nothing[:1])[0]
    assert 0 < expected < 84 * with_new.r / with_new.alpha * 1.001


def test_nobody_is_expected_more_often_than_they_came():
    x, t_x, age = _histories()
    reseller = np.array([900.0]), np.array([364.0]), np.array([365.0])
    model = bg_nbd(*(np.r_[values, one] for values, one in zip((x, t_x, age), reseller, strict=True)))
    assert 100 < model.expected_orders(84, *reseller)[0] <= 900 / 365 * 84
    always = bg_nbd(np.full(50, 12.0), np.full(50, 364.0), np.full(50, 365.0))
    expected = always.expected_orders(365, np.array([12.0]), np.array([364.0]), np.array([365.0]))[0]
    assert 11 < expected <= 12.001


def test_one_of_five_hundred_who_came_back_gives_numbers():
    x, t_x = np.r_[1.0, np.zeros(499)], np.r_[5.0, np.zeros(499)]
    age = _histories()[2] + 6
    expected = bg_nbd(x, t_x, age).expected_orders(84, x, t_x, age)
    assert np.isfinite(expected).all()
    assert expected.sum() < 10


def test_five_repeats_of_last_week_are_worth_more_than_one_order_of_a_year_ago():
    customers = pd.DataFrame(
        {
            "frequency": [6, 1],
            "recency_days": [3, 360],
            "tenure_days": [60, 360],
            "average_order_amount": [20.0, 20.0],
        }
    )
    regular, once = predict_value(PARAMETERS, customers, 84)
    assert regular > 5 * once


def test_without_a_model_the_table_is_empty():
    assert lifetime_values(HISTORIES, HISTORIES, None, 84).empty


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_who_ordered_a_thousand_times_and_never_again_is_gone():
    model = BgNbd(0.243, 4.414, 0.793, 2.426)
    alive = model.probability_alive(np.array([1_000.0, 0.0]), np.array([10.0, 0.0]), np.array([3_650.0, 3_650.0]))
    assert alive.tolist() == [0.0, 1.0]
