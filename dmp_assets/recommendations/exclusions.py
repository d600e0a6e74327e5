"""Exclusions: a YAML file that a marketer edits, naming what is never recommended; checked, then looked up.

`templates/rules/exclusions.yml` explains the format.
"""

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError, model_validator

from dmp_assets.analysis.product_text import UNKNOWN
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.project import TEMPLATES_DIR

DEFAULT_EXCLUSIONS_PATH = TEMPLATES_DIR / "rules" / "exclusions.yml"
GROUP_FIELDS = ("department", "product_category", "product_type")
FIELDS = (*GROUP_FIELDS, "product_id")
_LIKENESS = 0.8
"""How alike (difflib ratio) a name must be to one of the catalogue to be taken for a slip of the pen."""

Name = Annotated[StrictStr, Field(min_length=1)]


class ExclusionError(UserError):
    """A file of exclusions that cannot be used; the message names the file, the entry and what to change."""


class Exclusion(BaseModel):
    """Products that are never recommended: those that have all the names given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    department: Name | None = None
    product_category: Name | None = None
    product_type: Name | None = None
    product_id: Name | None = None
    reason: Name

    @model_validator(mode="after")
    def _names_something(self) -> "Exclusion":
        if not self.names:
            raise ValueError(f"name at least one of {', '.join(FIELDS)}")
        return self

    @property
    def names(self) -> dict[str, str]:
        """What the entry names, by field."""
        return {field: name for field in FIELDS if (name := getattr(self, field)) is not None}

    def __str__(self) -> str:
        return ", ".join(f"{field} {name}" for field, name in self.names.items())


@dataclass(frozen=True)
class Exclusions:
    """The entries of one file, in the file's order, and the path for messages."""

    path: Path
    entries: tuple[Exclusion, ...]


NO_EXCLUSIONS = Exclusions(Path("no file"), ())


class _ExclusionFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    exclusions: tuple[Exclusion, ...]


def load_exclusions(path: Path = DEFAULT_EXCLUSIONS_PATH) -> Exclusions:
    """Read and check a file of exclusions, all of it before anything is reported.

    Raises:
        ExclusionError: if there is no such file, it is not YAML, an entry has an unknown field, names nothing or gives
            no reason, or two entries name the same.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ExclusionError(f"{path}: there is no such file; write 'exclusions: []' to exclude nothing") from error
    except yaml.YAMLError as error:
        raise ExclusionError(f"{path}: not valid YAML: {error}") from error
    try:
        entries = _ExclusionFile.model_validate(content).exclusions
    except ValidationError as error:
        problems = [_in_words(problem["loc"], problem["msg"]) for problem in error.errors()]
        raise ExclusionError("\n".join(f"{path}: {problem}" for problem in problems)) from error
    names = [str(entry).casefold() for entry in entries]
    repeated = sorted({str(entry) for entry in entries if names.count(str(entry).casefold()) > 1})
    if repeated:
        raise ExclusionError(f"{path}: every exclusion needs exactly one entry; repeated: {'; '.join(repeated)}")
    return Exclusions(path, entries)


def excluded_products(products: pd.DataFrame, exclusions: Exclusions) -> pd.Series:
    """Return for each product whether an entry names it: bool by product_id.

    Args:
        products: product_id (unique) and those of department, product_category and product_type that entries name.
        exclusions: the entries. Where nothing is known of any product, 'Unknown' names none.

    Raises:
        ExclusionError: if an entry names a column that the products lack, or something that no product has but that
            resembles what some have. A name like none of them has no effect: see `entries_without_effect`.
    """
    is_excluded = np.zeros(len(products), dtype=bool)
    known = _known_names(products)
    for number, entry in enumerate(exclusions.entries, start=1):
        where = f"{exclusions.path}: entry {number} ({entry})"
        for field, name in entry.names.items():
            _require_known(field, name, known, where)
        is_excluded |= _is_named(products, entry)
    return pd.Series(is_excluded, index=pd.Index(products["product_id"]), name="is_excluded")


def entries_without_effect(products: pd.DataFrame, exclusions: Exclusions) -> list[str]:
    """Return the entries that name no product, as text."""
    return [str(entry) for entry in exclusions.entries if not _is_named(products, entry).any()]


def _known_names(products: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return the names of each column as they are written, by their folded form."""
    return {
        field: {str(name).casefold(): str(name) for name in products[field].dropna().unique()}
        for field in FIELDS
        if field in products.columns
    }


def _is_named(products: pd.DataFrame, entry: Exclusion) -> np.ndarray:
    is_named = np.ones(len(products), dtype=bool)
    for field, name in entry.names.items():
        values = products[field]
        if values.eq(UNKNOWN).all():  # without a catalogue 'Unknown' tells no product from the others
            return np.zeros(len(products), dtype=bool)
        written = [value for value in values.dropna().unique() if str(value).casefold() == name.casefold()]
        is_named &= values.isin(written).to_numpy()
    return is_named


def _require_known(field: str, name: str, known: dict[str, dict[str, str]], where: str) -> None:
    if field not in known:
        raise ExclusionError(f"{where}: the products have no column {field}")
    if field == "product_id" or name.casefold() in known[field]:
        return
    near = difflib.get_close_matches(name.casefold(), known[field], n=1, cutoff=_LIKENESS)
    if near:
        raise ExclusionError(f"{where}: no product has {field} '{name}'; did you mean '{known[field][near[0]]}'?")


def _in_words(location: tuple[int | str, ...], message: str) -> str:
    """Where in the file a pydantic problem is, by the entry's number, and what it is."""
    if location[:1] != ("exclusions",) or len(location) < 2:
        return f"{'.'.join(map(str, location)) or 'the file'}: {message}"
    field = ".".join(map(str, location[2:])) or "the entry"
    return f"entry {int(location[1]) + 1}: {field}: {message}"
