"""From rows of staging to persons: the published cases, and input that is wrong."""

import pandas as pd
import pytest

from dmp_assets.identity import schema
from dmp_assets.identity.rules import load_rules
from dmp_assets.platform.project import TEMPLATES_DIR
from tests.unit.identity.world import World, found


def shared_tablet() -> World:
    """Case 26: two people on one tablet, and nobody logs out."""
    return (
        World()
        .event("1 10:00", device="dev")
        .event("1 10:05", event_type="identify", user="anna", device="dev", email="a")
        .event("1 10:10", event_name="Order Completed", user="anna", device="dev")
        .event("1 20:00", device="dev")
        .event("1 20:05", event_type="identify", user="ben", device="dev", email="b")
        .event("1 20:10", event_name="Order Completed", user="ben", device="dev")
        .event("2 10:00", device="dev")
        .event("2 12:00", event_name="Order Completed", user="anna", device="phone")
    )


def test_two_people_on_one_tablet_are_two_people_and_each_visit_is_one_of_theirs():
    people = found(shared_tablet())
    assert {people.person(f"shop:{name}") for name in ("anna", "ben")} == {"shop:anna", "shop:ben"}
    whose = {when: people.person("device:shop:dev", on=when) for when in ("1 10:00", "1 20:00", "2 10:00")}
    assert whose == {"1 10:00": "shop:anna", "1 20:00": "shop:ben", "2 10:00": "shop:ben"}
    assert people.person("device:shop:phone") == "shop:anna"
    assert people.merges.empty


def test_a_visit_before_the_login_belongs_to_nobody_until_the_login_is_known():
    people = found(shared_tablet())
    assert people.person("device:shop:dev", as_of="1 10:04", on="1 10:00") is None
    assert people.person("device:shop:dev", as_of="1 10:05", on="1 10:00") == "shop:anna"
    assert people.person("device:shop:dev", as_of="1 20:04", on="1 20:00") == "shop:anna"
    assert people.person("device:shop:dev", as_of="1 20:05", on="1 20:00") == "shop:ben"


def test_who_is_named_next_in_another_visit_does_not_take_what_came_after_the_last_one():
    world = World().event("1 10:00", user="anna", device="dev").event("1 15:00", device="dev")
    people = found(world.event("2 10:00", user="ben", device="dev"))
    assert people.person("device:shop:dev", on="1 15:00") == "shop:anna"
    assert people.person("device:shop:dev", on="2 10:00") == "shop:ben"


def test_in_every_order_of_arrival_the_people_are_the_same():
    expected, world = found(shared_tablet()), shared_tablet()
    world.events = [*world.events[::-2], *world.events[::2]]
    again = found(world)
    for name in ("identifiers", "links", "persons", "merges"):
        pd.testing.assert_frame_equal(getattr(expected, name), getattr(again, name))


def test_what_arrives_in_four_parts_in_any_order_gives_what_one_build_gives():
    expected = found(aliases())
    parts = [aliases().events[start::4] for start in range(4)]
    for order in ((0, 1, 2, 3), (3, 1, 0, 2), (2, 3, 1, 0)):
        world = World()
        for part in order:
            world.events += parts[part]
            again = found(world)
        for name in ("identifiers", "links", "persons", "merges"):
            pd.testing.assert_frame_equal(getattr(expected, name), getattr(again, name))


def aliases() -> World:
    """Case 28: a chain of aliases in a circle, one to itself and one to nobody."""
    return (
        World()
        .event("1 10:00", event_type="alias", previous="tmp-9", user="u9")
        .event("2 10:00", event_type="alias", previous="u9", user="acct-9")
        .event("3 10:00", event_type="alias", previous="acct-9", user="u9")
        .event("3 10:00", event_type="alias", previous="u7", user="u7")
        .event("3 10:00", event_type="alias", previous="u8")
        .event("1 09:00", event_name="Order Completed", user="tmp-9")
        .event("5 10:00", event_name="Order Completed", user="acct-9")
    )


