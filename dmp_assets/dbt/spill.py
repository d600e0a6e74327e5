"""Where dbt's DuckDB puts what does not fit into memory: a plugin of dbt-duckdb, named in the profile.

The folder is one of each process, and dbt parses a whole project again whenever a word of the profile is another than before.
"""

import os
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin


class Plugin(BasePlugin):
    """Tells DuckDB the folder of `Settings.spill_dir`, once, when the file is opened: afterwards it refuses another word on it."""

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:  # noqa: ARG002 - as dbt calls it
        """Add the folder to what DuckDB is opened with; without the platform's setting DuckDB takes its own, beside the file."""
        if folder := os.environ.get("DMP_SPILL"):
            config["temp_directory"] = folder
