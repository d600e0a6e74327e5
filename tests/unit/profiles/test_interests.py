from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.analysis.interactions import encode
from dmp_assets.profiles.interests import behaviour_interests, interests_table
from dmp_assets.profiles.schema import CUSTOMER_INTERESTS

AS_OF = date(2018, 1, 1)
GROUPS = pd.Series({"milk": "MILK", "cream": "MILK", "beer": "BEER", "tea": "TEA", "bag": None})


def purchases(rows: list[tuple[str, str, str, int]]) -> pd.DataFrame:
    """Rows of customer, order, product and days ago."""
    frame = pd.DataFrame(rows, columns=pd.Index(["customer_id", "order_id", "product_id", "ago"]))
    return frame.assign(ordered_on=pd.Timestamp(AS_OF) - pd.to_timedelta(frame.pop("ago"), unit="D"))


def basket(customer: str, number: int, products: str, ago: int = 10) -> list[tuple[str, str, str, int]]:
    return [(customer, f"{customer}{number}", product, ago) for product in products.split()]


@pytest.fixture
def shopping() -> pd.DataFrame:
    """Everybody buys milk; a also beer, b also tea."""
    rows = [line for number in range(4) for line in basket("a", number, "milk cream beer")]
    rows += [line for number in range(4) for line in basket("b", number, "milk tea bag")]
    return purchases([*rows, *basket("c", 0, "milk")])


def interests(frame: pd.DataFrame) -> pd.DataFrame:
    return interests_table(behaviour_interests(encode(frame), GROUPS, AS_OF))


def test_what_everybody_buys_is_nobodys_interest(shopping: pd.DataFrame) -> None:
    found = interests(shopping)
    CUSTOMER_INTERESTS.validate(
        found.assign(as_of_on=pd.Timestamp(AS_OF)).astype({"as_of_on": "datetime64[us]"})[
            list(CUSTOMER_INTERESTS.columns)
        ]
    )
    assert found[["customer_id", "tag", "rank"]].to_numpy().tolist() == [["a", "BEER", 1], ["b", "TEA", 1]]
    assert found["weight"].tolist() == [1.0, 1.0]


def test_the_lift_is_smoothed_by_five_orders_of_the_average_customer(shopping: pd.DataFrame) -> None:
    decay = 0.5 ** (10 / 180)
    value = interests(shopping).iloc[0]["value"]
    # A third of the orders of the average customer hold beer.
    assert value == pytest.approx(((4 * decay + 5 / 3) / (4 * decay + 5)) / (1 / 3))
    assert interests(shopping).iloc[0]["evidence"] == f"in 4 of 4 orders, {value:.1f} times the average customer"


def test_recent_orders_count_more() -> None:
    others = basket("z", 0, "milk") + basket("z", 1, "milk")
    rows = [*basket("a", 0, "beer", 1), *basket("a", 1, "beer", 1), *basket("a", 2, "tea", 360)]
    found = interests(purchases([*rows, *basket("a", 3, "tea", 360), *others]))
    assert found.loc[found["customer_id"] == "a", "tag"].tolist() == ["BEER", "TEA"]


def test_one_order_is_no_interest() -> None:
    assert interests(purchases([*basket("a", 0, "beer"), *basket("b", 0, "tea")])).empty


def test_one_customer_alone_differs_from_nobody() -> None:
    frame = purchases([line for number in range(7) for line in basket("a", number, "milk tea", 3 * number + 1)])
    assert interests(frame).empty


def test_products_without_a_group_still_make_an_order() -> None:
    rows = [*basket("a", 0, "beer"), *basket("a", 1, "beer"), *basket("a", 2, "bag"), *basket("b", 0, "milk")]
    assert interests(purchases(rows))["evidence"].str.startswith("in 2 of 3 orders").all()


def test_no_purchases_and_no_groups_give_no_interests(shopping: pd.DataFrame) -> None:
    assert behaviour_interests(encode(shopping), GROUPS, date(2017, 1, 1)).empty
    nothing = pd.Series(None, index=["milk"], dtype=object)
    assert behaviour_interests(encode(shopping), nothing, AS_OF).empty


def test_neither_the_order_of_rows_nor_repeated_lines_matter() -> None:
    random = np.random.default_rng(0)
    rows = [
        (f"c{random.integers(9)}", "", random.choice(["milk", "beer", "tea", "cream"]), int(random.integers(1, 300)))
        for _ in range(300)
    ]
    frame = purchases([(customer, f"{customer}-{ago}", product, ago) for customer, _, product, ago in rows])
    expected = interests(frame)
    assert len(expected) > 3
    assert expected.groupby("customer_id")["weight"].sum().le(1 + 1e-9).all()
    pd.testing.assert_frame_equal(expected, interests(frame.sample(frac=1, random_state=1)), check_exact=True)
    pd.testing.assert_frame_equal(expected, interests(pd.concat([frame, frame])), check_exact=True)


def test_an_order_after_the_as_of_date_changes_nothing(shopping: pd.DataFrame) -> None:
    planted = pd.concat([shopping, purchases([*basket("a", 8, "tea", 0), *basket("a", 9, "tea", -3)])])
    pd.testing.assert_frame_equal(interests(planted), interests(shopping), check_exact=True)
