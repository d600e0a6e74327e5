"""The tracking plan: what the user's ``events.yml`` says that the properties of each event must hold, in JSON Schema.

```yaml
on_violation: count        # or quarantine
events:
  Order Completed:
    description: An order was placed and paid.
    required: [order_id, total]
    properties:
      order_id: {type: string}
      total: {type: number, minimum: 0}
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.protocols import Validator

from dmp_assets.platform.errors import UserError

FILE = "events.yml"
ON_VIOLATION = ("count", "quarantine")


@dataclass(frozen=True)
class TrackingPlan:
    """The schemas by event name; and whether an event that breaks its own is quarantined, or counted and kept."""

    schemas: Mapping[str, Validator] = field(default_factory=dict)
    is_quarantined: bool = False

    @property
    def described(self) -> Mapping[str, Mapping[str, Any]]:
        """The schemas as the file has them, by event name."""
        return {
            name: dict(schema.schema) for name, schema in self.schemas.items() if isinstance(schema.schema, Mapping)
        }

    def violation(self, event: Mapping[str, Any]) -> str | None:
        """Return what a track event breaks, without any value of it: where in its properties and which rule; None if nothing."""
        schema = self.schemas.get(event.get("event") or "") if event.get("type") == "track" else None
        if schema is None:
            return None
        error = best_match(schema.iter_errors(event.get("properties") or {}))
        return None if error is None else _rule(error)


def read_plan(project_dir: Path) -> TrackingPlan:
    """Return the plan of a project; one that asks for nothing if there is no ``events.yml``.

    Raises:
        UserError: the file is not as it should be; the message names file and line.
    """
    path = project_dir / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return TrackingPlan()
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        told = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise UserError(
            f"{path}, line {mark.line + 1 if mark else 1}: not YAML ({getattr(error, 'problem', error)})."
        ) from None

    def wrong(what: str, *place: str | int) -> UserError:
        return UserError(f"{path}, line {_line(node, place)}: {what}")

    if not isinstance(told, dict) or not isinstance(told.get("events"), dict):
        raise wrong("events is a table of event names, each with a JSON Schema of its properties.")
    for name in told:
        if name not in ("on_violation", "events"):
            raise wrong(f"{name} is not known here; use on_violation and events.", name)
    choice = told.get("on_violation", "count")
    if choice not in ON_VIOLATION:
        raise wrong(f"on_violation is {' or '.join(ON_VIOLATION)}, not {choice}.", "on_violation")
    schemas: dict[str, Validator] = {}
    for name, schema in told["events"].items():
        if not isinstance(name, str) or not isinstance(schema, dict):
            raise wrong(f"the event {name} needs a JSON Schema of its properties.", "events", name)
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            raise wrong(
                f"the schema of {name} is no JSON Schema: {error.message}.", "events", name, *error.path
            ) from None
        schemas[name] = Draft202012Validator(schema)
    return TrackingPlan(schemas, is_quarantined=choice == "quarantine")


def _rule(error: ValidationError) -> str:
    asked = error.validator_value if isinstance(error.validator_value, str | int | float | list) else ""
    return f"{error.json_path}: {error.validator} {asked}".strip()[:200]


def _line(node: yaml.Node | None, place: tuple[str | int, ...]) -> int:
    """Return the line, counted from 1, of a place in a YAML document: the nearest that is there."""
    line = node.start_mark.line + 1 if node else 1
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(step)]
            if not found:
                break
            (key, node) = found[-1]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line
