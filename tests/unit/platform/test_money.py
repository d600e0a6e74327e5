import shutil

import pytest

from dmp_assets.platform.money import currency, currency_in_words, money
from dmp_assets.platform.project import PACKAGE_DIR
from dmp_assets.platform.settings import get_settings

CACHED = (get_settings, currency, currency_in_words)


@pytest.mark.parametrize(
    ("code", "amount", "name"),
    [
        ("CNY", "1,234.50 CNY", "Chinese yuan (CNY)"),
        ("JPY", "1,234 JPY", "Japanese yen (JPY)"),
        ("KWD", "1,234.500 KWD", "Kuwaiti dinars (KWD)"),
        ("IQD", "1,234.500 IQD", "Iraqi dinars (IQD)"),
        ("USD", "1,234.50 USD", "US dollars (USD)"),
    ],
)
def test_amounts_are_in_the_currency_of_the_project_with_its_decimals(tmp_path, monkeypatch, code, amount, name):
    project = tmp_path / "dbt_project.yml"
    shutil.copy(PACKAGE_DIR / "dbt_project.yml", project)
    written = project.read_text(encoding="utf-8").replace("currency: USD", f"currency: {code}")
    project.write_text(written, encoding="utf-8")
    monkeypatch.setenv("DMP_DBT_PROJECT_DIR", str(tmp_path))
    for cached in CACHED:
        cached.cache_clear()
    try:
        assert money(1234.5) == amount
        assert money(1234.5, 0) == f"1,234 {code}"
        assert currency_in_words() == name
    finally:
        monkeypatch.undo()
        for cached in CACHED:
            cached.cache_clear()
    assert money(-1) == "-1.00 USD"
