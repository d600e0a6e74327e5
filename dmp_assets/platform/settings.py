"""Every setting of the platform, read from the environment and validated once.

What lives here: one field per environment variable, and the paths that follow from them. Nothing else in the code reads the
environment for a setting.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import urllib.parse
import zoneinfo
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, StringConstraints, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.files import read_yaml
from dmp_assets.platform.project import PACKAGE_DIR, find_project


class Settings(BaseSettings):
    """The platform's settings; each field is the environment variable ``DMP_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix="DMP_", env_ignore_empty=True, frozen=True, extra="ignore")

    dbt_project_dir: Path = Field(
        default_factory=find_project,
        description="the folder of a project that `dmp init` made (default: found from the current folder upwards)",
    )
    home: Path = Field(
        default_factory=lambda fields: _project_dir(fields.get("dbt_project_dir", Path())) / ".dmp",
        description="a folder that this user may write; all state lives in it (default: .dmp in the project)",
    )
    as_of: dt.date | None = Field(
        default=None,
        description="a date YYYY-MM-DD; analytics know only what happened before it (default: the day after the newest order)",
    )
    sample_percent: int = Field(
        default=100,
        ge=1,
        le=100,
        description="a whole number from 1 to 100: the share of the demo's households that is loaded (default: 100)",
    )
    threads: int = Field(
        default=max(1, min(os.cpu_count() or 1, 64)),
        ge=1,
        le=64,
        description="a whole number from 1 to 64: threads of DuckDB and dbt (default: the number of processors)",
    )
    memory_limit: Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)?(MB|GB|TB)$")] = Field(
        default="8GB",
        description="a size such as 800MB or 8GB: the memory that DuckDB may use (default: 8GB)",
    )
    lock_timeout_seconds: float = Field(
        default=30,
        ge=0,
        le=3600,
        description="seconds from 0 to 3600 to wait for another process to release the warehouse (default: 30)",
    )
    keep_runs_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="days from 1 to 3650 for which past runs are kept, some 20 MB for a whole build (default: 30)",
    )
    min_free_gb: float = Field(
        default=2,
        ge=0,
        le=100_000,
        description="GB from 0 to 100000 of free disk below which `dmp health` warns (default: 2)",
    )
    max_rejected_percent: float = Field(
        default=5,
        ge=0,
        le=100,
        description="a number from 0 to 100: the share of a source's rows or events that may be refused before `dmp health` warns "
        "(default: 5)",
    )
    alert_webhook: SecretStr | None = Field(
        default=None,
        description="an http or https address that receives each alert as JSON (default: none)",
    )
    alert_webhook_secret: SecretStr | None = Field(
        default=None,
        description="a secret with which what the webhook receives is signed, HMAC-SHA256 (default: not signed)",
    )
    alert_slack: SecretStr | None = Field(
        default=None,
        description='the http or https address of an incoming webhook of Slack, Mattermost or another that takes {"text": ...}',
    )
    alert_smtp: SecretStr | None = Field(
        default=None,
        description="a mail server, smtp://user:password@host:587 or smtps://host:465; the user and password may be left out",
    )
    alert_mail_from: str = Field(
        default="dmp@localhost",
        pattern=r"^[^@\s<>]+@[^@\s<>]+$",
        description="the sender's mail address (default: dmp@localhost)",
    )
    alert_mail_to: str = Field(
        default="",
        pattern=r"^([^@\s<>,]+@[^@\s<>,]+(,\s*[^@\s<>,]+@[^@\s<>,]+)*)?$",
        description="the mail addresses that receive alerts, with commas between them (default: none)",
    )
    alert_digest: bool = Field(
        default=False,
        description="true or false: whether a message each day says how things stand, also when all is well (default: false)",
    )
    vault_key: SecretStr | None = Field(
        default=None,
        description="the secret behind the vault and the pseudonyms (default: the file vault.key in the home)",
    )
    collector_kafka: str | None = Field(
        default=None,
        description="Kafka brokers, host:port with commas between them; the collector then writes there (default: to files)",
    )
    collector_kafka_topic: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,249}$")] = Field(
        default="events",
        description="a Kafka topic: letters, digits, dot, _ and - (default: events)",
    )

    published_for: Literal["owner", "group", "everyone"] = Field(
        default="owner",
        description="owner, group or everyone: who may read the published files; all others are the owner's (default: owner)",
    )

    @field_validator("home", "dbt_project_dir")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().resolve()

    @field_validator("alert_webhook", "alert_slack", "alert_smtp")
    @classmethod
    def _is_address(cls, address: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        schemes = ("smtp", "smtps") if info.field_name == "alert_smtp" else ("http", "https")
        if address is not None:
            parts = urllib.parse.urlsplit(address.get_secret_value())
            if parts.scheme not in schemes or not parts.hostname:
                raise ValueError("no such address")
        return address

    @field_validator("dbt_project_dir")
    @classmethod
    def _holds_a_project(cls, path: Path) -> Path:
        if not (path / "dbt_project.yml").is_file():
            raise ValueError("no dbt_project.yml in it")
        return path

    @property
    def project_dir(self) -> Path:
        """What the user edits: the sources, the rules, the workspace."""
        return _project_dir(self.dbt_project_dir)

    @property
    def rules_dir(self) -> Path:
        """The user's rules, one YAML file per subject."""
        return self.project_dir / "rules"

    @property
    def audiences_dir(self) -> Path:
        """The user's audiences, one YAML file each."""
        return self.project_dir / "audiences"

    @property
    def dbt_folders(self) -> tuple[Path, ...]:
        """Every dbt project that takes part: the platform's, then the user's unless it is that one."""
        return tuple(dict.fromkeys((PACKAGE_DIR, self.dbt_project_dir)))

    @property
    def warehouse_path(self) -> Path:
        """The DuckDB file with every table."""
        return self.home / "warehouse.duckdb"

    @property
    def spill_dir(self) -> Path:
        """Where this process puts what does not fit into memory, and extracts; made when needed, gone with the process."""
        return self.home / f"spill-{os.getpid()}"

    @property
    def vault_path(self) -> Path:
        """The encrypted DuckDB file with the direct identifiers."""
        return self.home / "vault.duckdb"

    @property
    def collector_dir(self) -> Path:
        """The event collector's write keys and segments."""
        return self.home / "collector"

    @property
    def landing_dir(self) -> Path:
        """What was fetched from databases and web services and waits to be loaded."""
        return self.home / "landing"

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance: run history, event log, schedules."""
        return self.home / "dagster"

    @property
    def dbt_target_dir(self) -> Path:
        """The parsed dbt project (manifest) and the outputs of dbt runs."""
        return self.home / "dbt"

    @property
    def published_dir(self) -> Path:
        """What people and their tools open: pages, and the served tables as a DuckDB file and as Parquet files."""
        return self.home / "published"

    def environment(self) -> dict[str, str]:
        """Return the variables by which dbt and Dagster processes receive these settings."""
        return {
            "DMP_HOME": str(self.home),
            "DMP_DBT_PROJECT_DIR": str(self.dbt_project_dir),
            "DMP_WAREHOUSE": str(self.warehouse_path),
            "DMP_AS_OF": self.as_of.isoformat() if self.as_of else "",
            "DMP_MACROS_VERSION": _macros_version(self.dbt_folders),
            "DMP_THREADS": str(self.threads),
            "DMP_MEMORY_LIMIT": self.memory_limit,
            "DMP_SPILL": str(self.spill_dir),
            "DAGSTER_HOME": str(self.dagster_home),
            "DBT_TARGET_PATH": str(self.dbt_target_dir),
            "DBT_LOG_PATH": str(self.home / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }


def _project_dir(dbt_project_dir: Path) -> Path:
    return PACKAGE_DIR.parent if dbt_project_dir == PACKAGE_DIR else dbt_project_dir


@cache
def _macros_version(dbt_folders: tuple[Path, ...]) -> str:
    """Return a hash of the dbt projects' macros."""
    digest = hashlib.sha256()
    for file in sorted(file for folder in dbt_folders for file in (folder / "macros").glob("*.sql")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def project_variables(settings: Settings) -> dict[str, Any]:
    """Return the variables of the dbt project: the platform's, and over them the user's, as each ``dbt_project.yml`` has them."""
    variables: dict[str, Any] = {}
    for folder in settings.dbt_folders:
        project = read_yaml(folder / "dbt_project.yml")
        variables |= project.get("vars") or {}
    return variables


def store_time_zone(settings: Settings) -> str:
    """Return the time zone (IANA) by whose clock the platform runs: that of the first stores, or else that of the events.

    Raises:
        UserError: the dbt project names no such time zone.
    """
    variables = project_variables(settings)
    zone = (variables["time_zones"] or [variables["event_time_zone"]])[0]
    if zone not in zoneinfo.available_timezones():
        raise UserError(
            f"dbt_project.yml: {zone} is no IANA time zone, such as Europe/Paris, Asia/Shanghai or UTC; "
            "correct the vars time_zones and event_time_zone."
        )
    return zone


@cache
def get_settings() -> Settings:
    """Return the settings of this process.

    Raises:
        UserError: a variable has a wrong value; the message names each such variable and the accepted values.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise UserError(_explain(error)) from None


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        if problem["type"] == "default_factory_not_called":  # the home's default, after a wrong project
            continue
        field = str(problem["loc"][0])
        accepted = Settings.model_fields[field].description
        is_secret = "SecretStr" in str(Settings.model_fields[field].annotation)
        given = "" if is_secret else f"={problem['input']!s}"
        lines.append(f"DMP_{field.upper()}{given} is not accepted: give {accepted}.")
    return "\n".join(lines)
