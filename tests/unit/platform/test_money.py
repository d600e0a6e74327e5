import shutil

from dmp_assets.platform.money import currency, money
from dmp_assets.platform.project import PACKAGE_DIR
from dmp_assets.platform.settings import get_settings


def test_amounts_are_in_the_currency_of_the_project(tmp_path, monkeypatch):
    project = tmp_path / "dbt_project.yml"
    shutil.copy(PACKAGE_DIR / "dbt_project.yml", project)
    project.write_text(project.read_text(encoding="utf-8").replace("currency: USD", "currency: CNY"), encoding="utf-8")
    monkeypatch.setenv("DMP_DBT_PROJECT_DIR", str(tmp_path))
    for cached in (get_settings, currency):
        cached.cache_clear()
    try:
        assert money(1234.5) == "1,234.50 CNY"
        assert money(1234.5, 0) == "1,234 CNY"
    finally:
        monkeypatch.undo()
        for cached in (get_settings, currency):
            cached.cache_clear()
    assert money(-1) == "-1.00 USD"
