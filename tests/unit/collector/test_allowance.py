from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.collector.allowance import Allowances
from dmp_assets.collector.keys import WriteKey


def a_key(limit: int | None) -> WriteKey:
    return WriteKey("hash", "web", "shop", "2026-01-01", events_per_minute=limit)


def test_a_key_without_a_limit_never_waits():
    allowances = Allowances(lambda: 0.0)
    allowances.take(a_key(None), 10**9)
    assert allowances.wait(a_key(None)) == 0


@given(st.integers(1, 1000), st.lists(st.tuples(st.integers(1, 100), st.floats(0, 120)), max_size=40))
def test_over_any_time_a_key_sends_its_rate_and_at_most_a_minute_and_a_batch_more(limit, requests):
    now, sent, last = 0.0, 0, 0
    allowances = Allowances(lambda: now)
    for events, pause in requests:
        now += pause
        if allowances.wait(a_key(limit)) == 0:
            allowances.take(a_key(limit), events)
            sent, last = sent + events, max(last, events)
        assert sent <= limit * (now / 60 + 1) + last + 1e-6


@given(st.integers(1, 1000), st.integers(1, 5000))
def test_after_the_wait_that_it_is_told_a_key_may_send_and_not_a_second_sooner(limit, events):
    now = 0.0
    allowances = Allowances(lambda: now)
    allowances.take(a_key(limit), events)
    wait = allowances.wait(a_key(limit))
    now = max(0.0, wait - 1.001)
    assert wait == 0 or allowances.wait(a_key(limit)) > 0
    now = float(wait)
    assert allowances.wait(a_key(limit)) == 0
