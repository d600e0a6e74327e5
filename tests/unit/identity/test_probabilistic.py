import threading
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dmp_assets.identity.probabilistic import FEWEST_PAIRS, THRESHOLD, match_records, match_vault
from dmp_assets.platform.settings import Settings
from dmp_assets.privacy.keys import pseudonym, read_keys
from dmp_assets.privacy.vault import add_identifiers, private_connection

FIRST = [
    "ada",
    "ben",
    "cleo",
    "dora",
    "eli",
    "faye",
    "gustav",
    "hanna",
    "ian",
    "jane",
    "kofi",
    "lena",
    "maximilian",
    "nora",
    "omar",
]
LAST = [
    "abbot",
    "baker",
    "carver",
    "dyer",
    "eastman",
    "fisher",
    "gardner",
    "hooper",
    "ingram",
    "joyner",
    "kemp",
    "lister",
]
COLUMNS = [
    "namespace",
    "customer_id",
    "unique_id",
    "first_name",
    "last_name",
    "email",
    "phone",
    "birthday",
    "address",
    "address_text",
]
ONE, OTHER = "till", "shop"


def people(count: int = 240) -> list[dict]:
    """Return records of two namespaces: number n is one person in both.

    Of every four, the second has typos in its names in the other namespace, the third another e-mail address and no phone number,
    and of the fourth only names are known there.
    """
    rng = np.random.default_rng(3)
    rows = []
    for number in range(count):
        first, last = FIRST[rng.integers(len(FIRST))], LAST[rng.integers(len(LAST))]
        birthday = str(np.datetime64("1950-01-01") + int(rng.integers(15_000)))
        address = [f"{44000 + rng.integers(40)}", f"{rng.integers(1, 99)} elm street"]
        person = {
            "first_name": first, "last_name": last, "email": f"{first}{number}@example.org", "phone": f"1555{number:07d}",
            "birthday": birthday, "address": address,
        }  # fmt: skip
        there: dict[str, Any] = dict(person)
        if number % 4 == 1:
            there |= {"first_name": first[0] + first[2:], "last_name": last[:-1]}
        if number % 4 == 2:
            there |= {"email": f"{last}.{number}@example.com", "phone": None}
        if number % 4 == 3:
            there |= {"email": f"{number}@example.net", "phone": None, "birthday": None, "address": None}
        rows += [{"namespace": ONE, "number": number, **person}, {"namespace": OTHER, "number": number, **there}]
    return rows


def table(rows: list[dict]) -> pa.Table:
    frame = pd.DataFrame(rows)
    frame["customer_id"] = frame["namespace"] + ":" + frame["number"].astype(str)
    frame["unique_id"] = np.arange(len(frame))
    frame["address_text"] = [" ".join(each) if each else None for each in frame["address"]]
    return pa.Table.from_pandas(frame[COLUMNS], preserve_index=False)


def twins() -> list[dict]:
    one = {
        "last_name": "weaver", "phone": None, "birthday": "1970-02-03", "address": ["44000", "7 twin street"],
    }  # fmt: skip
    return [
        {"namespace": ONE, "number": 900, "first_name": "victor", "email": "victor@example.org", **one},
        {"namespace": OTHER, "number": 901, "first_name": "tess", "email": "tess@example.org", **one},
    ]


@pytest.fixture(scope="module")
def matches():
    with duckdb.connect() as connection:
        return match_records(connection, table([*people(), *twins()]))


def test_people_are_found_without_labels_through_typos_and_another_address(matches):
    assert matches.reason is None
    accepted = matches.pairs[matches.pairs["probability"] >= THRESHOLD]
    numbers = accepted["identifier_id"].str.split(":").str[1].astype(int)
    assert (
        accepted["identifier_id"].str.split(":").str[1] == accepted["other_identifier_id"].str.split(":").str[1]
    ).all()
    found = np.bincount(numbers % 4, minlength=4) / 60
    assert found[0] == 1
    assert found[1] > 0.9, "typos"
    assert found[2] > 0.9, "another address"
    assert found[3] == 0, "a name alone is nobody's proof"


def test_twins_at_one_address_are_two(matches):
    assert f"{OTHER}:901" not in matches.pairs.loc[matches.pairs["probability"] >= THRESHOLD, "identifier_id"].tolist()


def test_the_waterfall_of_a_pair_adds_up_to_its_weight_and_says_how_far_it_agrees(matches):
    sums = matches.evidence.groupby(["identifier_id", "other_identifier_id"])["match_weight"].sum()
    weights = matches.pairs.set_index(["identifier_id", "other_identifier_id"])["match_weight"]
    pd.testing.assert_series_equal(sums.sort_index(), weights.sort_index(), check_names=False)
    steps = matches.evidence.groupby("comparison")["level"].unique()
    assert list(steps["prior"]) == ["any two records"]
    assert "not known of both" in steps["birthday"] or "not known of both" in steps["phone"]
    assert not matches.evidence["level"].str.contains("|".join([*LAST, "example", "1555"])).any(), "no value in clear"


