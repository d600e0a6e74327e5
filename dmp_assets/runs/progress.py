"""What a run shows while it goes: one line per finished asset, failed check or step."""

from __future__ import annotations

import logging
from collections.abc import Callable

import dagster as dg

from dmp_assets.runs.report import metadata_value


class Progress(logging.Handler):
    """Turns the run's log records into one short line per finished asset or check."""

    def __init__(self, show: Callable[[str], None]) -> None:
        """Create a handler that hands its lines to `show`."""
        super().__init__()
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        """Show the record if it is progress that a person cares about."""
        event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if event is None:
            return
        if event.is_step_materialization:
            materialization = event.step_materialization_data.materialization
            rows = metadata_value(materialization.metadata, "dagster/row_count")
            counted = f"  {rows:,} rows" if rows is not None else ""
            self._show(f"  made     {materialization.asset_key.to_user_string()}{counted}")
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            if not evaluation.passed:
                outcome = "warned" if evaluation.severity == dg.AssetCheckSeverity.WARN else "FAILED"
                why = f": {evaluation.description}" if evaluation.description else ""
                self._show(f"  {outcome}   check {evaluation.asset_key.to_user_string()}:{evaluation.check_name}{why}")
        elif event.is_step_start:
            self._show(f"started    {event.step_key}")
        elif event.is_step_failure:
            self._show(f"  FAILED   {event.step_key}")


def progress_logger(show: Callable[[str], None]) -> dg.LoggerDefinition:
    """Return a Dagster logger that shows progress through `show`."""

    @dg.logger(config_schema=None, description="One line per finished asset.")
    def progress(_: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.getLogger("dmp.progress")
        logger.handlers = [Progress(show)]
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        return logger

    return progress