def test_a_chain_of_aliases_is_one_person_by_the_oldest_id():
    people = found(aliases())
    assert {people.person(f"shop:{name}") for name in ("tmp-9", "u9", "acct-9")} == {"shop:tmp-9"}
    assert people.person("shop:acct-9", as_of="1 12:00") is None
    assert people.person("shop:u9", as_of="1 12:00") == "shop:tmp-9"
    assert people.merges[["person_id", "other_person_id", "cause"]].to_numpy().tolist() == []


def test_a_link_to_nobody_and_one_to_itself_are_no_links_and_both_are_still_people():
    people = found(aliases())
    assert not people.links[["identifier_id", "other_identifier_id"]].isin(["shop:u7", "shop:u8"]).any(axis=None)
    assert [people.person(f"shop:{name}") for name in ("u7", "u8")] == ["shop:u7", "shop:u8"]


def test_an_event_that_happened_first_and_came_last_belongs_to_the_same_person():
    world = aliases().event("1 08:00", event_type="identify", user="u9", device="dev-late")
    people = found(world.event("1 07:00", device="dev-late", event_name="Order Completed"))
    assert people.person("device:shop:dev-late", on="1 07:00") == people.person("shop:acct-9") == "shop:u9"
    assert people.person("shop:tmp-9", as_of="1 09:30") == "shop:tmp-9"
    assert people.merges[["person_id", "other_person_id"]].to_numpy().tolist() == [["shop:u9", "shop:tmp-9"]]


def test_after_a_split_all_is_as_if_the_two_had_never_been_one_and_the_split_stays_visible():
    world = aliases().event("1 08:00", event_type="identify", user="u9", device="dev-late")
    people = found(world.decide("split", "shop:acct-9", "shop:u9"))
    assert {people.person(name) for name in ("shop:tmp-9", "shop:u9", "device:shop:dev-late")} == {"shop:u9"}
    assert people.person("shop:acct-9") == "shop:acct-9"
    assert people.status("shop:acct-9", "shop:u9", "alias") == ("undone", "people decided that these are two persons")
    split = people.merges[people.merges["change"] == "split"]
    assert split[["source", "reason"]].to_numpy().tolist() == [["ana", "they rang"]]
    never = World(
        events=[
            event for event in world.events if "shop:acct-9" not in (event.get("customer_id"), event.get("previous_id"))
        ]
    )
    never.event("5 10:00", event_name="Order Completed", user="acct-9").event("2 10:00", user="acct-9")
    pd.testing.assert_frame_equal(people.persons, found(never).persons)


def test_people_can_be_joined_whatever_the_limits_say_and_a_later_split_ends_it():
    world = World().event("1", user="a").event("2", user="b").decide("join", "shop:b", "shop:a", when="5")
    people = found(world)
    assert [people.person("shop:b", as_of=day) for day in ("4", "5")] == ["shop:b", "shop:a"]
    assert people.merges[["change", "cause", "reason"]].to_numpy().tolist() == [["merge", "decision", "they rang"]]
    people = found(world.decide("split", "shop:a", "shop:b", when="6"))
    assert people.person("shop:b", as_of="5") == "shop:b"


def test_words_for_nobody_make_no_customer_and_glue_nobody():
    """Case 22: staging leaves such ids out; a card of zeros is nobody's by the rules."""
    world = (
        World()
        .event("1", device="anon-0")
        .event("1", device="anon-1", user="42")
        .event("2", device="anon-2", user="42")
    )
    cards = [
        {"customer_id": f"till:{name}", "loyalty_card": "till:0000-000", "ordered_at": "2025-01-03"} for name in "ab"
    ]
    people = found(world.table("till", "order_lines", *cards))
    assert people.person("device:shop:anon-0") is None
    assert {people.person(f"device:shop:anon-{number}") for number in (1, 2)} == {"shop:42"}
    assert [people.person(f"till:{name}") for name in "ab"] == ["till:a", "till:b"]
    status, reason = people.status("till:a", "loyalty_card:till:0000-000", "order")
    assert (status, reason) == (
        "rejected",
        "loyalty_card:till:0000-000 is nobody's by the rules: nothing but zeros and dashes",
    )
    assert people.person("loyalty_card:till:0000-000") is None