def test_the_same_records_give_the_same_pairs_and_each_customer_one(matches):
    with duckdb.connect() as connection:
        again = match_records(connection, table([*people(), *twins()]))
    pd.testing.assert_frame_equal(again.pairs, matches.pairs)
    assert matches.pairs["identifier_id"].is_unique
    assert matches.pairs["other_identifier_id"].is_unique


def test_a_birthday_that_many_share_makes_no_block_and_it_is_told(matches):
    nobodys = {"last_name": "unknown", "birthday": "1900-01-01", "phone": None}
    crowd = [
        {
            **nobodys, "namespace": namespace, "number": 1000 + number, "first_name": f"{namespace}{number}",
            "email": f"{number}@{namespace}.example", "address": [f"{number} {namespace} road"],
        }
        for namespace in (ONE, OTHER)
        for number in range(300)
    ]  # fmt: skip
    with duckdb.connect() as connection:
        found = match_records(connection, table([*people(), *twins(), *crowd]))
    assert matches.left_out == {}
    assert found.left_out == {"birthday and last_name": 600}
    ids = ["identifier_id", "other_identifier_id"]
    both = found.pairs[found.pairs["probability"] >= THRESHOLD]
    assert (
        both[ids].to_numpy().tolist()
        == matches.pairs.loc[matches.pairs["probability"] >= THRESHOLD, ids].to_numpy().tolist()
    )


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([row for row in people(8) if row["namespace"] == ONE], "one namespace only"),
        (
            people(8),
            f"4 pairs of customers share an e-mail address or a phone number; the model learns from {FEWEST_PAIRS}",
        ),
    ],
)
def test_where_nothing_can_be_learned_it_says_why_and_finds_nobody(rows, reason):
    with duckdb.connect() as connection:
        matches = match_records(connection, table(rows))
    assert matches.reason is not None
    assert reason in matches.reason
    assert len(matches.pairs) == len(matches.evidence) == 0


def test_without_a_vault_there_is_nobody_to_match(tmp_path):
    settings = Settings(home=tmp_path)
    assert match_vault(settings, read_keys(settings), {"till": "till"}).reason == "There is no vault."


def test_the_vaults_values_leave_it_only_as_pairs_and_are_in_clear_in_no_file(tmp_path: Path, monkeypatch):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.chdir(temporary)
    settings = Settings(home=tmp_path / "home")
    settings.home.mkdir()
    keys = read_keys(settings)
    found = [
        (
            row["namespace"],
            str(row["number"]),
            None,
            kind,
            value,
            pseudonym(kind, value, keys.pseudonyms),
            "2026-01-02T00:00:00+00:00",
        )
        for row in people(120)
        for kind in ("first_name", "last_name", "email", "phone", "birthday", "address")
        for value in (row[kind] if isinstance(row[kind], list) else [row[kind]])
        if value
    ]
    add_identifiers(settings, keys, found)
    matches = match_vault(settings, keys, {ONE: ONE, OTHER: OTHER})
    assert len(matches.pairs) > 60
    matches.pairs.to_csv(tmp_path / "home" / "pairs.csv")
    matches.evidence.to_csv(tmp_path / "home" / "evidence.csv")
    clear = [str(value).encode() for *_, value, _, _ in found if len(str(value)) > 5]
    for file in (path for path in tmp_path.rglob("*") if path.is_file()):
        content = file.read_bytes()
        assert not any(value in content for value in clear), file


def test_what_does_not_fit_into_memory_is_spilled_encrypted(tmp_path: Path):
    settings = Settings(home=tmp_path)
    seen: dict[Path, bytes] = {}
    is_done = threading.Event()

    settings.spill_dir.mkdir(parents=True, exist_ok=True)

    def watch() -> None:
        while not is_done.is_set():
            for file in settings.spill_dir.rglob("*"):
                try:
                    seen[file] = seen.get(file, b"") + file.read_bytes()
                except OSError:
                    continue
            is_done.wait(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with private_connection(settings) as connection:
            connection.execute("set memory_limit = '60MB'; set threads = 1")
            names = table(people(100)).append_column("filler", pa.array(["elm street" * 40] * 200))
            connection.register("names", names)
            connection.execute("create temp table spilled as select names.* from names, range(2000)")
            assert connection.execute("select count(*) from spilled where last_name is not null").fetchone() == (
                400_000,
            )
    finally:
        is_done.set()
        watcher.join()
    written = b"".join(seen.values())
    assert written, "nothing was spilled, so nothing was tested"
    assert b"elm street" not in written
    assert not any(name.encode() in written for name in LAST if len(name) > 5)
