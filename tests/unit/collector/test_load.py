import datetime as dt
import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from dmp_assets.collector import load as events
from dmp_assets.collector.events import Receipt, Source, collect
from dmp_assets.collector.load import EventLoad, load_segments
from dmp_assets.collector.segments import SegmentWriter, damaged_segments, sealed_segments, write_sealed
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.privacy.keys import read_keys
from dmp_assets.privacy.vault import count_identifiers

NOW = dt.datetime.fromisoformat("2026-01-01T00:00:00")
RECEIVED = "2026-01-01T00:00:00.123456Z"


def line(event: dict | None = None, **record: object) -> bytes:
    return orjson.dumps(
        {"source": "web", "namespace": "shop", "received_at": RECEIVED, **({"event": event} if event else {}), **record}
    )


def an_event(message_id: str = "m1", **fields: object) -> dict:
    return {"type": "track", "event": "Product Viewed", "messageId": message_id, "anonymousId": "a1", **fields}


class Platform:
    """A home with a warehouse and a collector's folder."""

    def __init__(self, home: Path, **changes: Any) -> None:
        self.settings = Settings(home=home, **changes)
        self.warehouse = Warehouse.from_settings(self.settings)
        self.folder = self.settings.collector_dir

    def seal(self, *lines: bytes) -> None:
        with SegmentWriter(self.folder) as writer:
            writer.append(lines)

    def load(self) -> EventLoad:
        return load_segments(self.warehouse, self.settings, now=NOW)

    def rows(self, columns: str = "*", table: str = "events") -> list[dict]:
        return self.warehouse.query(f"select {columns} from raw.{table} order by _segment, _line").to_dict("records")


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return Platform(tmp_path)


def test_without_segments_the_tables_are_there_and_empty(platform: Platform):
    assert platform.load() == EventLoad(0, 0, 0, 0, 0)
    assert platform.rows() == []


def test_an_event_becomes_a_row(platform: Platform):
    platform.seal(
        line(
            an_event(
                userId=42,
                sentAt="2026-01-01T01:00:00.123456789+01:00",
                originalTimestamp="2025-12-31T23:59:58Z",
                context={"locale": "de", "ip": "10.0.0.1", "consent": {"categoryPreferences": {"ads": False}}},
                properties={"product_id": "7"},
            ),
            gpc=True,
        )
    )
    platform.load()
    (row,) = platform.rows()
    assert {
        name: row[name] for name in ("source", "namespace", "message_id", "event_type", "event_name", "user_id")
    } == {
        "source": "web",
        "namespace": "shop",
        "message_id": "m1",
        "event_type": "track",
        "event_name": "Product Viewed",
        "user_id": "42",
    }
    assert [row[name].isoformat() for name in ("sent_at", "original_at", "received_at")] == [
        "2026-01-01T00:00:00.123456",
        "2025-12-31T23:59:58",
        "2026-01-01T00:00:00.123456",
    ]
    assert orjson.loads(row["context"]) == {"locale": "de", "consent": {"categoryPreferences": {"ads": False}}}
    assert row["properties"] == '{"product_id":"7"}'
    assert row["consent"] == '{"ads":false}'
    assert (row["is_gpc"], row["is_simulated"], row["_line"]) == (True, False, 1)
    assert row["traits"] is None


def test_consent_that_is_empty_is_not_consent_that_is_missing(platform: Platform):
    platform.seal(line(an_event("m1", context={"consent": {"categoryPreferences": {}}})), line(an_event("m2")))
    platform.load()
    assert [row["consent"] for row in platform.rows("consent, _segment, _line")] == ["{}", None]


def test_simulated_sources_are_marked(platform: Platform):
    platform.seal(line(an_event(), source="simulated_web"))
    platform.load()
    assert platform.rows("is_simulated, _segment, _line")[0]["is_simulated"]


def test_a_segment_is_loaded_once_and_kept_without_identifiers(platform: Platform):
    platform.seal(line(an_event(traits={"email": "jane@example.com", "plan": "gold"})), line(an_event("m2")))
    assert platform.load() == EventLoad(1, 2, 0, 2, 0)
    assert platform.load() == EventLoad(0, 0, 0, 2, 0)
    assert sealed_segments(platform.folder) == []
    (kept,) = (platform.folder / "loaded").iterdir()
    lines = gzip.decompress(kept.read_bytes()).splitlines()
    assert [orjson.loads(each)["event"]["messageId"] for each in lines] == ["m1", "m2"]
    assert orjson.loads(lines[0])["event"]["traits"] == {"plan": "gold"}
    assert count_identifiers(platform.settings, read_keys(platform.settings)) == {"email": 1}
    tokens = [row["email_token"] for row in platform.rows()]
    assert len(tokens[0]) == 32
    assert tokens[1] is None


@pytest.mark.parametrize("step", ["add_identifiers", "_insert", "_move"])
def test_a_load_that_breaks_off_anywhere_is_completed_by_the_next(
    platform: Platform, step: str, monkeypatch: pytest.MonkeyPatch
):
    platform.seal(line(an_event(userId="jane@example.com")))

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(events, step, fail)
        with pytest.raises(KeyboardInterrupt):
            platform.load()
    platform.load()
    assert len(platform.rows()) == 1
    assert count_identifiers(platform.settings, read_keys(platform.settings)) == {"email": 1}
    assert sealed_segments(platform.folder) == []


