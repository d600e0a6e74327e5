import datetime as dt

import pytest

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings, get_settings


@pytest.fixture(autouse=True)
def fresh_settings():
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.mark.parametrize(
    ("variable", "value", "accepted"),
    [
        ("DMP_SAMPLE_PERCENT", "0", "a whole number from 1 to 100"),
        ("DMP_SAMPLE_PERCENT", "ten", "a whole number from 1 to 100"),
        ("DMP_AS_OF", "31.12.2017", "a date YYYY-MM-DD"),
        ("DMP_THREADS", "0", "a whole number from 1 to 64"),
        ("DMP_MEMORY_LIMIT", "lots", "a size such as 800MB or 8GB"),
        ("DMP_LOCK_TIMEOUT_SECONDS", "-1", "seconds from 0 to 3600"),
    ],
)
def test_a_wrong_value_is_named_with_the_accepted_values(monkeypatch, variable, value, accepted):
    monkeypatch.setenv(variable, value)
    with pytest.raises(UserError) as error:
        get_settings()
    assert f"{variable}={value}" in str(error.value)
    assert accepted in str(error.value)


def test_all_wrong_values_are_reported_at_once(monkeypatch):
    monkeypatch.setenv("DMP_THREADS", "many")
    monkeypatch.setenv("DMP_AS_OF", "soon")
    with pytest.raises(UserError, match=r"(?s)DMP_AS_OF.*DMP_THREADS"):
        get_settings()


def test_an_empty_variable_means_the_default(monkeypatch):
    monkeypatch.setenv("DMP_AS_OF", "")
    monkeypatch.setenv("DMP_SAMPLE_PERCENT", "")
    assert get_settings().as_of is None
    assert get_settings().sample_percent == 100


def test_dbt_and_dagster_receive_the_settings_as_variables(tmp_path):
    environment = Settings(home=tmp_path, as_of=dt.date(2017, 11, 1)).environment()
    assert environment["DMP_AS_OF"] == "2017-11-01"
    assert environment["DMP_WAREHOUSE"] == str(tmp_path / "warehouse.duckdb")
    assert environment["DAGSTER_HOME"] == str(tmp_path / "dagster")
