"""Rule tags: a YAML file that a marketer edits, checked, compiled to one SQL query and run by DuckDB over a frame.

A rule gives a tag to every customer for whom all its conditions hold. Nothing from the file reaches the SQL
unchecked: columns must exist in the frame, operators come from a fixed list, values are typed and quoted.
`templates/rules/tags.yml` explains the format.
"""

import difflib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal

import duckdb
import pandas as pd
import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    field_validator,
    model_validator,
)

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.money import currency
from dmp_assets.platform.project import TEMPLATES_DIR

DEFAULT_RULES_PATH = TEMPLATES_DIR / "rules" / "tags.yml"

SOURCES: tuple[str, ...] = ("rule", "behaviour", "content")
"""What gives tags: the rules here, and the interests from `interests` and `topics`."""

Kind = Literal["number", "text", "flag"]


def _printable(text: str) -> str:
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError("must not contain control characters such as line breaks")
    return text


Text = Annotated[StrictStr, AfterValidator(_printable)]
Scalar = StrictBool | StrictInt | Annotated[FiniteFloat, Field(strict=True)] | Text

OPERATORS_BY_KIND: dict[Kind, tuple[str, ...]] = {
    "number": (">=", ">", "<=", "<", "=", "!="),
    "text": ("=", "!=", "in"),
    "flag": ("=",),
}


class TagRuleError(UserError):
    """A rule file that cannot be used; the message names the file, the rule and what to change."""


