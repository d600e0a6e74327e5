import numpy as np
import pandas as pd

from dmp_assets.forecasts.sales.spikes import fence, is_spike, without_spikes

USUAL = np.tile([90.0, 100, 110, 100, 100], 20)


def test_the_fence_is_ten_times_as_far_as_the_middle_is_from_nothing_or_the_farthest_usual_amount():
    assert fence(USUAL) == 1000
    # Of a hundred periods two may be spikes; the third farthest amount is usual.
    assert fence(np.r_[USUAL[:97], 1e6, 400, 300]) == 10 * 200


def test_only_what_lies_beyond_is_a_spike():
    amounts = np.array([100_000.0, 1101, 1100, -901, -900, 0])
    assert is_spike(amounts, USUAL).tolist() == [True, True, False, True, False, False]


def test_what_comes_back_is_no_spike():
    assert not is_spike(np.tile([10.0, 10, 10, 10, 1000], 20), np.tile([10.0, 10, 10, 10, 1000], 20)).any()
    new_level = np.r_[np.full(97, 10.0), np.full(3, 1000.0)]
    assert not is_spike(new_level, new_level).any()
    assert is_spike(new_level, new_level[:-1]).sum() == 3


def test_few_sales_tell_nothing():
    assert fence(np.r_[np.full(9, 1.0), np.zeros(90)]) == np.inf
    assert not is_spike(np.array([1e9]), np.zeros(0)).any()


def test_a_spike_becomes_what_was_sold_a_week_before_or_after_the_first():
    days = pd.DataFrame({"unique_id": [0] * 9 + [1] * 8, "y": [*range(9), *range(100, 108)], "is_spike": False}).astype(
        {"y": float}
    )
    days.loc[[0, 8, 12], "is_spike"] = True
    # The first day takes the eighth's; the ninth the second's; the other series has no other such day to take.
    assert without_spikes(days, 7).tolist() == [7, 1, 2, 3, 4, 5, 6, 7, 1, 100, 101, 102, 103, 104, 105, 106, 107]
