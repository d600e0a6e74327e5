import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.collector.times import read_time

FIRST, LAST = dt.datetime.fromisoformat("1974-01-01"), dt.datetime.fromisoformat("2099-12-31")
MAY = "2025-05-01T10:00:00+00:00"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("2025-05-01 10:00:00", MAY),
        ("2025-05-01T10:00:00z", MAY),
        ("2025-05-01t10:00:00z", MAY),
        (" 2025-05-01T10:00:00Z ", MAY),
        ("20250501T100000Z", MAY),
        ("20250501", "2025-05-01T00:00:00+00:00"),
        ("2025-05-01", "2025-05-01T00:00:00+00:00"),
        ("2025-05-01T24:00:00Z", "2025-05-02T00:00:00+00:00"),
        ("2025-12-31T24:00", "2026-01-01T00:00:00+00:00"),
        ("2025-05-01T09:59:60Z", MAY),
        ("20250501T095960z", MAY),
        ("2016-12-31T23:59:60.5+00:00", "2017-01-01T00:00:00.500000+00:00"),
        ("2025-05-01T10:00:00.123456789Z", "2025-05-01T10:00:00.123456+00:00"),
        (1746093600, MAY),
        (1746093600.5, "2025-05-01T10:00:00.500000+00:00"),
        (1746093600.123456, "2025-05-01T10:00:00.123456+00:00"),
        (1746093600000, MAY),
        (1746093600000.0, MAY),
        (1746093600000000, MAY),
        (1746093600000000000, MAY),
        ("1746093600", MAY),
        ("1746093600.0", MAY),
        ("1746093600000", MAY),
        (0, "1970-01-01T00:00:00+00:00"),
    ],
)
def test_a_time_is_read_by_the_rules(said, read):
    found = read_time(said)
    assert found
    assert found.astimezone(dt.UTC).isoformat() == read


def test_an_offset_counts_with_and_without_a_colon():
    for said in ("2025-05-01T10:00:00+0530", "2025-05-01T10:00:00+05:30", "2025-05-01 10:00:00 +05:30"):
        assert read_time(said) == dt.datetime(2025, 5, 1, 4, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_what_says_nothing_is_no_time(nothing):
    assert read_time(nothing) is None


@pytest.mark.parametrize(
    "said",
    [
        "yesterday",
        "Thu May 01 2025 10:00:00 GMT+0200",
        "2025-05-01T10:00:61Z",
        "2025-05-01T24:00:01Z",
        "2025-02-30",
        "9999-12-31T24:00:00Z",
        "20250501100000",
        "1712011000000000000000",
        "12345",
        True,
        -1,
        float("nan"),
        float("inf"),
        1e300,
        20250501100000,
        99999999999999,
        [],
        {},
    ],
)
def test_anything_else_is_refused(said):
    with pytest.raises(ValueError, match=r"."):
        read_time(said)


@given(
    st.datetimes(FIRST, LAST),
    st.sampled_from([1, 10**3, 10**6]),
    st.booleans(),
)
def test_an_epoch_is_the_same_time_in_any_unit_as_number_and_as_text(time, unit, as_text):
    time = time.replace(tzinfo=dt.UTC)
    micros = (time - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
    count = micros * unit // 10**6
    expected = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=count * 10**6 // unit)
    assert read_time(str(count) if as_text else count) == expected


@given(st.text() | st.floats() | st.integers())
def test_any_value_is_a_time_of_the_calendar_or_refused(value):
    try:
        time = read_time(value)
    except ValueError:
        return
    assert time is None or time.tzinfo
