"""Rule tags: a file that a marketer edits gives a tag to every customer who meets a rule, with a number and a sentence beside it.

The conditions are those of `dmp_assets.rules`. `templates/rules/tags.yml` explains the format.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal

import duckdb
import pandas as pd
from pydantic import AfterValidator, Field, field_validator, model_validator

from dmp_assets.platform.money import money
from dmp_assets.rules.check import mistakes, unknown_column
from dmp_assets.rules.conditions import Comparison, Conditions, Question
from dmp_assets.rules.customers import customer_subject
from dmp_assets.rules.files import Entry, RuleError, Text, load, not_empty, repeated
from dmp_assets.rules.judge import judge
from dmp_assets.rules.sql import answers
from dmp_assets.rules.subject import Subject, subject_of
from dmp_assets.rules.values import Kind
from dmp_assets.rules.words import in_words

SOURCES: tuple[str, ...] = ("rule", "behaviour", "content")
"""What gives tags: the rules here, and the interests from `interests` and `topics`."""


class TagRule(Conditions):
    """One tag: who gets it (the conditions) and what is written beside it (`value`, `evidence`)."""

    tag: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    category: Literal["lifecycle", "value", "price", "behaviour", "channel", "interest"]
    value: str
    evidence: Text = Field(min_length=1)

    @field_validator("evidence")
    @classmethod
    def _evidence_is_a_template(cls, evidence: str) -> str:
        for _, column, spec, conversion in Formatter().parse(evidence):
            if column is not None and (spec or conversion or not re.fullmatch(r"\w+", column)):
                raise ValueError("write columns as {column_name}, without a format")
        return evidence

    @property
    def shown(self) -> tuple[str, ...]:
        """The columns that are written beside the tag, each once."""
        return tuple(dict.fromkeys((self.value, *(name for _, name, _, _ in Formatter().parse(self.evidence) if name))))


class TagRules(Entry):
    """The rules of one file, in the file's order."""

    rules: Annotated[tuple[TagRule, ...], AfterValidator(not_empty)]

    @model_validator(mode="after")
    def _tags_are_unique(self) -> "TagRules":
        if words := repeated(self.rules, lambda rule: rule.tag):
            raise ValueError(f"every tag needs exactly one rule; repeated: {words}")
        return self


