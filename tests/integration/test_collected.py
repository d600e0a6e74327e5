"""From what clients send to the rows that people read: real collecting, loading and models, on inputs kept in ``collected``."""

import datetime as dt
import re
from functools import partial
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmp_assets.collector.events import Receipt, Source, collect
from dmp_assets.collector.load import load_segments
from dmp_assets.collector.segments import SegmentWriter
from dmp_assets.collector.wire import parse
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.sources.raw_tables import create_tables
from tests.integration.identified import STAGING, identify_people
from tests.integration.test_events import LOADED_AT, VARS, Events

INPUTS = Path(__file__).with_name("collected")
NOW = dt.datetime.fromisoformat("2026-03-01T12:00:00+00:00")
WEB = Source("web", "shop")


class Shop:
    """A home into which requests come at stated times."""

    def __init__(self, home: Path, run_dbt) -> None:
        self.settings = Settings(home=home)
        self.warehouse = Warehouse.from_settings(self.settings)
        self.run_dbt = run_dbt
        with self.warehouse.write() as connection:
            create_tables(connection)

    def receive(self, name: str, source: Source = WEB, *, after: float = 0) -> None:
        """Receive an input of ``collected`` some seconds after NOW; @now-60 in it is a minute before NOW."""
        text = re.sub(
            r"@now([+-][0-9.]+)",
            lambda found: (NOW + dt.timedelta(seconds=float(found[1]))).isoformat(),
            (INPUTS / name).read_text(encoding="utf-8"),
        )
        collected = collect(parse(text.encode()), None, source, Receipt(NOW + dt.timedelta(seconds=after)))
        with SegmentWriter(self.settings.collector_dir) as writer:
            writer.append(collected.lines)

    def build(self) -> None:
        load_segments(self.warehouse, self.settings, now=NOW.replace(tzinfo=None) + dt.timedelta(days=1))
        run = partial(self.run_dbt, "run", variables=VARS, warehouse=self.settings.warehouse_path)
        run("--select", STAGING)
        identify_people(self.settings.warehouse_path)
        run("--select", "+fct_events", "+rejected_rows", "--exclude", STAGING)

    def test(self, name: str) -> str:
        (result,) = self.run_dbt("test", "--select", name, variables=VARS, warehouse=self.settings.warehouse_path)
        return str(result.status)

    def sql(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.settings.warehouse_path)) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def shop(tmp_path: Path, run_dbt) -> Shop:
    return Shop(tmp_path, run_dbt)


def test_a_message_counts_once_and_what_repeats_it_with_other_content_is_told(shop: Shop):
    shop.receive("20_1.json")
    shop.receive("20_2_retry.json", after=1)
    shop.build()
    once = "select split_part(event_id, ':', 2), product_id from marts.fct_events"
    assert sorted(shop.sql(f"{once} where product_id <> 'shop:p3'")) == [
        ("M-1", "shop:p1"),
        ("m-1", "shop:p1"),
        ("m-2", "shop:p1"),
    ]
    assert shop.sql("select count(*) from marts.fct_events where product_id = 'shop:p3'") == [(2,)]
    assert shop.test("a_repeated_message_says_the_same") == "warn"
    # Another source numbers its own messages; a month later the same again is still the same.
    shop.receive("20_1.json", Source("app", "shop"), after=2)
    shop.build()
    shop.receive("20_1.json", after=30 * 86_400)
    shop.build()
    counts = dict(shop.sql("select source, count(*) from marts.fct_events where product_id <> 'shop:p3' group by 1"))
    assert counts == {"web": 3, "app": 2}


def test_a_slow_line_turns_no_order_and_only_clocks_that_cannot_be_right_are_corrected(shop: Shop):
    for name in ("21_1_stalled.json", "21_2_fast.json", "21_3_clocks.json", "21_4_formats.json"):
        shop.receive(name)
    shop.build()
    found = {
        message: ((received - occurred).total_seconds(), is_corrected)
        for message, received, occurred, is_corrected in shop.sql(
            "select split_part(event_id, ':', 2), received_at, occurred_at, is_clock_corrected from marts.fct_events"
        )
    }
    told = {message: found[message] for message in ("s-1", "s-2", "c-1", "c-2", "c-3", "c-5")}
    assert told == {
        "s-1": (60, False),
        "s-2": (40, False),
        "c-1": (300, True),
        "c-2": (30, True),
        "c-3": (0, True),
        "c-5": (864_000, False),
    }
    at = "strftime(occurred_at, '%d %H:%M:%S.%f')"
    times = dict(shop.sql(f"select split_part(event_id, ':', 2), {at} from marts.fct_events where event_name = 'F'"))
    assert times == {
        "f-0": "01 10:00:00.000000",
        "f-1": "01 04:30:00.000000",
        "f-2": "01 10:00:00.123456",
        "f-3": "02 00:00:00.000000",
        "f-4": "01 00:00:00.000000",
        "f-5": "01 10:00:00.000000",
        "f-6": "01 10:01:00.000000",
        "f-num": "01 10:00:00.000000",
        "f-str": "01 10:00:00.000000",
    }
    assert sorted(shop.sql("select reason, row_json like '%GMT+0200%' from quarantine.rejected_rows")) == [
        ("before_earliest_date", False),
        ("invalid_time", True),
    ]


