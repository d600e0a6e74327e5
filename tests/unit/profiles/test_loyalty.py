from datetime import date

import pandas as pd
import pytest

from dmp_assets.profiles.loyalty import WEEKS, loyalty_tiers

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
