"""The rules of identity: a file that an analyst edits, read and checked.

`templates/rules/identity.yml` explains the format.
"""

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from dmp_assets.platform.project import TEMPLATES_DIR
from dmp_assets.platform.settings import Settings
from dmp_assets.rules.files import Entry, Text, load, not_empty, repeated

Kind = Literal["customer", "email", "phone", "loyalty_card", "device", "household"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What the platform knows of people by."""

FILE = "identity.yml"

_GLUE: tuple[Kind, ...] = ("customer", "email", "phone", "loyalty_card")
_MOVING: tuple[Kind, ...] = ("phone", "loyalty_card", "device")


def _is_pattern(text: str) -> str:
    """Return a pattern; raises ValueError where DuckDB, which searches with it, does not know it for one."""
    import duckdb

    try:
        duckdb.execute("select regexp_matches('', ?)", [text])
    except duckdb.Error as error:
        raise ValueError(f"no regular expression: {str(error).splitlines()[0]}") from None
    return text


class KindRule(Entry):
    """What holds for one kind of identifier."""

    kind: Kind
    glue: bool = False
    moves: bool = False
    limit: Annotated[int, Field(ge=1, le=1000)] | None = None
    most_neighbours: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "KindRule":
        if self.glue and self.kind not in _GLUE:
            raise ValueError(
                f"{self.kind} cannot be glue: whoever shares one need not be one person; glue is {_list(_GLUE)}"
            )
        if self.moves and self.kind not in _MOVING:
            raise ValueError(f"{self.kind} cannot move from person to person; what can is {_list(_MOVING)}")
        if self.kind == "device" and not self.moves:
            raise ValueError("a device moves: say moves: true")
        if self.glue != (self.limit is not None):
            raise ValueError("what is glue needs a limit, and nothing else has one")
        return self


class Nobody(Entry):
    """A pattern of values that are nobody's."""

    pattern: Annotated[Text, AfterValidator(_is_pattern)]
    kinds: Annotated[tuple[Kind, ...], AfterValidator(not_empty)] = KINDS
    reason: Text


class Own(Entry):
    """The project's own addresses and numbers, in clear; they are nobody's."""

    email: tuple[Text, ...] = ()
    phone: tuple[Text, ...] = ()


class Households(Entry):
    """What holds for households that a shared postal address makes."""

    most_members: Annotated[int, Field(ge=2, le=1000)] = 10


class Rules(Entry):
    """One file: every kind, in the order of priority, what is nobody's, and who lives together."""

    kinds: tuple[KindRule, ...]
    nobody: tuple[Nobody, ...] = ()
    own: Own = Own()
    households: Households = Households()

    @model_validator(mode="after")
    def _has_every_kind_once(self) -> "Rules":
        if words := repeated(self.kinds, lambda rule: rule.kind):
            raise ValueError(f"every kind needs exactly one entry; repeated: {words}")
        if missing := [kind for kind in KINDS if kind not in {rule.kind for rule in self.kinds}]:
            raise ValueError(f"every kind needs exactly one entry; missing: {', '.join(missing)}")
        return self

    def priority(self, kind: str) -> int:
        """Return the place of a kind, 0 for the highest."""
        return [rule.kind for rule in self.kinds].index(kind)  # ty: ignore[invalid-argument-type]

    @property
    def glue(self) -> dict[str, KindRule]:
        """The kinds that make one person of those who share a value, by name."""
        return {rule.kind: rule for rule in self.kinds if rule.glue}

    @property
    def moving(self) -> list[str]:
        """The kinds whose values pass from one person to another."""
        return [rule.kind for rule in self.kinds if rule.moves]


def load_rules(path: Path) -> Rules:
    """Read and check a file of rules.

    Raises:
        RuleError: as `rules.files.load`, and if a kind is missing, repeated or asked for what it cannot be.
    """
    return load(path, Rules, named_by="kind", if_missing="copy it from a project that `dmp init` makes")


def project_rules(settings: Settings) -> Rules:
    """Return the project's rules; those of a new project where it has none, as one that is older than them.

    Raises:
        RuleError: as `load_rules`.
    """
    own = settings.rules_dir / FILE
    return load_rules(own if own.exists() else TEMPLATES_DIR / "rules" / FILE)


def _list(kinds: tuple[Kind, ...]) -> str:
    return ", ".join(kinds)
