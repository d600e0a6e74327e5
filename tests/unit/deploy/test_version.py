"""One version, wherever it is said."""

import re
import tomllib

import yaml

from dmp_assets.platform.project import PACKAGE_DIR

ROOT = PACKAGE_DIR.parent


def test_the_package_and_its_dbt_project_have_the_version_of_the_newest_changes():
    (newest, *_) = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    project = yaml.safe_load((PACKAGE_DIR / "dbt_project.yml").read_text())["version"]
    assert package == project == newest