LOAD = """
import datetime, pathlib, sys
from dmp_assets.collector.load import load_segments
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse

settings = Settings(home=pathlib.Path(sys.argv[1]))
print(load_segments(Warehouse.from_settings(settings), settings, now=datetime.datetime(2026, 1, 1)).segments)
"""


def test_two_loads_at_the_same_time_load_each_segment_once(platform: Platform):
    for number in range(20):
        platform.seal(line(an_event(f"m{number}")))
    command = [sys.executable, "-c", LOAD, platform.settings.home]
    loads = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sorted(load.communicate()[0] for load in loads) == ["0\n", "20\n"]
    assert len(platform.rows()) == 20


def test_the_same_content_in_two_segments_is_kept_twice(platform: Platform):
    for _ in range(2):
        platform.seal(line(an_event()))
        platform.load()
    assert [row["message_id"] for row in platform.rows()] == ["m1", "m1"]


def test_what_is_no_event_is_kept_with_the_reason_and_without_identifiers(platform: Platform):
    refused = orjson.dumps(an_event(traits={"name": "Jane", "phone": "+15550001111"})).decode()
    platform.folder.mkdir()
    write_sealed(
        platform.folder,
        "20260101T000000000000Z-test",
        [
            line(reason="no_user_anon_id", raw=refused),
            line(reason="too_deep", raw='{"email": "jane@example.com", cut'),
            b'{"half": ',
            b'{"source": 1}',
            b"\xff\x00jane@example.com",
            line(an_event()),
        ],
    )
    assert platform.load() == EventLoad(1, 1, 5, 1, 5)
    rejected = platform.rows(table="rejected_events")
    assert [(row["source"], row["reason"], row["_line"]) for row in rejected] == [
        ("web", "no_user_anon_id", 1),
        ("web", "too_deep", 2),
        ("unknown", "not_json", 3),
        ("unknown", "not_an_event", 4),
        ("unknown", "not_json", 5),
    ]
    texts = " ".join(row["row_json"] for row in rejected)
    assert "jane" not in texts.lower()
    assert "1111" not in texts
    assert "Product Viewed" in texts


@pytest.mark.parametrize(
    "spoil", [lambda whole: whole[:-12], lambda whole: whole[:5], lambda _: b"", lambda w: b"x" + w]
)
def test_a_damaged_segment_is_set_aside_as_it_is_and_the_others_are_loaded(platform: Platform, spoil: Callable):
    platform.seal(line(an_event("m1")))
    (first,) = sealed_segments(platform.folder)
    whole = first.read_bytes()
    first.write_bytes(spoil(whole))
    platform.seal(line(an_event("m2")))
    assert platform.load().damaged == (first.name,)
    assert [row["message_id"] for row in platform.rows()] == ["m2"]
    (aside,) = damaged_segments(platform.folder)
    assert aside.read_bytes() == spoil(whole)
    # A whole copy from a backup.
    first.write_bytes(whole)
    assert platform.load().damaged == ()
    assert sorted(row["message_id"] for row in platform.rows()) == ["m1", "m2"]
    assert aside.exists()


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00"),
        ("2026-01-01t10:00:00.123456789Z", "2026-01-01T10:00:00.123456"),
        ("20260101T100000+0530", "2026-01-01T04:30:00"),
        ("2026-01-01 10:00:00 -02:00", "2026-01-01T12:00:00"),
        ("2026-01-01T10:00Z", "2026-01-01T10:00:00"),
        ("2026-01-01T10:00:00,5", "2026-01-01T10:00:00.500000"),
        ("2026-W01-4T10Z", "2026-01-01T10:00:00"),
        ("2026-01-01", "2026-01-01T00:00:00"),
    ],
)
def test_every_time_that_the_collector_accepts_is_read(platform: Platform, said: str, read: str):
    sent = collect(an_event(timestamp=said), "track", Source("web", "shop"), Receipt(dt.datetime.now(dt.UTC)))
    assert sent.accepted == 1
    platform.seal(*sent.lines)
    platform.load()
    assert platform.rows()[0]["original_at"].isoformat() == read


def test_the_category_of_a_page_is_kept_among_its_properties(platform: Platform):
    page = {"type": "page", "name": "Home", "category": "Shop"}
    platform.seal(line(an_event("m1") | page), line(an_event("m2", properties={"category": "own"}) | page))
    platform.seal(line(an_event("m3", category="not a page's")))
    platform.load()
    assert [row["properties"] for row in platform.rows()] == ['{"category":"Shop"}', '{"category":"own"}', None]


