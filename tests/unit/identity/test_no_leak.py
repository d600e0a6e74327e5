"""What is known at a time follows from the rows until then: no row of later changes it, whatever it says."""

import datetime as dt

import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.identity.world import Found, World, at, found

_MAYBE = {
    "user": st.sampled_from([None, "x", "y"]),
    "device": st.sampled_from(["d", "e"]),
    "email": st.sampled_from([None, None, None, "m"]),
    "phone": st.sampled_from([None, None, "p"]),
}
_ALONE: dict[str, str | None] = {"device": "d"}
_EVENTS = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from([0, 12]), st.sampled_from([0, 20, 40]), st.fixed_dictionaries(_MAYBE)),
    min_size=3,
    max_size=9,
)


def known(people: Found, moment: dt.datetime) -> pd.DataFrame:
    """Return what was known at a moment of the rows until then: whose each identifier was, from when to when."""
    rows = people.persons
    rows = rows[(rows["effective_at"] <= moment) & ~(rows["superseded_at"] <= moment)]
    told = ["identifier_id", "person_id", "owned_from_at", "owned_until_at"]
    return rows[told].sort_values(told).reset_index(drop=True)


@example([(1, 0, 0, {"user": "x", "device": "e"}), (1, 12, 0, _ALONE), (2, 0, 0, {"user": "x", "device": "d"})], 1, 12)
@example(
    [(1, 12, 20, {"user": "x", "device": "d"}), (1, 12, 40, _ALONE), (1, 12, 59, {"user": "y", "device": "d"})], 1, 12
)
@given(_EVENTS, st.integers(1, 3), st.sampled_from([0, 12]))
@settings(max_examples=20)
def test_later_events_change_nothing_of_what_was_known(events, day: int, hour: int) -> None:
    moment = f"{day} {hour:02}:30"
    whole, part = World(), World()
    # An event keeps its id in both worlds.
    for number, (event_day, event_hour, minute, columns) in enumerate(events):
        when = f"{event_day} {event_hour:02}:{minute:02}"
        given = {name: value for name, value in columns.items() if value is not None}
        whole.event(when, event_id=f"web:{number:03}", **given)
        if at(when) <= at(moment):
            part.event(when, event_id=f"web:{number:03}", **given)
    pd.testing.assert_frame_equal(known(found(whole), at(moment)), known(found(part), at(moment)), check_dtype=False)


@given(_EVENTS)
@settings(max_examples=10)
def test_at_any_time_an_identifier_is_one_persons_at_most(events) -> None:
    world = World()
    for event_day, event_hour, minute, columns in events:
        given = {name: value for name, value in columns.items() if value is not None}
        world.event(f"{event_day} {event_hour:02}:{minute:02}", **given)
    people = found(world)
    for moment in sorted({*people.persons["effective_at"]}):
        rows = known(people, moment)
        for _, own in rows.groupby("identifier_id"):
            ends = own.sort_values("owned_from_at")
            assert (ends["owned_until_at"].iloc[:-1].to_numpy() <= ends["owned_from_at"].iloc[1:].to_numpy()).all()
