"""The simulation on a hundred made-up households with an order a week."""

from datetime import datetime
from pathlib import Path

import numpy as np
import orjson
import pandas as pd
import pytest

from dmp_assets.collector.events import Receipt, Source, collect
from dmp_assets.collector.segments import SegmentWriter, read_segment, sealed_segments, write_sealed
from dmp_assets.demo.simulation import schema
from dmp_assets.demo.simulation.events import LAST_AT, Purchases, simulate_events
from dmp_assets.demo.simulation.people import FIRST_DAY, simulate_devices, simulate_persons
from dmp_assets.demo.simulation.rates import Rates, uniform
from dmp_assets.demo.simulation.simulate import is_written, segment_name, simulate
from dmp_assets.demo.simulation.truth import devices_table, identifiers_table, owners_table, persons_table
from dmp_assets.platform.errors import UserError

DAY = 86_400_000_000
RATES = Rates()
ORDERS_EACH = 50


def purchases_of(households: np.ndarray) -> Purchases:
    """Return weekly orders and one campaign for each household; every other one redeems its coupons."""
    household = np.repeat(households, ORDERS_EACH)
    number = np.tile(np.arange(ORDERS_EACH), len(households))
    orders = pd.DataFrame(
        {
            "household": household,
            "basket_id": household * 1000 + number + 1,
            "order_at": FIRST_DAY + (12 + 7 * number) * DAY + household * 1_000_000,
            "amount": 12.5,
            "product_ids": [[1, 2, 999]] * len(household),
        }
    )
    members = pd.DataFrame(
        {
            "household": households,
            "campaign_id": 7,
            "start_at": FIRST_DAY + 30 * DAY,
            "end_at": FIRST_DAY + 60 * DAY,
            "has_redeemed": households % 2 == 0,
        }
    )
    products = pd.DataFrame(
        {"product_id": [1, 2], "name": ["MILK", ""], "category": ["DAIRY", ""], "brand": ["National", ""]}
    )
    return Purchases(orders, members, pd.DataFrame({"household": households, "size": households % 5}), products)


HOUSEHOLDS = np.arange(1, 401)


@pytest.fixture(scope="module")
def simulation():
    return simulate(purchases_of(HOUSEHOLDS), RATES)


@pytest.fixture(scope="module")
def events():
    purchases = purchases_of(HOUSEHOLDS)
    persons = simulate_persons(HOUSEHOLDS, HOUSEHOLDS % 5, RATES)
    return simulate_events(purchases, persons, simulate_devices(persons, RATES), RATES)


@pytest.fixture(scope="module")
def lines(simulation):
    return [orjson.loads(line) for line in simulation.lines]


def test_the_same_purchases_and_seed_give_the_same_bytes(simulation):
    assert simulate(purchases_of(HOUSEHOLDS), RATES).lines == simulation.lines


def test_another_seed_gives_other_events(simulation):
    assert not set(simulate(purchases_of(HOUSEHOLDS), Rates(seed=1)).lines) & set(simulation.lines)


def test_a_household_has_the_same_lines_in_any_sample(simulation):
    sample = simulate(purchases_of(HOUSEHOLDS[::50]), RATES).lines
    of_sample = set(sample)
    assert sample == [line for line in simulation.lines if line in of_sample]
    users = {f'"userId":"{household}"'.encode() for household in HOUSEHOLDS[::50]}
    assert all(line in of_sample for line in simulation.lines if any(user in line for user in users))


def test_the_collector_accepts_every_event(lines):
    for line in lines:
        received_at = datetime.fromisoformat(line["received_at"])
        event = line["event"]
        collected = collect(event, event["type"], Source(line["source"], "cj"), Receipt(received_at))
        assert collected.accepted == 1, collected.reasons


def test_every_line_is_labelled_simulated(lines):
    assert {line["source"] for line in lines} == {
        f"simulated_{name}" for name in ("web", "app", "email", "social", "shop")
    }
    assert {line["namespace"] for line in lines} == {"cj", "shop"}