HAND_MADE = [
    line(an_event(sentAt="yesterday")),
    line(an_event(), received_at="soon"),
    line(an_event(), received_at=5),
    line(an_event(), namespace=["shop"]),
    line(an_event(), user_agent={"x": 1}),
    line(an_event(context=[1])),
    line(an_event(context={"consent": "all"})),
    line(an_event(traits="x", properties=7)),
    line(an_event(userId={"a": 1})),
    line(an_event(messageId=[1])),
    line(an_event(event="a\0b")),
    line(an_event(), source="a\0b"),
    line(an_event() | {"type": "nonsense"}),
    line()[:-1] + b',"event":null}',
    line()[:-1] + b',"event":[]}',
    line()[:-1] + b',"event":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}",
    line(reason=5, raw="x"),
    line(an_event(), reason="x", raw="y"),
    line(reason="x", raw=["y"]),
    line(reason="x", raw="a\0b"),
    b"[]",
    b"null",
    b"{}",
    b'{"source":"web","event":NaN}',
]


@pytest.mark.parametrize("hand_made", HAND_MADE, ids=range(len(HAND_MADE)))
def test_a_malformed_hand_made_line_is_set_aside_and_ends_no_load(platform: Platform, hand_made: bytes):
    platform.folder.mkdir()
    write_sealed(
        platform.folder, "20260101T000000000000Z-test", [line(an_event("m1")), hand_made, line(an_event("m2"))]
    )
    assert platform.load() == EventLoad(1, 2, 1, 2, 1)
    assert [row["message_id"] for row in platform.rows()] == ["m1", "m2"]


def test_the_user_agent_of_the_request_is_cleaned_like_that_of_an_event_and_in_the_archive_too(platform: Platform):
    browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
    agent = "ShopApp/1.2 (jane@example.com)"
    platform.seal(
        line(an_event(), user_agent=browser),
        line(an_event("m2"), user_agent=agent),
        line(an_event("m3", context={"userAgent": agent})),
        line(an_event("m4", type="unheard of"), user_agent=agent),
    )
    assert platform.load() == EventLoad(1, 3, 1, 3, 1)
    rows = platform.rows()
    assert rows[0]["request_user_agent"] == browser
    cleaned = orjson.loads(rows[2]["context"])["userAgent"]
    assert "jane" not in cleaned
    assert rows[1]["request_user_agent"] == cleaned
    (kept,) = (platform.folder / "loaded").iterdir()
    lines = gzip.decompress(kept.read_bytes())
    assert b"jane" not in lines
    assert [orjson.loads(each).get("user_agent") for each in lines.splitlines()] == [browser, cleaned, None, cleaned]
    assert orjson.loads(lines.splitlines()[1])["event"]["messageId"] == "m2"
    assert count_identifiers(platform.settings, read_keys(platform.settings)) == {"email": 1}


def test_the_user_agent_of_the_request_is_a_column_of_its_own(platform: Platform):
    platform.seal(line(an_event(), user_agent="Mozilla/5.0"), line(an_event("m2")))
    platform.load()
    assert [row["request_user_agent"] for row in platform.rows()] == ["Mozilla/5.0", None]


def test_a_table_of_an_earlier_version_gets_the_columns_that_it_lacks(platform: Platform):
    with platform.warehouse.write() as connection:
        events.create_tables(connection)
        connection.execute("alter table raw.events drop column request_user_agent")
    platform.seal(line(an_event(), user_agent="Mozilla/5.0"))
    platform.load()
    (row,) = platform.rows()
    assert (row["request_user_agent"], row["is_simulated"], row["message_id"]) == ("Mozilla/5.0", False, "m1")


@pytest.mark.parametrize("user_id", [42, 42.0, "42", " 42\t", "42\u00a0"])
def test_a_number_and_its_text_are_one_id(platform: Platform, user_id: object):
    platform.seal(line(an_event(userId=user_id)))
    platform.load()
    assert platform.rows()[0]["user_id"] == "42"


def test_an_id_beyond_the_exact_numbers_of_a_float_keeps_its_last_digit(platform: Platform):
    platform.seal(line(an_event("m1", userId=9007199254740993)), line(an_event("m2", userId="9007199254740993")))
    platform.load()
    assert {row["user_id"] for row in platform.rows()} == {"9007199254740993"}


@pytest.mark.parametrize("choice", ["count", "quarantine"])
def test_an_event_that_breaks_events_yml_is_counted_or_quarantined_as_the_project_chose(tmp_path: Path, choice: str):
    project = tmp_path / "project"
    project.mkdir()
    (project / "dbt_project.yml").write_text("name: shop")
    (project / "events.yml").write_text(
        f"on_violation: {choice}\nevents:\n  Product Viewed:\n    properties: {{price: {{type: number}}}}\n"
    )
    platform = Platform(tmp_path / "home", dbt_project_dir=project)
    platform.seal(
        line(an_event("good", properties={"price": 1})), line(an_event("bad", properties={"price": "secret"}))
    )
    platform.load()
    kept = [(row["message_id"], row["violation"]) for row in platform.rows()]
    set_aside = [(row["reason"], row["violation"]) for row in platform.rows(table="rejected_events")]
    if choice == "count":
        assert (kept, set_aside) == ([("good", None), ("bad", "$.price: type number")], [])
    else:
        assert (kept, set_aside) == ([("good", None)], [("breaks_events_yml", "$.price: type number")])
