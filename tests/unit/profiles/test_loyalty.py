from datetime import date

import pandas as pd
import pytest

from dmp_assets.profiles.loyalty import WEEKS, loyalty_movements, loyalty_rules, loyalty_status, loyalty_tiers

AS_OF = date(2018, 1, 1)


def order_days(rows: list[tuple[str, int, float]]) -> pd.DataFrame:
    """Rows of customer, weeks ago (0 is the last week) and sales."""
    frame = pd.DataFrame(rows, columns=pd.Index(["customer_id", "week", "sales_amount"]))
    frame = frame.astype({"week": "int64", "sales_amount": float})
    return frame.assign(order_on=pd.Timestamp(AS_OF) - pd.to_timedelta(7 * frame.pop("week") + 3, unit="D"))


def shopper(customer: str, *, every: int, amount: float) -> list[tuple[str, int, float]]:
    return [(customer, week, amount) for week in range(0, WEEKS, every)]


@pytest.fixture
def mixed() -> pd.DataFrame:
    return order_days(
        [
            *shopper("a weekly, most", every=1, amount=100),
            *shopper("b fortnightly, much", every=2, amount=80),
            *shopper("c weekly, little", every=1, amount=5),
            *shopper("d once a quarter, some", every=13, amount=200),
            ("e long ago", 40, 900.0),
            *shopper("f monthly, little", every=4, amount=4),
        ]
    )


def test_tiers_ask_for_spend_and_regularity(mixed: pd.DataFrame) -> None:
    table = loyalty_tiers(mixed, AS_OF).set_index("customer_id")
    assert table["loyalty_tier"].to_dict() == {
        "a weekly, most": "gold",
        "b fortnightly, much": "silver",
        "c weekly, little": "bronze",
        "d once a quarter, some": "basic",
        "e long ago": "basic",
        "f monthly, little": "bronze",
    }
    assert table.loc["b fortnightly, much", "active_week_share"] == 0.5
    assert table.loc["b fortnightly, much", "sales_amount_26w"] == 13 * 80
    assert table.loc["e long ago", ["sales_amount_26w", "active_week_share"]].tolist() == [0, 0]


def test_a_young_population_is_measured_over_the_weeks_there_are() -> None:
    table = loyalty_tiers(order_days([("a", week, 10.0) for week in range(4)]), AS_OF)
    assert table["active_week_share"].tolist() == [1.0]
    assert table["loyalty_tier"].tolist() == ["bronze"]  # alone in the population, nobody is in its top fifth


def test_several_orders_in_a_week_count_as_one_week() -> None:
    table = loyalty_tiers(order_days([("a", 0, 10.0), ("a", 0, 5.0), ("a", 9, 1.0)]), AS_OF)
    assert table["active_week_share"].tolist() == [0.2]


def test_nobody_who_spends_nothing_is_above_bronze_by_spend() -> None:
    table = loyalty_tiers(order_days(shopper("a", every=1, amount=0)), AS_OF)
    assert table["loyalty_tier"].tolist() == ["basic"]


def test_the_order_of_rows_does_not_matter(mixed: pd.DataFrame) -> None:
    shuffled = mixed.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(loyalty_tiers(mixed, AS_OF), loyalty_tiers(shuffled, AS_OF))


def test_no_orders_have_no_tiers() -> None:
    assert loyalty_tiers(order_days([]), AS_OF).empty


def test_an_order_after_the_as_of_date_is_refused() -> None:
    with pytest.raises(ValueError, match="not before 2018-01-01"):
        loyalty_tiers(order_days([("a", -1, 1.0)]), AS_OF)


def test_the_distance_to_the_next_tier_is_what_would_reach_it(mixed: pd.DataFrame) -> None:
    status = loyalty_status(mixed, AS_OF).set_index("customer_id")
    assert status.loc["a weekly, most", ["next_tier", "missing_amount", "missing_weeks"]].isna().all()
    silver = status.loc["b fortnightly, much"]
    assert (silver["next_tier"], silver["missing_weeks"]) == ("gold", 7)  # 13 of 26 weeks; three in four are 19.5
    assert silver["missing_amount"] == 26 * 100 - 13 * 80
    bronze = status.loc["c weekly, little"]
    assert (bronze["next_tier"], bronze["missing_weeks"]) == ("silver", 0)
    assert bronze["missing_amount"] > 0
    # What is missing, added, gives the tier.
    more = order_days([("b fortnightly, much", week, silver["missing_amount"] / 7) for week in range(1, 14, 2)])
    tiers = loyalty_tiers(pd.concat([mixed, more]), AS_OF).set_index("customer_id")["loyalty_tier"]
    assert tiers["b fortnightly, much"] == "gold"


def test_a_tier_holds_for_the_weeks_until_too_little_is_left(mixed: pd.DataFrame) -> None:
    held = loyalty_status(mixed, AS_OF).set_index("customer_id")["held_weeks"]
    assert held["a weekly, most"] == 0  # the least that is in gold: a week without an order is too little
    assert held["c weekly, little"] == 19  # 7 of 26 weeks are a quarter and more, 6 are not
    assert held["f monthly, little"] == 1  # its seventh week, the last but one, falls out after two
    assert pd.isna(held["e long ago"])


def test_the_rules_name_the_least_amount_and_the_customers(mixed: pd.DataFrame) -> None:
    rules = loyalty_rules(loyalty_status(mixed, AS_OF), AS_OF).set_index("loyalty_tier")
    assert list(rules.index) == ["gold", "silver", "bronze", "basic"]
    assert rules["customers"].to_dict() == {"gold": 1, "silver": 1, "bronze": 2, "basic": 2}
    assert rules.loc["gold", "least_sales_amount_26w"] == 2600
    assert rules["sales_share"].sum() == pytest.approx(1)


def test_movements_count_everybody_once_a_month() -> None:
    weekly = [("a", week, 10.0) for week in range(40)]
    days = order_days([*weekly, *[("b", week, 5.0) for week in range(20, 40)], ("c", 2, 1.0)])
    moved = loyalty_movements(days, AS_OF)
    newest = moved[moved["month_on"] == pd.Timestamp("2018-01-01")]
    assert newest["customers"].sum() == 3
    assert ("none", 1) in list(newest[["from_tier", "customers"]].itertuples(index=False, name=None))
    before = moved[moved["month_on"] == pd.Timestamp("2017-12-01")]
    assert before["customers"].sum() == 2
    assert moved["month_on"].dt.day.eq(1).all()
    assert loyalty_movements(order_days([("a", 0, 1.0)]), date(2017, 12, 31)).empty
