from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmp_assets.profiles.lifecycle import STAGES, lifecycle_stages

AS_OF = date(2018, 1, 1)


def order_days(**days_ago: list[int]) -> pd.DataFrame:
    rows = [
        (customer, pd.Timestamp(AS_OF) - pd.Timedelta(days=ago)) for customer, agos in days_ago.items() for ago in agos
    ]
    return pd.DataFrame(rows, columns=pd.Index(["customer_id", "order_on"])).astype({"order_on": "datetime64[us]"})


def weekly(*, last: int, first: int) -> list[int]:
    return list(range(last, first + 1, 7))


def stages(**days_ago: list[int]) -> dict[str, str]:
    return lifecycle_stages(order_days(**days_ago), AS_OF).set_index("customer_id")["lifecycle_stage"].to_dict()


def test_each_stage_follows_from_the_customers_own_rhythm() -> None:
    assert stages(
        active=weekly(last=3, first=300),
        late=weekly(last=15, first=300),
        gone=weekly(last=29, first=300),
        fresh=weekly(last=1, first=50),
        back=[2, 9, *weekly(last=100, first=300)],
    ) == {"active": "active", "late": "slipping", "gone": "lapsed", "fresh": "new", "back": "won_back"}


def every(gap: int, *, last: int) -> list[int]:
    return list(range(last, last + 40 * gap, gap))


@pytest.mark.parametrize(
    ("gap", "active_until", "slipping_until"),
    # Two and four usual gaps; of whoever comes every other day 14 and 28 days, of whoever comes seldom 56 and 112.
    [(7, 14, 28), (10, 20, 40), (28, 56, 112), (2, 14, 28), (40, 56, 112)],
)
def test_the_last_day_of_a_stage_is_still_in_it(gap: int, active_until: int, slipping_until: int) -> None:
    days = {f"d{last}": every(gap, last=last) for last in (active_until, slipping_until)}
    days |= {f"d{last + 1}": every(gap, last=last + 1) for last in (active_until, slipping_until)}
    assert stages(**days) == {
        f"d{active_until}": "active",
        f"d{active_until + 1}": "slipping",
        f"d{slipping_until}": "slipping",
        f"d{slipping_until + 1}": "lapsed",
    }


def test_a_customer_is_new_through_the_ninetieth_day() -> None:
    assert stages(a=weekly(last=6, first=90), b=weekly(last=7, first=91)) == {"a": "new", "b": "active"}


def test_a_customer_is_won_back_through_the_fifty_sixth_day() -> None:
    before = weekly(last=150, first=300)
    assert stages(a=[*weekly(last=7, first=56), *before], b=[*weekly(last=1, first=57), *before]) == {
        "a": "won_back",
        "b": "active",
    }


def test_a_gap_is_a_lapse_from_the_day_on_which_the_customer_would_have_lapsed() -> None:
    usual = {f"w{number}": weekly(last=3, first=300) for number in range(3)}
    returns = {f"after{gap}": [*weekly(last=1, first=22), *weekly(last=22 + gap, first=300)] for gap in (28, 29)}
    table = lifecycle_stages(order_days(**usual, **returns), AS_OF).set_index("customer_id")
    assert table.loc[list(returns), "lifecycle_stage"].tolist() == ["active", "won_back"]
    assert pd.isna(table.loc["after28", "returned_on"])


def test_whoever_orders_seldom_may_stay_away_longer() -> None:
    monthly = list(range(40, 330, 30))
    table = stages(
        **{f"w{number}": weekly(last=3, first=300) for number in range(3)},
        often=weekly(last=40, first=300),
        seldom=monthly,
    )
    assert (table["often"], table["seldom"]) == ("lapsed", "active")


def test_the_usual_gap_is_shrunk_by_one_population_gap() -> None:
    table = lifecycle_stages(order_days(a=[1, 11], b=[1, 31], c=[1]), AS_OF).set_index("customer_id")
    # The median of the means 10 and 30 is 20.
    assert table["usual_gap_days"].to_dict() == {"a": 15.0, "b": 25.0, "c": 20.0}


def test_a_pause_is_no_part_of_the_rhythm() -> None:
    table = lifecycle_stages(order_days(a=[2, 9, *weekly(last=100, first=300)]), AS_OF).iloc[0]
    assert table["usual_gap_days"] == pytest.approx(7, abs=0.2)
    assert table["returned_on"] == pd.Timestamp(AS_OF) - pd.Timedelta(days=9)


def test_a_return_is_forgotten_after_eight_weeks() -> None:
    assert stages(a=[*weekly(last=1, first=57), *weekly(last=150, first=300)]) == {"a": "active"}


def test_without_any_gap_the_rhythm_is_a_week() -> None:
    table = lifecycle_stages(order_days(a=[5], b=[200]), AS_OF)
    assert table["usual_gap_days"].tolist() == [7, 7]
    assert table["lifecycle_stage"].tolist() == ["new", "lapsed"]
    assert table["returned_on"].isna().all()


def test_no_orders_have_no_stages() -> None:
    assert lifecycle_stages(order_days(), AS_OF).empty


def test_an_order_on_the_as_of_date_is_refused() -> None:
    with pytest.raises(ValueError, match="1 order days are not before 2018-01-01"):
        lifecycle_stages(order_days(a=[0, 3]), AS_OF)


def test_a_missing_customer_is_refused() -> None:
    with pytest.raises(ValueError, match="must not have a missing"):
        lifecycle_stages(order_days(a=[3]).assign(customer_id=None), AS_OF)


@settings(max_examples=50)
@given(
    st.dictionaries(st.sampled_from("abcd"), st.lists(st.integers(1, 400), min_size=1, max_size=12), min_size=1),
    st.integers(0, 99),
)
def test_every_customer_has_one_stage_whatever_the_order_of_rows(days: dict[str, list[int]], seed: int) -> None:
    frame = order_days(**days)
    table = lifecycle_stages(frame, AS_OF)
    assert table["customer_id"].tolist() == sorted(days)
    assert set(table["lifecycle_stage"]) <= set(STAGES)
    assert (table["lapsed_after_days"] > table["slipping_after_days"]).all()
    pd.testing.assert_frame_equal(table, lifecycle_stages(frame.sample(frac=1, random_state=seed), AS_OF))
    pd.testing.assert_frame_equal(table, lifecycle_stages(pd.concat([frame, frame]), AS_OF))