def test_nothing_of_a_session_happens_after_its_order_or_the_data(events):
    before = events[events["order_at"] > 0]
    assert (before["at"] <= before["order_at"]).all()
    assert events["at"].max() < LAST_AT


def test_an_order_completed_is_a_real_order_at_its_time_by_a_known_person(events):
    orders = purchases_of(HOUSEHOLDS).orders.set_index("basket_id")["order_at"]
    completed = events[events["name"] == "Order Completed"]
    assert completed["basket_id"].is_unique
    assert completed["known"].all()
    assert (completed["at"].to_numpy() == orders[completed["basket_id"]].to_numpy()).all()


def test_shares_are_close_to_the_rates(events, lines):
    orders = len(HOUSEHOLDS) * ORDERS_EACH
    completed = (events["name"] == "Order Completed").sum() / orders
    assert completed == pytest.approx(RATES.session_before_order * RATES.online_order, rel=0.2)
    ids = pd.Series([line["event"]["messageId"] for line in lines])
    assert ids.duplicated().mean() == pytest.approx(RATES.duplicate, rel=0.3)


def test_who_redeems_coupons_opens_more_emails(events):
    opened = events[events["name"] == "Email Opened"]
    redeemers = (opened["household"] % 2 == 0).mean()
    assert redeemers > 0.55


def test_a_wrong_clock_shifts_both_times_and_a_late_event_only_the_sending(lines):
    said = pd.to_datetime([line["event"]["originalTimestamp"] for line in lines])
    sent = pd.to_datetime([line["event"]["sentAt"] for line in lines])
    received = pd.to_datetime([line["received_at"] for line in lines], format="ISO8601")
    limit = pd.Timedelta(minutes=54)
    is_late = (sent - said) > limit
    is_skewed = (abs(received - sent) > limit) & ~is_late
    assert is_late.any()
    assert is_skewed.any()
    assert is_late.mean() < 0.02
    assert is_skewed.mean() < 0.08


def test_no_address_or_number_reaches_anybody(simulation):
    persons, accounts = simulation.persons, simulation.accounts
    emails = pd.concat([persons["email"], persons["new_email"], accounts["email"]])
    assert emails[emails != ""].str.fullmatch(r"[a-z]+\.?[a-z]*\d+@example\.(com|org|net)").all()
    phones = pd.concat([persons["phone"], persons["new_phone"], accounts["phone"]])
    assert phones[phones != ""].str.fullmatch(r"\+1555\d{7}").all()


def test_the_truth_keeps_its_contract_and_has_no_direct_identifiers(simulation):
    persons = persons_table(simulation.persons)
    schema.PERSONS.validate(persons)
    devices = schema.DEVICES.validate(devices_table(simulation.devices, simulation.persons))
    assert set(devices["person_id"]) == set(persons["person_id"])
    assert devices.loc[devices["is_shared"]].groupby("anonymous_id").size().min() > 1
    tokens = schema.PERSON_IDENTIFIERS.validate(
        identifiers_table(simulation.persons, lambda kind, value: f"{abs(hash((kind, value))):032x}")
    )
    assert tokens["token"].duplicated().any(), "families share addresses"


def test_every_event_of_a_device_is_in_the_truth(simulation, lines):
    known = {*simulation.devices["anonymous_id"], *simulation.accounts["anonymous_id"]}
    unknown = {line["event"].get("anonymousId") for line in lines} - known - {None}
    assert all(each.startswith("b07") for each in unknown)
    assert len(unknown) < len(HOUSEHOLDS) * RATES.bot * 3


