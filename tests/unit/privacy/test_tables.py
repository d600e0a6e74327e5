import datetime as dt

import duckdb
import pytest

from dmp_assets.platform.settings import Settings
from dmp_assets.privacy.identifiers import clean
from dmp_assets.privacy.keys import pseudonym, read_keys
from dmp_assets.privacy.tables import Pseudonymiser
from dmp_assets.privacy.texts import read_search
from dmp_assets.privacy.vault import count_identifiers

NOW = dt.datetime(2026, 1, 2)  # noqa: DTZ001 - the raw layer keeps UTC without a time zone
SPELLINGS = ["Mia.Muster+Shop@Example.org", " mia.muster+shop@example.org\u00a0", "MIA.MUSTER+SHOP@EXAMPLE.ORG"]


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


def in_a_file(settings: Settings, values: list[str | None]) -> list[str | None]:
    with duckdb.connect() as connection:
        connection.execute("create table files (place integer, email varchar)")
        connection.executemany("insert into files values (?, ?)", list(enumerate(values)))
        cleaner = Pseudonymiser(settings, source="shop", now=NOW, identifiers={"email": "email"})
        cleaner.table(connection, "files")
        cleaner.hand_over()
        return [value for (value,) in connection.execute("select email from files order by place").fetchall()]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_address_has_one_pseudonym_in_files_and_events_however_it_is_written(settings, spelling):
    (in_file, other, without_tag) = in_a_file(
        settings, [spelling, "miamuster+shop@example.org", "mia.muster@example.org"]
    )
    key = read_keys(settings).pseudonyms
    event = clean(
        {"traits": {"email": SPELLINGS[0]}},
        lambda kind, value: pseudonym(kind, value, key),
        read_search(settings, "web"),
    )
    assert in_file == event.email_token
    assert len({in_file, other, without_tag}) == 3, "dots and what follows a plus tell addresses apart"


@pytest.mark.parametrize("nothing", ["", "  ", "n/a", "null", "-", "None", None])
def test_a_word_for_nothing_is_nobodys_address(settings, nothing):
    assert in_a_file(settings, [nothing, SPELLINGS[0]])[0] is None
    assert count_identifiers(settings, read_keys(settings)) == {"email": 1}
