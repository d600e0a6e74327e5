"""What a dbt test demands, in words, for whoever reads the check in the UI."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_REFERENCE = re.compile(r"['\"](.*?)['\"]")
_COMMENT = re.compile(r"\s*\{#-?(.*?)-?#\}", re.DOTALL)


def in_words(test: Mapping[str, Any]) -> str | None:
    """Return what a test of the manifest demands of its table: its own description, or what its arguments say.

    A test written as a query says it in the comment that it begins with. None where nothing says it.
    """
    if test.get("description"):
        return test["description"]
    metadata = test.get("test_metadata")
    if metadata is None:
        comment = _COMMENT.match(test["raw_code"])
        return " ".join(comment[1].split()) if comment else None
    words = _WORDS.get(metadata["name"])
    if words is None:
        return None
    where = test["config"].get("where")
    return words(metadata["kwargs"]) + (f" Only rows where {where}." if where else "")


def _ranges(ranges: Mapping[str, Sequence[float | None]]) -> str:
    texts = []
    for column, (least, greatest) in ranges.items():
        bounds = [f"at least {least}"] * (least is not None) + [f"at most {greatest}"] * (greatest is not None)
        texts.append(f"{column} {' and '.join(bounds)}")
    return f"In range where known: {'; '.join(texts)}."


_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "primary_key": lambda given: (
        f"A row is known by its {' and '.join(given['columns'])}: never missing, never twice the same."
    ),
    "unique": lambda given: f"{given['column_name']} is never twice the same.",
    "not_null": lambda given: f"{given['column_name']} is never missing.",
    "unique_within_load": lambda given: f"One load holds each {' and '.join(given['columns'])} once.",
    "accepted_values": lambda given: f"{given['column_name']} is one of: {', '.join(map(str, given['values']))}.",
    "accepted_ranges": lambda given: _ranges(given["ranges"]),
    "relationships": lambda given: (
        f"Every {given['column_name']} is a {given['field']} of {_REFERENCE.findall(given['to'])[-1]}."
    ),
    "row_rules": lambda given: (
        "Every row keeps each rule: "
        + "; ".join(f"{name.replace('_', ' ')} ({rule})" for name, rule in given["rules"].items())
        + "."
    ),
}
