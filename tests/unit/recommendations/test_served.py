from datetime import date

import pytest

from dmp_assets.analysis.interactions import day_number
from dmp_assets.recommendations.served import Limits, hold_back

DAY_0 = day_number(date(2017, 1, 1))


def test_what_was_just_bought_is_held_back_until_a_share_of_its_usual_gap_has_passed(interactions_of):
    # Milk every 20 days, bread every 2 days, eggs once; all bought yesterday.
    days = [("milk", range(0, 101, 20)), ("bread", range(0, 101, 2)), ("eggs", [100])]
    history = interactions_of(*(("a", f"{product}{day}", day, product) for product, on in days for day in on))
    counts = history.order_counts()

    def kept(share):
        held = hold_back(counts, history, DAY_0 + 101, share).toarray()[0]
        return {product for product, count in zip(history.products, held, strict=True) if count}

    assert kept(0.02) == {"bread", "eggs", "milk"}
    assert kept(0.1) == {"bread", "eggs"}
    assert kept(2) == {"eggs"}


def test_a_share_below_0_is_refused():
    with pytest.raises(ValueError, match="held_back_share"):
        Limits(held_back_share=-0.1)
