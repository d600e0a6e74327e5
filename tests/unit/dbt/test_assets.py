import datetime as dt
import os

import pytest

from dmp_assets.dbt.assets import AsOf, _environment
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings

NOVEMBER = Settings(as_of=dt.date(2017, 11, 1))


@pytest.mark.parametrize(
    ("config", "settings", "as_of"),
    [
        (AsOf(), Settings(), ""),
        (AsOf(), NOVEMBER, "2017-11-01"),
        (AsOf(as_of="2017-06-01"), NOVEMBER, "2017-06-01"),
    ],
)
def test_the_date_of_the_run_goes_before_that_of_the_settings(config, settings, as_of):
    assert config.environment(settings)["DMP_AS_OF"] == as_of


@pytest.mark.parametrize("text", ["yesterday", "01.06.2017", "2017-02-30"])
def test_what_is_no_date_is_named_with_how_to_write_one(text):
    with pytest.raises(UserError, match=rf"as_of: '{text}' is no date: write it as YYYY-MM-DD"):
        AsOf(as_of=text).environment(NOVEMBER)


def test_the_environment_is_afterwards_what_it_was(monkeypatch):
    monkeypatch.setenv("DMP_AS_OF", "2017-11-01")
    monkeypatch.delenv("DBT_INDIRECT_SELECTION", raising=False)
    with _environment(AsOf(as_of="2017-06-01").environment(NOVEMBER)):
        assert os.environ["DMP_AS_OF"] == "2017-06-01"
        assert os.environ["DBT_INDIRECT_SELECTION"] == "buildable"
    assert os.environ["DMP_AS_OF"] == "2017-11-01"
    assert "DBT_INDIRECT_SELECTION" not in os.environ