def test_cards_count_within_their_namespace_and_their_limit_in_all():
    rows = [
        {"customer_id": "till:a", "loyalty_card": f"{shop}:7", "ordered_at": f"2025-01-0{day}"}
        for day, shop in enumerate("abcdef", 1)
    ]
    people = found(World().table("till", "order_lines", *rows))
    assert [people.person(f"loyalty_card:{shop}:7") for shop in "af"] == ["till:a", "loyalty_card:f:7"]
    assert set(people.identifiers["namespace"]) == {"till", *"abcdef"}


def test_an_address_with_a_hundred_thousand_devices_is_blocked_by_evidence_and_is_nobodys():
    rows = 100_000
    events = pd.DataFrame(
        {
            "event_id": [f"web:{n}" for n in range(rows)],
            "event_type": "track",
            "event_name": "x",
            "anonymous_id": [f"shop:d{n}" for n in range(rows)],
            "email_token": "e",
            "occurred_at": "2025-01-01",
            "is_bot": False,
        }
    )
    people = found(World().event("1", user="a", email="e").table("app", "events", events.iloc[0].to_dict()))
    assert people.person("email:e") == "shop:a"
    world = World().event("1", user="a", email="e")
    world.tables["app", "events"] = events
    people = found(world)
    assert people.person("email:e") is None
    assert people.person("device:shop:d77") is None
    why = people.identifiers.set_index("identifier_id").loc["email:e", "blocked_because"]
    assert why == "evidence: seen with 100000 of kind device"
    assert set(people.links["status"]) == {"rejected"}


def test_the_same_customer_id_in_two_namespaces_is_two_people_until_they_share_an_address():
    files = {"shop": {"customer_id": "shop:7", "email": "e"}, "till": {"customer_id": "till:7", "email": "f"}}
    world = World()
    for source, row in files.items():
        world.table(source, "customers", row)
    assert found(world).person("till:7") == "till:7"
    world.table("till", "customers", {"customer_id": "till:7", "email": "e"})
    people = found(world.event("1", user="7"))
    assert people.person("till:7") == people.person("shop:7")


def test_a_phone_number_that_changes_owner_twice_is_with_each_for_their_time():
    world = World()
    for day, user in (("1", "x"), ("5", "y"), ("9", "x")):
        world.event(day, user=user, phone="p")
    people = found(world)
    assert [people.person("phone:p", on=day) for day in ("1", "4", "5", "8", "9")] == [
        "shop:x",
        "shop:x",
        "shop:y",
        "shop:y",
        "shop:x",
    ]
    assert people.person("phone:p", as_of="4", on="6") == "shop:x"
    assert {people.person("shop:x"), people.person("shop:y")} == {"shop:x", "shop:y"}


def test_what_a_phone_number_says_after_it_moved_is_said_of_the_new_owner():
    world = World().event("1", user="x", phone="p").event("5", user="y", phone="p")
    people = found(world.event("7", email="guest", phone="p", event_name="Order Completed"))
    assert people.person("email:guest") == "shop:y"


def test_an_address_of_the_shop_and_a_value_that_people_blocked_glue_nobody():
    world = World(own=("email:info",)).event("1", user="a", email="info").event("1", user="b", phone="p")
    people = found(world.decide("block", "phone:p"))
    assert people.person("email:info") is None
    assert people.person("phone:p") is None
    assert people.status("shop:a", "email:info", "login")[1] == "email:info is nobody's by the rules: one of your own"
    assert people.status("shop:b", "phone:p", "login")[1] == "phone:p is nobody's by a decision: they rang"