class Condition(BaseModel):
    """One comparison of a column with a fixed value (a list of texts for the operator `in`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str
    operator: Literal[">=", ">", "<=", "<", "=", "!=", "in"]
    value: Scalar | tuple[Text, ...]

    @model_validator(mode="after")
    def _list_goes_with_in(self) -> "Condition":
        if (self.operator == "in") != isinstance(self.value, tuple):
            raise ValueError("the operator 'in' takes a list of texts, every other operator a single value")
        if self.value == ():
            raise ValueError("the list of 'in' must not be empty")
        return self


class TagRule(BaseModel):
    """One tag: who gets it (`all` conditions hold) and what is written beside it (`value`, `evidence`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tag: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    category: Literal["lifecycle", "value", "price", "behaviour", "channel", "interest"]
    value: str
    evidence: Text = Field(min_length=1)
    all: tuple[Condition, ...] = Field(min_length=1)

    @field_validator("evidence")
    @classmethod
    def _evidence_is_a_template(cls, evidence: str) -> str:
        for _, column, spec, conversion in Formatter().parse(evidence):
            if column is not None and (spec or conversion or not re.fullmatch(r"\w+", column)):
                raise ValueError("write columns as {column_name}, without a format")
        return evidence


@dataclass(frozen=True)
class RuleSet:
    """The rules of one file, in the file's order, and the path for messages."""

    path: Path
    rules: tuple[TagRule, ...]


class _RuleFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rules: tuple[TagRule, ...] = Field(min_length=1)


def load_rules(path: Path = DEFAULT_RULES_PATH) -> RuleSet:
    """Read and check a rule file, all of it before anything is reported.

    Raises TagRuleError when the file is not YAML, when a rule has an unknown field, operator or category or a value
    of the wrong type, or when two rules have the same tag.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise TagRuleError(f"{path}: not valid YAML: {error}") from error
    try:
        rules = _RuleFile.model_validate(content).rules
    except ValidationError as error:
        problems = [_in_words(problem["loc"], problem["msg"], content) for problem in error.errors()]
        raise TagRuleError("\n".join(f"{path}: {problem}" for problem in problems)) from error
    tags = [rule.tag for rule in rules]
    repeated = sorted({tag for tag in tags if tags.count(tag) > 1})
    if repeated:
        raise TagRuleError(f"{path}: every tag needs exactly one rule; repeated: {', '.join(repeated)}")
    return RuleSet(path, rules)


def column_kinds(frame: pd.DataFrame) -> dict[str, Kind]:
    """Find the columns of `frame` that a rule may use, with their kind; the customer's id and dates are left out."""
    kinds: dict[str, Kind] = {}
    for name, dtype in frame.dtypes.items():
        if name == "customer_id" or pd.api.types.is_datetime64_any_dtype(dtype):
            continue
        if pd.api.types.is_bool_dtype(dtype):
            kinds[str(name)] = "flag"
        elif pd.api.types.is_numeric_dtype(dtype):
            kinds[str(name)] = "number"
        else:
            kinds[str(name)] = "text"
    return kinds


def compile_rules(rules: RuleSet, kinds: dict[str, Kind]) -> str:
    """Write the rules as one SELECT over a table `customers` that has customer_id, as_of_on and the columns of `kinds`.

    The query returns customer_id, as_of_on, source ('rule'), category, tag, rank (1), weight (1: a rule holds or
    it does not), value (double), evidence, sorted by customer_id and tag. A customer for whom any column of a rule is
    null does not get its tag. Raises TagRuleError for an unknown column and for an operator or value that does not
    fit the column's kind.
    """
    selects = [_compile_rule(rule, kinds, f"{rules.path}: rule '{rule.tag}'") for rule in rules.rules]
    return "\nunion all\n".join(selects) + "\norder by customer_id, tag"


def rules_columns(rules: RuleSet) -> tuple[str, ...]:
    """List every column that the rules read, each once, in the order of the file."""
    names = [
        name
        for rule in rules.rules
        for name in (rule.value, *_placeholders(rule.evidence), *(condition.column for condition in rule.all))
    ]
    return tuple(dict.fromkeys(names))


def rule_frame(features: pd.DataFrame, profiles: pd.DataFrame) -> pd.DataFrame:
    """Join what rules may look at: the features plus the columns that only the profiles have, one row per customer."""
    only_in_profiles = [name for name in profiles.columns if name not in features.columns]
    return features.merge(profiles[["customer_id", *only_in_profiles]], on="customer_id", validate="one_to_one")


def rule_tags(frame: pd.DataFrame, rules: RuleSet) -> pd.DataFrame:
    """Return the tags by rule: one row per customer and tag, with the columns and order of `compile_rules`.

    `frame` has customer_id, as_of_on and whatever the rules name (see `rule_frame`). Raises TagRuleError like
    `compile_rules`.
    """
    query = compile_rules(rules, column_kinds(frame))
    with duckdb.connect() as connection:
        # DuckDB cannot read a reversed view of a frame; a sorted copy is never one.
        connection.register("customers", frame.sort_values("customer_id", ignore_index=True))
        return connection.sql(query).df().astype({"as_of_on": "datetime64[us]"})


def customer_tags(by_rule: pd.DataFrame, interests: pd.DataFrame) -> pd.DataFrame:
    """Build profiles.customer_tags: the tags by rule and the interests in one table.

    `by_rule`: see `rule_tags`. `interests`: profiles.customer_interests. Returns their rows with the columns of
    `rule_tags`, sorted by customer_id, source (rule, behaviour, content), rank and tag; the category of interests
    is 'interest'.
    """
    columns = list(by_rule.columns)
    parts = [part for part in (by_rule, interests.assign(category="interest")[columns]) if not part.empty]
    tags = pd.concat(parts, ignore_index=True) if parts else by_rule
    place = tags["source"].map({source: number for number, source in enumerate(SOURCES)})
    tags = tags.assign(place=place).sort_values(["customer_id", "place", "rank", "tag"], ignore_index=True)
    return tags[columns]


def _compile_rule(rule: TagRule, kinds: dict[str, Kind], where: str) -> str:
    placeholders = _placeholders(rule.evidence)
    for column in (rule.value, *placeholders, *(condition.column for condition in rule.all)):
        _require_column(column, kinds, where)
    if kinds[rule.value] != "number":
        raise TagRuleError(f"{where}: value must name a column of numbers, '{rule.value}' is a {kinds[rule.value]}")
    present = [f"{_identifier(column)} is not null" for column in dict.fromkeys((rule.value, *placeholders))]
    conditions = [_compile_condition(condition, kinds, where) for condition in rule.all]
    evidence = _compile_evidence(rule.evidence, kinds)
    return (
        f"select customer_id, as_of_on, 'rule' as source, {_text(rule.category)} as category, {_text(rule.tag)} as tag,\n"
        f"    1::bigint as rank, 1::double as weight,\n"
        f"    cast({_identifier(rule.value)} as double) as value, {evidence} as evidence\n"
        f"from customers\n"
        f"where {' and '.join([*conditions, *present])}"
    )


def _compile_condition(condition: Condition, kinds: dict[str, Kind], where: str) -> str:
    kind, value = kinds[condition.column], condition.value
    if condition.operator not in OPERATORS_BY_KIND[kind]:
        allowed = " ".join(OPERATORS_BY_KIND[kind])
        raise TagRuleError(
            f"{where}: '{condition.column}' is a {kind}, which takes {allowed} and not {condition.operator}"
        )
    if isinstance(value, bool):
        given, literal = "flag", str(value).lower()
    elif isinstance(value, int | float):
        given, literal = "number", repr(value)
    elif isinstance(value, str):
        given, literal = "text", _text(value)
    else:
        given, literal = "text", f"({', '.join(map(_text, value))})"
    if given != kind:
        raise TagRuleError(f"{where}: '{condition.column}' is a {kind}, but the value {value!r} is a {given}")
    return f"{_identifier(condition.column)} {condition.operator} {literal}"


def _compile_evidence(template: str, kinds: dict[str, Kind]) -> str:
    """Write the template as a SQL text: shares in per cent, amounts with their currency, whole numbers without a decimal."""
    parts = []
    for words, column, _, _ in Formatter().parse(template):
        if words:
            parts.append(_text(words))
        if column is None:
            continue
        name = _identifier(column)
        if kinds[column] != "number":
            parts.append(f"cast({name} as varchar)")
        elif column.endswith("_share"):
            parts.append(f"format(if({name} < 0.1, '{{:.1f}} %', '{{:.0f}} %'), 100.0::double * {name})")
        elif column.endswith("_amount"):
            parts.append(f"format('{{:,.2f}} {currency()}', {name}::double)")
        else:
            parts.append(f"format(if({name} = round({name}), '{{:,.0f}}', '{{:,.1f}}'), {name}::double)")
    return " || ".join(parts)


def _placeholders(template: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(template) if name is not None]


def _require_column(column: str, kinds: dict[str, Kind], where: str) -> None:
    if column not in kinds:
        near = difflib.get_close_matches(column, kinds, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(sorted(kinds))}"
        raise TagRuleError(f"{where}: unknown column '{column}'{hint}")


def _identifier(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _in_words(location: tuple[int | str, ...], message: str, content: object) -> str:
    """Where in the file a pydantic problem is, by the rule's tag or number, and what it is."""
    if location[:1] != ("rules",) or location[1:] == () or not isinstance(content, dict):
        return f"{'.'.join(map(str, location)) or 'the file'}: {message}"
    rule = content["rules"][int(location[1])]
    tag = f" ('{rule['tag']}')" if isinstance(rule, dict) and "tag" in rule else ""
    field = ".".join(map(str, location[2:])) or "the rule"
    return f"rule {int(location[1]) + 1}{tag}: {field}: {message}"
