"""What the tests of onboarding share: a plan made from a file of a few rows."""

from pathlib import Path
from typing import Any

import pytest

from dmp_assets.onboarding.decide import Said, plan_table
from dmp_assets.onboarding.inspection import inspect


@pytest.fixture
def plan(tmp_path: Path):
    def plan(header: str, *rows: str, **said):
        file = tmp_path / "orders.csv"
        file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        (found,) = inspect(str(file))
        known: dict[str, Any] = {"currency": "EUR", "time_zone": "UTC"}
        return plan_table("shop", found, Said(**known | said), None)

    return plan