def test_ids_are_one_however_they_are_written_and_words_for_nothing_are_nobody(shop: Shop):
    shop.receive("22_ids.json")
    shop.receive("22_identify.json")
    shop.build()
    devices: dict[str, set[str]] = {}
    named = "select source_customer_id, anonymous_id from marts.fct_events where source_customer_id <> ''"
    for customer, device in shop.sql(named):
        devices.setdefault(customer, set()).add(device)
    longest = next(customer for customer in devices if len(customer) > 300)
    assert set(longest.removeprefix("shop:")) == {"x"}
    assert devices == {
        "shop:42": {f"shop:anon-{n}" for n in (0, 1, 2, 25, 4)},
        "shop:042": {"shop:anon-3"},
        "shop:9007199254740993": {"shop:anon-4", "shop:anon-5"},
        "shop:1e21": {"shop:anon-6"},
        "shop:🧁": {"shop:anon-21"},
        longest: {"shop:anon-22"},
        "shop:a:b": {"shop:anon-26"},
    }
    unnamed = "from marts.fct_events where source_customer_id is null and anonymous_id is not null"
    assert shop.sql(f"select count(*), count(customer_id) {unnamed}") == [(13 + 4, 4)]  # on devices that name somebody
    assert shop.sql("select reason, count(*) from quarantine.rejected_rows group by 1") == [("invalid_id", 3)]
    assert shop.test("events_with_an_id_that_stands_for_nobody") == "warn"


SECOND = dt.timedelta(seconds=1)
START = dt.datetime.fromisoformat("2026-01-01T00:00:00")
LATEST = 15 * 60
TRIPS = st.lists(st.tuples(st.floats(0, 5_000), st.floats(0, LATEST)), min_size=1, max_size=8)
"""Events of a device: seconds after START at which each happens, and how long it travels."""
SKEW = st.one_of(st.just(0.0), st.floats(-900, 900), st.floats(-(10**6), 10**6), st.floats(-(10**9), 10**8))
DEVICE = st.tuples(TRIPS, SKEW, st.lists(st.floats(0, 10**6), min_size=8, max_size=8))
"""What happens on a device, how far its clock is ahead, and how long each event waits before it is sent."""


@pytest.fixture(scope="module")
def clocks(run_dbt, tmp_path_factory):
    """Return a function that gives each event's original, receipt and stated time, in the order given, from the staging view."""
    warehouse = Events(tmp_path_factory.mktemp("clocks") / "home", run_dbt)
    warehouse.dbt("run", "--select", "stg_collector__events", variables=VARS)

    def placed(rows: list[dict]) -> list[tuple[dt.datetime, dt.datetime, dt.datetime]]:
        warehouse.sql("delete from raw.events")
        common = {"source": "s", "namespace": "n", "_loaded_at": LOADED_AT, "_segment": "s", "is_simulated": False}
        warehouse.load([common | row | {"message_id": f"{n:09}", "_line": n} for n, row in enumerate(rows)])
        query = f"select original_at, received_at, occurred_at from {VIEW} join raw.events using (_line) order by _line"
        return warehouse.sql(
            query.replace(VIEW, "(select _row as _line, occurred_at from staging.stg_collector__events)")
        )

    return placed


VIEW = "{view}"


@settings(max_examples=10)
@given(st.lists(DEVICE, min_size=4, max_size=4))
def test_a_devices_order_stays_whatever_its_clock_and_its_line_do_and_nothing_is_in_the_future(clocks, devices):
    rows = []
    for name, (trips, skew, pauses) in enumerate(devices):
        for (at, travels), pause in zip(trips, pauses, strict=False):
            happened = START + at * SECOND
            sent = happened + pause * SECOND
            clock = skew * SECOND
            rows.append(
                {
                    "anonymous_id": f"d{name}",
                    "original_at": happened + clock,
                    "sent_at": sent + clock,
                    "received_at": sent + travels * SECOND,
                }
            )
    placed = iter(clocks(rows))
    for trips, skew, _ in devices:
        times = [next(placed) for _ in trips]
        assert all(occurred <= received for _, received, occurred in times)
        shifts = {occurred - original for original, _, occurred in times}
        assert len(shifts) == 1, "one clock, one correction: the order and the pauses stay"
        if -skew >= 0 and -skew + max(travels for _, travels in trips) <= LATEST:
            assert shifts == {dt.timedelta()}, "what can be right is left as it is"


@settings(max_examples=10)
@given(
    st.lists(
        st.tuples(st.sampled_from("abcdefgh"), *[st.floats(-(10**9), 10**8)] * 2, st.booleans()),
        min_size=1,
        max_size=32,
    )
)
def test_nothing_lies_after_its_receipt_whatever_clients_say(clocks, said):
    rows = [
        {
            "anonymous_id": device,
            "original_at": START + original * SECOND,
            "sent_at": START + sent * SECOND if is_told else None,
            "received_at": START + n * SECOND,
        }
        for n, (device, original, sent, is_told) in enumerate(said)
    ]
    assert all(occurred <= received for _, received, occurred in clocks(rows))
