"""The gate: nothing is made from a table whose newest blocking check is not a pass, in whichever run that was.

Within a run Dagster itself stops what is downstream of a failed check. The gate holds a run of one layer, or a refresh, to what
earlier runs found, as if the whole graph had been built.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg

from dmp_assets.platform.errors import UserError

_SHOWN = 5


@dataclass(frozen=True)
class Gate:
    """The resource that knows which blocking checks lie upstream of each asset; one that knows none is open."""

    upstream: Mapping[dg.AssetKey, frozenset[dg.AssetCheckKey]] = field(default_factory=dict)

    def refuse_unchecked(self, context: dg.AssetExecutionContext) -> None:
        """Stop the step unless the newest outcome of every blocking check upstream of what it makes is a pass.

        Raises:
            UserError: a check failed or has no outcome; the message names it and what to run.
        """
        made = context.selected_asset_keys
        checks = {check for key in made for check in self.upstream.get(key, ()) if check.asset_key not in made}
        refused = [words for _, words in not_passed(context.instance, checks, context.run.run_id)]
        if refused:
            more = f" and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
            raise UserError(
                f"Nothing was made from what did not pass its checks: {'; '.join(refused[:_SHOWN])}{more}. Mend the cause, then "
                "run `dmp build`, or `dmp build --layer` with the layer that is named first in the check."
            )


def gate_of(assets: Iterable[dg.AssetsDefinition]) -> Gate:
    """Return the gate of a graph."""
    assets = list(assets)
    parents = {spec.key: {dep.asset_key for dep in spec.deps} - {spec.key} for asset in assets for spec in asset.specs}
    blocking: dict[dg.AssetKey, set[dg.AssetCheckKey]] = {}
    for check in (check for asset in assets for check in asset.check_specs if check.blocking):
        blocking.setdefault(check.asset_key, set()).add(check.key)
    upstream: dict[dg.AssetKey, frozenset[dg.AssetCheckKey]] = {}
    for key in TopologicalSorter(parents).static_order():
        reached = (upstream.get(parent, frozenset()) | blocking.get(parent, set()) for parent in parents.get(key, ()))
        upstream[key] = frozenset().union(*reached)
    return Gate(upstream)


def gated(make: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """Return the body of a step that first refuses if a blocking check upstream did not pass; it takes the resource `gate` too."""

    @wraps(make)
    def guarded(*args: Any, gate: Gate, **kwargs: Any) -> Iterator[Any]:
        gate.refuse_unchecked(dg.AssetExecutionContext.get())
        yield from make(*args, **kwargs)

    # Dagster reads from the signature what a step is given.
    signature = inspect.signature(make)
    resource = inspect.Parameter("gate", inspect.Parameter.KEYWORD_ONLY, annotation=dg.ResourceParam[Gate])
    guarded.__signature__ = signature.replace(parameters=[*signature.parameters.values(), resource])  # ty: ignore[missing-attribute]
    guarded.__annotations__ = {**make.__annotations__, "gate": dg.ResourceParam[Gate]}
    return guarded


def not_passed(
    instance: dg.DagsterInstance, checks: Iterable[dg.AssetCheckKey], run_id: str | None = None
) -> Iterator[tuple[str, str]]:
    """Yield the name of each check whose newest outcome is not a pass, and that in words; sorted by name.

    A check that a later run planned and never came to counts with its last outcome, since what it checks was not made again either;
    unless that run broke off within the step that makes it.

    Args:
        instance: where outcomes are recorded.
        checks: to ask for.
        run_id: the run that is at work, whose own checks may be yet to come.
    """
    from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as Status

    storage = instance.event_log_storage
    checks = sorted(checks)
    newest = storage.get_latest_asset_check_execution_by_key(checks)
    broken_off: dict[str, bool] = {}
    for key in checks:
        name = f"{key.asset_key.to_user_string()}:{key.name}"
        record = newest.get(key)
        if record is not None and record.status == Status.PLANNED:
            if record.run_id != run_id:
                if record.run_id not in broken_off:
                    broken_off[record.run_id] = _broke_off(instance, record.run_id)
                if broken_off[record.run_id]:
                    yield name, f"check {name} has no outcome, since run {record.run_id[:8]} broke off"
                    continue
            ended = {Status.SUCCEEDED, Status.FAILED}
            record = next(iter(storage.get_asset_check_execution_history(key, limit=1, status=ended)), None)
        if record is None:
            yield name, f"check {name} has never been run"
        elif record.status != Status.SUCCEEDED:
            evaluation = record.event.asset_check_evaluation if record.event else None
            if evaluation is None or evaluation.severity == dg.AssetCheckSeverity.ERROR:
                reason = evaluation.description if evaluation else None
                yield name, f"check {name} failed{f' ({reason})' if reason else ''}"


def _broke_off(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Return whether a step of a run began and never ended, as when its process was killed."""
    return any(step.start_time and not step.end_time for step in instance.get_run_step_stats(run_id))