def load_rules(path: Path) -> TagRules:
    """Read and check a file of tag rules.

    Raises:
        RuleError: as `rules.files.load`, and if two rules have the same tag.
    """
    return load(path, TagRules, named_by="tag")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file of tag rules, for editors."""
    schema = TagRules.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "The rules of tags"}


def rules_columns(rules: TagRules) -> tuple[str, ...]:
    """List every column of features and profiles that the rules read, each once, in the order of the file."""
    names = [
        name
        for rule in rules.rules
        for name in (
            *rule.shown,
            *(question.column for question in rule.questions() if isinstance(question, Comparison)),
        )
    ]
    return tuple(dict.fromkeys(names))


def computed_questions(rules: TagRules) -> dict[str, list[Question]]:
    """Return, by tag, what its rule asks beside columns of features and profiles, such as a count of orders in a window."""
    asked = {rule.tag: [each for each in rule.questions() if not isinstance(each, Comparison)] for rule in rules.rules}
    return {tag: questions for tag, questions in asked.items() if questions}


def with_computed(
    connection: duckdb.DuckDBPyConnection, frame: pd.DataFrame, rules: TagRules, as_of_on: date
) -> tuple[pd.DataFrame, Subject]:
    """Add a column for everything that rules ask beside the columns of a frame, called as the question's `asked_column`.

    Args:
        connection: to the warehouse.
        frame: from `rule_frame`. Nothing is known of customers who are not judged.
        rules: from `load_rules`.
        as_of_on: the as-of date.

    Returns:
        The frame, and what can be asked: columns of the frame, and related rows but the tags themselves.

    Raises:
        RuleError: as `rule_tags`.
    """
    subject = customer_subject(connection, as_of_on, without=["tags"])
    askable = replace(subject, columns=subject_of(frame.drop(columns="customer_id")).columns)
    check_rules(rules, askable)
    computed = computed_questions(rules)
    judging = replace(subject, rules={rule.tag: rule for rule in rules.rules})
    judged = judge(connection, list(computed), judging, as_of_on)
    for tag, questions in computed.items():
        asked = judged.asked(tag, frame["customer_id"]).set_index("customer_id")
        columns = {each.asked_column: frame["customer_id"].map(asked[each.asked_column]) for each in questions}
        frame = frame.assign(**columns)
    return frame, askable


def rule_frame(features: pd.DataFrame, profiles: pd.DataFrame) -> pd.DataFrame:
    """Join what rules may look at: the features plus the columns that only the profiles have, one row per customer."""
    only_in_profiles = [name for name in profiles.columns if name not in features.columns]
    return features.merge(profiles[["customer_id", *only_in_profiles]], on="customer_id", validate="one_to_one")


def check_rules(rules: TagRules, subject: Subject) -> None:
    """Hold the rules against what can be asked.

    Raises:
        RuleError: a rule names something unknown or asks a column what its kind does not take; a line for each mistake.
    """
    if problems := [words for rule in rules.rules for words in _mistakes(rule, subject)]:
        raise RuleError("\n".join(problems))


def rule_tags(frame: pd.DataFrame, rules: TagRules, subject: Subject | None = None) -> pd.DataFrame:
    """Return the tags by rule, one row per customer and tag.

    Args:
        frame: customer_id, as_of_on and whatever the rules name (see `rule_frame`, `with_computed`), one row per customer.
        rules: from `load_rules`. A customer for whom a column of `value` or `evidence` is null does not get the tag.
        subject: what can be asked (default: the columns of the frame).

    Returns:
        customer_id, as_of_on, source ('rule'), category, tag, rank (1), weight (1: a rule holds or it does not), value (float),
        evidence; sorted by customer_id and tag.

    Raises:
        RuleError: if a rule names an unknown column or asks a column what its kind does not take; a line for each mistake.
    """
    facts = frame.drop(columns="customer_id")
    check_rules(rules, subject or subject_of(facts))
    holds = answers(facts, {rule.tag: rule for rule in rules.rules}).fillna(value=False).astype(bool)
    tags = []
    for rule in rules.rules:
        members = frame[holds[rule.tag] & facts[list(rule.shown)].notna().all(axis="columns")]
        tags.append(
            pd.DataFrame(
                {
                    "customer_id": members["customer_id"],
                    "as_of_on": members["as_of_on"].astype("datetime64[us]"),
                    "source": "rule",
                    "category": rule.category,
                    "tag": rule.tag,
                    "rank": 1,
                    "weight": 1.0,
                    "value": members[rule.value].astype(float),
                    "evidence": _evidence(members, rule, _kinds(subject_of(facts))),
                }
            )
        )
    return pd.concat(tags).sort_values(["customer_id", "tag"], ignore_index=True)


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


def rules_in_words(rules: TagRules, tags: pd.DataFrame) -> str:
    """Return as a Markdown table who gets each tag, and how many customers do: `tags` are rows of profiles.customer_tags."""
    counts = tags.loc[tags["source"] == "rule", "tag"].value_counts()
    lines = [
        f"| {rule.tag} | {in_words(rule).replace('|', '&#124;')} | {counts.get(rule.tag, default=0):,} |"
        for rule in rules.rules
    ]
    return "\n".join(["| tag | who gets it | customers |", "|---|---|---:|", *lines])


def _kinds(subject: Subject) -> dict[str, Kind]:
    return {name: column.kind for name, column in subject.columns.items()}


def _mistakes(rule: TagRule, subject: Subject) -> Iterator[str]:
    """Yield what of a rule does not fit the columns."""
    name, kinds = f"rule '{rule.tag}'", _kinds(subject)
    yield from mistakes(rule, subject, name)
    for column in rule.shown:
        if column not in kinds:
            yield rule.problem(name, unknown_column(column, kinds))
    kind = kinds.get(rule.value, "number")
    if kind != "number":
        yield rule.problem(name, f"value must name a column of numbers, '{rule.value}' is a {kind}")


def _evidence(members: pd.DataFrame, rule: TagRule, kinds: Mapping[str, Kind]) -> pd.Series:
    """Return the sentence of a rule with each member's own values in it."""
    sentences = pd.Series("", index=members.index, dtype=object)
    for words, column, _, _ in Formatter().parse(rule.evidence):
        sentences += words
        if column:
            sentences += [_written(column, value, kinds[column]) for value in members[column]]
    return sentences


def _written(column: str, value: Any, kind: Kind) -> str:
    """Return a value as a sentence has it: shares in per cent, amounts in the currency, whole numbers without a decimal."""
    if kind == "flag":
        return "true" if value else "false"
    if kind == "date":
        return f"{value:%Y-%m-%d}"
    if kind == "text":
        return str(value)
    if column.endswith("_share"):
        return f"{100 * value:.{1 if value < 0.1 else 0}f} %"
    if column.endswith("_amount"):
        return money(value)
    return f"{value:,.{0 if value == round(value) else 1}f}"
