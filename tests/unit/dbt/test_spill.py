import pytest
import yaml
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.environments.local import LocalEnvironment

from dmp_assets.platform.project import PACKAGE_DIR


@pytest.mark.parametrize("spill", ["spill-1", None])
def test_a_connection_of_dbt_puts_aside_where_the_process_may(tmp_path, monkeypatch, spill):
    monkeypatch.delenv("DMP_SPILL", raising=False)
    if spill:
        monkeypatch.setenv("DMP_SPILL", str(tmp_path / spill))
    profile = yaml.safe_load((PACKAGE_DIR / "profiles.yml").read_text())["dmp"]["outputs"]["duckdb"]
    given = {"path": str(tmp_path / "warehouse.duckdb"), "schema": "main", "plugins": profile["plugins"]}
    environment = LocalEnvironment(DuckDBCredentials.from_dict(DuckDBCredentials.translate_aliases(given)))
    cursor = environment.handle().cursor()
    ((folder,),) = cursor.execute("select current_setting('temp_directory')").fetchall()
    environment.close()
    assert folder == str(tmp_path / (spill or "warehouse.duckdb.tmp"))
