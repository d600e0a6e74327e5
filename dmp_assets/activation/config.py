"""``destinations.yml``: where audiences can be sent, as the project says it. Secrets are named there, never written."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Tag, model_validator

from dmp_assets.activation.destinations import KINDS
from dmp_assets.activation.destinations.base import Destination
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.rules.files import Entry, load, repeated

FILE = "destinations.yml"
_NAMES = [kind.model_fields["kind"].annotation.__args__[0] for kind in KINDS]  # ty: ignore[missing-attribute]


def _tag(given: object) -> str:
    """Return which kind of destination something in a file is meant to be."""
    kind = given.get("kind") if isinstance(given, Mapping) else getattr(given, "kind", None)
    return f"<{kind}>" if kind in _NAMES else "<unknown>"


def _refuse(given: object) -> None:
    """Say that there is no such kind; raises ValueError."""
    kind = given.get("kind") if isinstance(given, Mapping) else None
    said = "kind is missing" if kind is None else f"there is no kind {kind!r}"
    nearest = difflib.get_close_matches(str(kind), _NAMES, 1)
    raise ValueError(f"{said}{_did_you_mean(nearest)}; kinds are {', '.join(_NAMES)}")


def _did_you_mean(nearest: list[str]) -> str:
    return f", did you mean {nearest[0]}?" if nearest else ""


_TAGGED = [Annotated[kind, Tag(f"<{name}>")] for kind, name in zip(KINDS, _NAMES, strict=True)]  # ty: ignore[invalid-type-form]
_ANY = reduce(or_, [*_TAGGED, Annotated[Any, BeforeValidator(_refuse), Tag("<unknown>")]])
_Destination = Annotated[_ANY, Discriminator(_tag)]  # ty: ignore[invalid-type-form]


class Destinations(Entry):
    """One file."""

    destinations: tuple[_Destination, ...] = ()

    @model_validator(mode="after")
    def _has_each_once(self) -> Destinations:
        if words := repeated(self.destinations, lambda destination: destination.name):
            raise ValueError(f"every destination needs a name of its own; repeated: {words}")
        return self


def project_destinations(settings: Settings) -> dict[str, Destination]:
    """Return the project's destinations by name; none where it has no such file.

    Raises:
        RuleError: the file is wrong; a line for each mistake.
    """
    path = settings.project_dir / FILE
    if not path.exists():
        return {}
    return {each.name: each for each in load(path, Destinations, named_by="name").destinations}


def destination_named(settings: Settings, name: str) -> Destination:
    """Return a destination.

    Raises:
        UserError: there is none of that name, or the file is wrong.
    """
    found = project_destinations(settings)
    if name not in found:
        nearest = difflib.get_close_matches(name, found, 1)
        there = f"there are {', '.join(found)}" if found else "it names none"
        raise UserError(
            f"{settings.project_dir / FILE}: there is no destination {name!r}{_did_you_mean(nearest)}; {there}."
        )
    return found[name]
