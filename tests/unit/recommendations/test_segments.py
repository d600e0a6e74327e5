from datetime import date

import numpy as np
import pytest

from dmp_assets.analysis.interactions import day_number
from dmp_assets.recommendations.segments import frequency_segments

CUTOFF = day_number(date(2017, 4, 1))


def test_thirds_by_orders_before_the_cutoff(interactions_of):
    orders = [("a", "a1", 80, "x"), ("d", "d1", 89, "x"), ("d", "d2", 95, "x"), ("d", "d3", 96, "x")]
    orders += [("b", f"b{n}", 70 + n, "x y") for n in range(3)] + [("c", f"c{n}", 70 + n, "x") for n in range(8)]
    history = interactions_of(*orders)
    # 1 April is day 90: d had ordered once, and what follows does not count.
    assert frequency_segments(history, CUTOFF).tolist() == ["light", "medium", "heavy", "light"]


@pytest.mark.parametrize("cutoff", [CUTOFF, day_number(date(2016, 1, 1))])
def test_customers_with_equally_many_orders_are_in_one_segment(interactions_of, cutoff):
    history = interactions_of(*((name, f"o{name}", 50, "x") for name in "abcdef"))
    assert len(np.unique(frequency_segments(history, cutoff))) == 1