def test_a_segment_is_written_once_beside_a_running_collector(tmp_path: Path, simulation):
    name = segment_name(["a-100"], RATES)
    with SegmentWriter(tmp_path) as writer:
        assert not is_written(tmp_path, name)
        write_sealed(tmp_path, name, simulation.lines)
        assert is_written(tmp_path, name)
        writer.append([b"{}"])
    with SegmentWriter(tmp_path):
        first, second = sealed_segments(tmp_path)
    assert first.name.startswith(name)
    assert [orjson.dumps(line) for line in read_segment(first)] == simulation.lines
    assert list(read_segment(second)) == [{}]


def test_other_purchases_are_not_mixed_in(tmp_path: Path):
    write_sealed(tmp_path, segment_name(["a-100"], RATES), [b"{}"])
    with pytest.raises(UserError, match="would mix the two"):
        is_written(tmp_path, segment_name(["a-2"], RATES))


def test_random_numbers_are_even_and_independent_of_each_other():
    keys = np.arange(100_000)
    numbers, others = uniform(1, "a", keys), uniform(1, "b", keys)
    counts = np.histogram(numbers, 20, (0, 1))[0]
    assert abs(counts - 5000).max() < 400
    assert abs(np.corrcoef(numbers, others)[0, 1]) < 0.02
    assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 0.02


@pytest.fixture(scope="module")
def owners(simulation):
    def token(kind: str, value: str) -> str:
        return f"<{value}>"

    table = owners_table(simulation.persons, simulation.devices, simulation.accounts, token)
    return schema.IDENTIFIER_OWNERS.validate(table)


def test_an_identifier_is_one_persons_at_a_time(owners):
    several = owners[owners["identifier_id"].duplicated(keep=False)]
    assert set(several["kind"]) == {"phone", "device"}, "numbers and desktops change hands"
    for _, rows in several.groupby("identifier_id"):
        (first, second) = rows.sort_values("valid_from", na_position="first").itertuples()
        assert first.valid_to < second.valid_from
        assert second.valid_from.year == 2017


def test_what_changes_hands_is_seen_with_its_owner_of_the_time(owners, lines):
    owner = {}
    for row in owners.itertuples():
        owner.setdefault(row.identifier_id, []).append(row)
    wrong, seen = 0, 0
    for line in lines:
        event = line["event"]
        if "userId" not in event or "anonymousId" not in event:
            continue
        at = pd.Timestamp(line["received_at"]).tz_localize(None)
        for row in owner[f"device:cj:{event['anonymousId']}"]:
            is_theirs = not (row.valid_from > at or row.valid_to < at)
            seen += len(owner[row.identifier_id]) > 1 and is_theirs
            wrong += is_theirs and row.person_id != f"cj:{event['userId']}"
    assert seen > 0
    assert wrong == 0


def test_the_other_shop_is_hard_enough(simulation):
    accounts = simulation.accounts.merge(simulation.persons, on=["household", "person"], suffixes=("", "_here"))
    customers = accounts[accounts["account"] != ""]
    is_typo = (customers["first_name"] != customers["first_name_here"]) | (
        customers["last_name"] != customers["last_name_here"]
    )
    has_other_email = ~customers["email"].isin([*simulation.persons["email"], *simulation.persons["new_email"]])
    assert is_typo.mean() == pytest.approx(2 * RATES.other_shop_typo, rel=0.5)
    assert has_other_email.mean() == pytest.approx(RATES.other_shop_email, rel=0.3)
    assert (simulation.accounts["account"] == "").sum() > 20, "guests"
    assert (simulation.accounts["person"] == 5).sum() > 100, "who is no household's"
    assert simulation.accounts.loc[simulation.accounts["account"] != "", "account"].is_unique


def test_twins_share_surname_birthday_and_street_and_have_two_first_names(simulation):
    first = simulation.persons[simulation.persons["person"] == 1]
    same = first[first.duplicated(["last_name", "birthday", "street", "postcode"], keep=False)]
    assert len(same) >= 4
    for _, (one, other) in ((key, rows["first_name"]) for key, rows in same.groupby(["birthday", "street"])):
        assert one != other
