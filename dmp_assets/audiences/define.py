"""Audiences as people write them: one YAML file each, whose name is the audience's; a wrong one is told and harms no other.

`templates/audiences/README.md` explains the format; `schema.json` beside it lets editors check it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from dmp_assets.rules.check import circle, mistakes, references, unknown
from dmp_assets.rules.conditions import Conditions
from dmp_assets.rules.customers import RELATED
from dmp_assets.rules.files import RuleError, Text, load
from dmp_assets.rules.subject import Subject

NAME = r"^[a-z][a-z0-9_]{0,62}$"
RESERVED = frozenset(
    {"audiences"} | {f"audience_{name}" for name in ("members", "changes", "overlap", "counts", "traits")}
)
"""Names that the layer's own tables have."""
SMALL = 50
"""Members below which an audience is small, if it does not say otherwise."""
_FILES = ("*.yml", "*.yaml")

_Words = Annotated[Text, Field(min_length=1)]


class Audience(Conditions):
    """Whom to reach: the rule, what it is for, and who looks after it."""

    title: _Words
    description: _Words
    owner: _Words
    purpose: _Words | None = Field(
        default=None, description="What members are reached for, as in marts.contact_permissions, such as marketing."
    )
    channel: _Words | None = Field(default=None, description="By what they are reached, such as email.")
    threshold: int = Field(
        default=SMALL,
        ge=1,
        description="With fewer members it is small, and not exported to advertisers unless told so.",
    )

    @model_validator(mode="after")
    def _purpose_and_channel_go_together(self) -> Audience:
        if (self.purpose is None) != (self.channel is None):
            raise ValueError("give purpose and channel together, or neither for an audience that nobody is reached by")
        return self


@dataclass(frozen=True)
class Audiences:
    """The audiences of a project.

    Attributes:
        right: those that can be read, by name.
        wrong: what is wrong with the others, by name.
    """

    right: Mapping[str, Audience] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Every audience's name, sorted."""
        return sorted({*self.right, *self.wrong})

    def without(self, wrong: Mapping[str, str]) -> Audiences:
        """Return the audiences with more of them known to be wrong; who asks about a wrong one is wrong too."""
        wrong = {**self.wrong, **wrong}
        right = {name: audience for name, audience in self.right.items() if name not in wrong}
        while True:
            broken = {
                name: audience.problem(
                    f"audience '{name}'", f"it asks about the audience '{first}', which is wrong itself"
                )
                for name, audience in right.items()
                if (first := min(references(audience) & wrong.keys(), default=""))
            }
            if not broken:
                return Audiences(right, wrong)
            wrong |= broken
            right = {name: audience for name, audience in right.items() if name not in broken}

    def without_loose_ends(self) -> Audiences:
        """Return the audiences with those among the wrong ones that ask about themselves, or about one that is not there."""
        return self.without(dict(_wrong_references(self)))


def load_audience(path: Path) -> Audience:
    """Read and check one file.

    Raises:
        RuleError: as `rules.files.load`, and if the file's name is none for an audience.
    """
    name = path.stem
    if name in RESERVED:
        raise RuleError(f"{path}: '{name}' is a table of the platform; give the file another name")
    audience = load(path, Audience)
    if not re.match(NAME, name):
        raise RuleError(f"{path}: the file's name is the audience's: small letters, digits and _, a letter first")
    return audience


def load_audiences(folder: Path) -> Audiences:
    """Read every file of a folder; without the folder there are no audiences."""
    right: dict[str, Audience] = {}
    wrong: dict[str, str] = {}
    for path in sorted(path for pattern in _FILES for path in folder.glob(pattern)):
        if path.stem in right or path.stem in wrong:
            right.pop(path.stem, None)
            wrong[path.stem] = f"{path}: there is another file for the audience '{path.stem}'; remove one"
            continue
        try:
            right[path.stem] = load_audience(path)
        except RuleError as error:
            wrong[path.stem] = str(error)
    return Audiences(right, wrong).without_loose_ends()


def _wrong_references(audiences: Audiences) -> Iterable[tuple[str, str]]:
    for name, audience in audiences.right.items():
        for reference in sorted(references(audience) - {*audiences.right, *audiences.wrong}):
            yield name, audience.problem(f"audience '{name}'", unknown("audience", reference, audiences.names))
        if way := circle(name, audiences.right):
            yield name, audience.problem(f"audience '{name}'", f"it asks about itself: {' → '.join(way)}")


def checked(audiences: Audiences, subject: Subject) -> Audiences:
    """Hold audiences against what can be asked; return them with those that do not fit among the wrong ones."""
    wrong = {}
    for name, audience in audiences.right.items():
        problems = list(mistakes(audience, subject, f"audience '{name}'"))
        problems += [audience.problem(f"audience '{name}'", words) for words in _permission(audience, subject)]
        if problems:
            wrong[name] = "\n".join(problems)
    return audiences.without(wrong)


def _permission(audience: Audience, subject: Subject) -> Iterable[str]:
    if audience.purpose is None or audience.channel is None:
        return
    if audience.purpose not in subject.permitted:
        yield f"purpose: {unknown('purpose', audience.purpose, subject.permitted)}"
    elif audience.channel not in subject.permitted[audience.purpose]:
        yield f"channel: {unknown('channel', audience.channel, subject.permitted[audience.purpose])}"


def version(audience: Audience, audiences: Mapping[str, Audience]) -> str:
    """Return what changes when the rule of an audience, or of one that it asks about, changes; its words do not count."""
    rules = {"": audience.model_dump(mode="json", by_alias=True, include={"all", "any", "none", "purpose", "channel"})}
    todo = sorted(references(audience))
    while todo:
        name = todo.pop()
        if name not in rules and name in audiences:
            rules[name] = audiences[name].model_dump(mode="json", by_alias=True, include={"all", "any", "none"})
            todo.extend(sorted(references(audiences[name])))
    return hashlib.sha256(json.dumps(rules, sort_keys=True, default=str).encode()).hexdigest()[:16]


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file of an audience, for editors."""
    schema = Audience.model_json_schema()
    for name in ("Measure", "Step"):
        schema["$defs"][name]["properties"]["of"]["enum"] = sorted(RELATED)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "An audience"}
