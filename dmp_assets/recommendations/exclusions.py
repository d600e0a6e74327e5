"""Exclusions: a file that a marketer edits names what is never recommended.

An entry becomes a condition of `dmp_assets.rules`. `templates/rules/exclusions.yml` explains the format.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field, model_validator

from dmp_assets.analysis.product_text import UNKNOWN
from dmp_assets.rules.conditions import Comparison, Conditions
from dmp_assets.rules.files import Entry, RuleError, Text, load, repeated
from dmp_assets.rules.sql import outcomes

GROUP_FIELDS = ("department", "product_category", "product_type")
FIELDS = (*GROUP_FIELDS, "product_id")
_LIKENESS = 0.8
"""How alike (difflib ratio) a name must be to one of the catalogue to be taken for a slip of the pen."""

Name = Annotated[Text, Field(min_length=1)]

Catalogue = Mapping[str, Mapping[str, Sequence[str]]]
"""By field, the names that products have: how each is written, by its folded form."""


class Exclusion(Entry):
    """Products that are never recommended: those that have all the names given."""

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


class Exclusions(Entry):
    """The entries of one file, in the file's order."""

    exclusions: tuple[Exclusion, ...]

    @model_validator(mode="after")
    def _entries_are_unique(self) -> "Exclusions":
        if words := repeated(self.exclusions, lambda entry: str(entry).casefold()):
            raise ValueError(f"every exclusion needs exactly one entry; repeated: {words}")
        return self


NO_EXCLUSIONS = Exclusions(exclusions=())


def load_exclusions(path: Path) -> Exclusions:
    """Read and check a file of exclusions.

    Raises:
        RuleError: as `rules.files.load`, and if an entry names nothing or gives no reason, or two entries name the same.
    """
    return load(path, Exclusions, if_missing="write 'exclusions: []' to exclude nothing")


def excluded_products(products: pd.DataFrame, exclusions: Exclusions) -> pd.Series:
    """Return for each product whether an entry names it: bool by product_id.

    Args:
        products: product_id (unique) and those of department, product_category and product_type that entries name.
        exclusions: the entries. Where nothing is known of any product, 'Unknown' names none.

    Raises:
        RuleError: if an entry names a column that the products lack, or something that no product has but that resembles
            what some have; a line for each mistake. A name like none of them has no effect: see `entries_without_effect`.
    """
    catalogue = _catalogue(products, exclusions)
    if problems := [words for entry in exclusions.exclusions for words in _mistakes(entry, catalogue)]:
        raise RuleError("\n".join(problems))
    is_excluded = _is_named(products, exclusions, catalogue).to_numpy(dtype=bool).any(axis=1)
    return pd.Series(is_excluded, index=pd.Index(products["product_id"]), name="is_excluded")


def entries_without_effect(products: pd.DataFrame, exclusions: Exclusions) -> list[str]:
    """Return the entries that name no product, as text."""
    is_named = _is_named(products, exclusions, _catalogue(products, exclusions))
    with_effect = {name for name in is_named.columns if is_named[name].any()}
    return [str(entry) for entry in exclusions.exclusions if str(entry) not in with_effect]


def _catalogue(products: pd.DataFrame, exclusions: Exclusions) -> Catalogue:
    """Return the names of each column that an entry asks for; none where no product has any but 'Unknown'."""
    catalogue: dict[str, dict[str, list[str]]] = {}
    for field in {field for entry in exclusions.exclusions for field in entry.names} & set(products.columns):
        names = [str(name) for name in products[field].dropna().unique()]
        catalogue[field] = {}
        for name in names if names != [UNKNOWN] else []:  # without a catalogue it tells no product from the others
            catalogue[field].setdefault(name.casefold(), []).append(name)
    return catalogue


def _is_named(products: pd.DataFrame, exclusions: Exclusions, catalogue: Catalogue) -> pd.DataFrame:
    """Return a bool column for each entry all of whose names some product has, by the entry as text: whether it names a product."""
    conditions = {
        str(entry): Conditions(
            all=tuple(
                Comparison(column=field, operator="in", value=catalogue[field][name.casefold()])
                for field, name in entry.names.items()
            )
        )
        for entry in exclusions.exclusions
        if all(name.casefold() in catalogue[field] for field, name in entry.names.items())
    }
    return outcomes(products, conditions).fillna(value=False)


def _mistakes(entry: Exclusion, catalogue: Catalogue) -> Iterator[str]:
    for field, name in entry.names.items():
        if field not in catalogue:
            yield entry.problem(f"exclusion of {entry}", f"the products have no column {field}")
        elif field != "product_id" and name.casefold() not in catalogue[field]:
            near = difflib.get_close_matches(name.casefold(), catalogue[field], n=1, cutoff=_LIKENESS)
            if near:
                meant = catalogue[field][near[0]][0]
                yield entry.problem(
                    f"exclusion of {entry}", f"no product has {field} '{name}'; did you mean '{meant}'?"
                )
