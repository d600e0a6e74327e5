"""The resource that runs dbt: dagster-dbt's own, without what it does besides."""

from collections.abc import Sequence
from typing import Any

from dagster_dbt import DbtCliResource


class Dbt(DbtCliResource):
    """Runs dbt without an adapter in this process.

    dagster-dbt makes one for each command, which takes two seconds: it reads every macro. Only its own fetching of row counts and
    column metadata uses it, and here nothing does: DuckDB lets no other process in while dbt runs.
    """

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:  # noqa: ARG002 - as dagster-dbt calls it
        return None
