"""Who lives together, and who does not."""

import duckdb
import pandas as pd
import pytest

from dmp_assets.identity import schema
from dmp_assets.identity.households import households, shared_addresses
from dmp_assets.platform.settings import Settings
from dmp_assets.privacy.keys import read_keys
from dmp_assets.privacy.vault import add_identifiers
from tests.unit.identity.world import World, at, store

NOBODY = pd.DataFrame({"household_id": [], "identifier_id": []}, dtype=object)


def found(world: World, tmp_path, addresses: pd.DataFrame = NOBODY, *, most_members: int = 3) -> pd.DataFrame:
    store(world, tmp_path / "warehouse.duckdb")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        return schema.HOUSEHOLDS.validate(households(connection, addresses, most_members=most_members))


def shop(*days: int) -> World:
    world = World()
    for number, day in enumerate(days, start=1):
        world.event(str(day), user=str(number))
    return world


def at_one_address(*numbers: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"household_id": "household:address:x", "identifier_id": [f"shop:{number}" for number in numbers]}
    )


def test_those_with_one_household_id_live_together_and_stay_two_people(tmp_path):
    rows = [{"customer_id": f"crm:{n}", "household_id": "crm:h"} for n in (1, 2)]
    rows.append({"customer_id": "crm:3", "household_id": "crm:0"})
    members = found(World().table("crm", "customers", *rows), tmp_path)
    assert members[["household_id", "identifier_id", "evidence"]].to_numpy().tolist() == [
        ["household:crm:h", "crm:1", "household_id"],
        ["household:crm:h", "crm:2", "household_id"],
    ], "a household of zeros is nobody's"


def test_who_comes_to_another_household_has_left_the_one_before(tmp_path):
    world = World().table("old", "customers", {"customer_id": "crm:1", "household_id": "crm:a"})
    world.table("old", "order_lines", {"customer_id": "crm:1", "ordered_at": "2025-01-03"})
    members = found(world.table("new", "customers", {"customer_id": "crm:1", "household_id": "crm:b"}), tmp_path)
    assert members["superseded_at"].isna().sum() == len(members) == 1, "both are dated by the first order"
    assert members["household_id"].tolist() == ["household:crm:b"]


def test_customers_of_one_address_live_together_once_two_were_seen(tmp_path):
    members = found(shop(1, 5, 9), tmp_path, at_one_address(1, 2, 3))
    assert members.set_index("identifier_id")["effective_at"].to_dict() == {
        "shop:1": at("5"),
        "shop:2": at("5"),
        "shop:3": at("9"),
    }


def test_an_address_of_too_many_is_no_household(tmp_path):
    assert found(shop(1, 2, 3, 4), tmp_path, at_one_address(1, 2, 3, 4)).empty


def test_whoever_was_never_seen_or_is_nobody_makes_no_household(tmp_path):
    world = shop(1, 2).decide("block", "shop:2")
    assert found(world, tmp_path, at_one_address(1, 2, 7)).empty


def test_a_shared_device_makes_no_household(tmp_path):
    world = World().event("1", user="a", device="d").event("2", user="b", device="d")
    assert found(world, tmp_path).empty


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        (["12 Elm Street", "44012"], ["44012", "12  ELM street."], True),
        (["12 Elm Street, 44012 Dayton"], ["12 Elm Street, 44012 Dayton"], True),
        (["12 Elm Street", "Dayton"], ["12 Elm Street", "Dayton"], True),
        (["12 Elm Street", "44012"], ["14 Elm Street", "44012"], False),
        (["44012", "Dayton"], ["44012", "Dayton"], False),
        (["SW1A 1AA", "London"], ["SW1A 1AA", "London"], False),
        (["12 Elm Street"], ["12 Elm Street"], False),
        (["Dayton"], ["Dayton"], False),
    ],
)
def test_an_address_is_a_street_with_its_number_and_a_place(tmp_path, one: list[str], other: list[str], is_one: bool):
    settings = Settings(home=tmp_path)
    keys = read_keys(settings)
    told = [("shop", "1", part) for part in one] + [("till", "2", part) for part in other]
    add_identifiers(
        settings,
        keys,
        [(source, user, None, "address", part, "t", "2025-01-01T00:00:00Z") for source, user, part in told],
    )
    shared = shared_addresses(settings, keys, {"shop": "shop", "till": "till"})
    assert shared["identifier_id"].tolist() == (["shop:1", "till:2"] if is_one else [])
    assert shared["household_id"].nunique() == int(is_one)
    assert not shared["household_id"].str.contains("elm").any()


def test_of_who_moved_the_last_address_counts(tmp_path):
    settings = Settings(home=tmp_path)
    keys = read_keys(settings)
    told = [
        ("1", "12 Elm Street", "01"),
        ("1", "3 Oak Lane", "02"),
        ("2", "3 Oak Lane", "01"),
        ("3", "12 Elm Street", "01"),
    ]
    rows = [
        ("shop", user, None, "address", part, "t", f"2025-01-{day}T00:00:00Z")
        for user, street, day in told
        for part in (street, "44012")
    ]
    add_identifiers(settings, keys, rows)
    assert shared_addresses(settings, keys, {"shop": "shop"})["identifier_id"].tolist() == ["shop:1", "shop:2"]


def test_without_a_vault_nobody_shares_an_address(tmp_path):
    settings = Settings(home=tmp_path)
    assert shared_addresses(settings, read_keys(settings), {"shop": "shop"}).empty
