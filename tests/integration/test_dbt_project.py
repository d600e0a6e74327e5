"""dbt's own unit tests, run as part of the suite."""

import subprocess
import sys
from pathlib import Path

from dmp_assets.platform.project import PACKAGE_DIR

DBT = Path(sys.executable).with_name("dbt")


def test_the_dbt_unit_tests_pass(first_build, environment, tmp_path):
    run = subprocess.run(
        [DBT, "test", "--select", "test_type:unit", "--target-path", tmp_path, "--log-path", tmp_path],
        env=environment,
        cwd=PACKAGE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-5000:]
    assert "PASS=" in run.stdout
    assert "PASS=0" not in run.stdout