def test_after_a_decision_is_taken_back_every_table_is_the_one_of_before():
    def world() -> World:
        return aliases().event("6", user="b", email="e")

    expected = found(world())
    for action, pair in (
        ("block", ("email:e",)),
        ("split", ("shop:acct-9", "shop:u9")),
        ("join", ("shop:b", "shop:u9")),
    ):
        decided = world().decide(action, *pair)
        assert not found(decided).persons.equals(expected.persons)
        again = found(decided.decide("take_back", *pair))
        for name in ("identifiers", "links", "persons", "merges"):
            pd.testing.assert_frame_equal(getattr(again, name), getattr(expected, name))


def test_a_decision_about_an_unknown_identifier_changes_nothing():
    world = World().event("1", user="a")
    before = found(world)
    people = found(
        world.decide("join", "shop:a", "shop:gone").decide("split", "shop:a", "shop:lost").decide("block", "email:x")
    )
    pd.testing.assert_frame_equal(people.persons, before.persons)
    assert people.merges.empty


def test_a_robot_on_somebodys_link_is_not_that_person():
    people = found(World().event("1", user="a").event("2", user="a", device="bot", is_bot=True))
    assert people.person("device:shop:bot") is None


def test_a_file_without_dates_is_known_since_its_customer_is():
    world = World().table("crm", "customers", {"customer_id": "crm:1", "email": "e", "household_id": "crm:h"})
    world.table("till", "order_lines", {"customer_id": "crm:1", "ordered_at": "2025-01-05"})
    people = found(world)
    assert people.person("email:e", as_of="4") is None
    assert people.person("email:e", as_of="5") == "crm:1"
    assert people.status("crm:1", "household:crm:h", "household_file") == ("accepted", None)


def test_a_household_and_a_device_glue_nobody():
    rows = [{"customer_id": f"crm:{n}", "household_id": "crm:h"} for n in (1, 2)]
    people = found(World().table("crm", "customers", *rows))
    assert [people.person(f"crm:{n}") for n in (1, 2)] == ["crm:1", "crm:2"]


def test_without_any_rows_there_is_nobody():
    people = found(World())
    assert [len(frame) for frame in (people.identifiers, people.links, people.persons, people.merges)] == [0, 0, 0, 0]


@pytest.mark.parametrize("limit", [1, 2])
def test_a_limit_of_the_rules_is_kept(tmp_path, limit: int):
    text = (TEMPLATES_DIR / "rules" / "identity.yml").read_text(encoding="utf-8")
    path = tmp_path / "identity.yml"
    path.write_text(text.replace("kind: email, glue: true, limit: 5", f"kind: email, glue: true, limit: {limit}"))
    world = World(rules=load_rules(path))
    for day, token in enumerate("efg", start=1):
        world.event(str(day), user="a", email=token)
    people = found(world)
    assert sum(people.person(f"email:{token}") == "shop:a" for token in "efg") == limit
    assert people.status("shop:a", "email:g", "login") == (
        "demoted",
        f"one person would have more than {limit} of kind email",
    )


def test_with_and_without_decisions_every_table_keeps_its_schema():
    contracts = {
        "identifiers": schema.IDENTIFIERS,
        "links": schema.LINKS,
        "persons": schema.PERSON_IDENTIFIERS,
        "merges": schema.MERGES,
    }
    joined = (
        aliases().event("6", user="b").decide("join", "shop:b", "shop:u9").decide("split", "shop:acct-9", "shop:u9")
    )
    for world in (World(), aliases(), joined):
        people = found(world)
        for name, contract in contracts.items():
            frame = getattr(people, name)
            contract.validate(frame, lazy=True)
            assert not [column for column, dtype in frame.dtypes.items() if str(dtype) == "datetime64[ns]"]
