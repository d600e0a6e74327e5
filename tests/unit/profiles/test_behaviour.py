import numpy as np
import pandas as pd
import pytest

from dmp_assets.profiles.behaviour import favourite_day_part, favourite_departments


def sales(rows: list[tuple[str, str | None, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=pd.Index(["customer_id", "department", "sales_amount"]))


def test_departments_are_ranked_by_sales_with_their_shares() -> None:
    table = favourite_departments(sales([("a", "MEAT", 10), ("a", "DELI", 60), ("a", "FUEL", 20), ("a", "PASTRY", 10)]))
    row = table.iloc[0]
    assert [row[f"favourite_department_{rank}"] for rank in (1, 2, 3)] == ["DELI", "FUEL", "MEAT"]
    assert [row[f"favourite_department_{rank}_share"] for rank in (1, 2, 3)] == pytest.approx([0.6, 0.2, 0.1])


def test_later_ranks_are_null_for_a_customer_of_one_department() -> None:
    row = favourite_departments(sales([("a", "MEAT", 10)])).iloc[0]
    assert row["favourite_department_1_share"] == 1
    assert pd.isna(row["favourite_department_2"])
    assert pd.isna(row["favourite_department_3_share"])


def test_rows_without_department_or_sales_say_nothing() -> None:
    nothing = [("a", None, 50), ("a", "Unknown", 50), ("a", "COUPON", 0), ("b", "MEAT", 0)]
    table = favourite_departments(sales([*nothing, ("a", "MEAT", 10)]))
    assert table["customer_id"].tolist() == ["a"]
    assert table["favourite_department_1_share"].tolist() == [1.0]


def test_repeated_rows_of_a_department_add_up() -> None:
    row = favourite_departments(sales([("a", "MEAT", 3), ("a", "DELI", 4), ("a", "MEAT", 3)])).iloc[0]
    assert row["favourite_department_1"] == "MEAT"


def test_the_favourite_day_part_has_most_orders_and_ties_go_to_the_earlier() -> None:
    shares = pd.DataFrame(
        [[0.1, 0.2, 0.3, 0.4], [0.5, 0.0, 0.5, 0.0]],
        columns=pd.Index(["morning_share", "afternoon_share", "evening_share", "night_share"]),
    ).assign(customer_id=["x:1", "x:2"])
    assert favourite_day_part(shares).tolist() == ["night", "morning"]
    with pytest.raises(ValueError, match="must not be missing"):
        favourite_day_part(shares.assign(night_share=np.nan))


def test_days_without_a_time_make_nobody_a_night_shopper() -> None:
    at_midnight = {"morning_share": 0.0, "afternoon_share": 0.0, "evening_share": 0.0, "night_share": 1.0}
    in_the_morning = at_midnight | {"morning_share": 1.0, "night_share": 0.0}
    features = pd.DataFrame(
        [
            {"customer_id": "days:1", **at_midnight},
            {"customer_id": "days:2", **at_midnight},
            {"customer_id": "till:1", **at_midnight},
            {"customer_id": "till:2", **in_the_morning},
        ]
    )
    assert favourite_day_part(features).tolist() == [None, None, "night", "morning"]
