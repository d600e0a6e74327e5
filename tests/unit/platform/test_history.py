import pandas as pd

from dmp_assets.platform.history import latest_before, with_history


def day(number: int) -> pd.Timestamp:
    return pd.to_datetime(f"2018-01-{number:02d}")


def rows(*days: int) -> pd.DataFrame:
    return pd.DataFrame({"value": days, "as_of_on": [day(number) for number in days]})


def test_the_latest_earlier_date_is_found_and_a_rerun_does_not_see_itself() -> None:
    found = latest_before(rows(1, 1, 2, 3, 4), day(3))
    assert found is not None
    assert found["value"].tolist() == [2]


def test_nothing_earlier_is_none() -> None:
    assert latest_before(None, day(3)) is None
    assert latest_before(rows(3, 4), day(3)) is None


def test_a_date_is_replaced_and_the_others_are_kept() -> None:
    new = rows(2).assign(value=9)
    assert with_history(rows(1, 2, 2, 3), new)["value"].tolist() == [1, 9, 3]
    pd.testing.assert_frame_equal(with_history(None, new), new)
