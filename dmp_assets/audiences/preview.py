"""A file of an audience tried out on the warehouse, before it is one of the project's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dmp_assets.audiences.build import allowed
from dmp_assets.audiences.define import Audiences, checked, load_audience
from dmp_assets.audiences.explain import find
from dmp_assets.rules.customers import customer_subject
from dmp_assets.rules.judge import judge
from dmp_assets.rules.words import in_words

EXAMPLES = 5


@dataclass(frozen=True)
class Preview:
    """What a rule would take.

    Attributes:
        audience: its name.
        as_of_on: the as-of date.
        words: the rule in words.
        sql: the rule as SQL.
        judged: customers who are judged.
        matching: of them, those who meet the rule.
        left_out: of those, who may not be reached.
        members: the rest.
        open: of those judged, about whom something unknown leaves it open.
        examples: some members.
    """

    audience: str
    as_of_on: dt.date
    words: str
    sql: str
    judged: int
    matching: int
    left_out: int
    members: int
    open: int
    examples: Sequence[str]


def preview(connection: duckdb.DuckDBPyConnection, audiences: Audiences, file: Path, as_of_on: dt.date) -> Preview:
    """Try out a file; it may ask about the audiences of the project, and takes the place of one with its name.

    Raises:
        UserError: the file is wrong.
    """
    audience, name = load_audience(file), file.stem
    wrong = {key: words for key, words in audiences.wrong.items() if key != name}
    tried = Audiences({**audiences.right, name: audience}, wrong).without_loose_ends()
    find(tried, name)
    subject = customer_subject(connection, as_of_on, tried.right)
    find(checked(tried, subject), name)
    judged = judge(connection, [name], subject, as_of_on)
    answers = judged.answers()
    matching = answers.loc[answers[name].fillna(value=False), "customer_id"].to_list()
    members = sorted(allowed(connection, audience, matching))
    return Preview(
        audience=name,
        as_of_on=as_of_on,
        words=in_words(audience),
        sql=judged.compiled.sql(),
        judged=len(answers),
        matching=len(matching),
        left_out=len(matching) - len(members),
        members=len(members),
        open=int(answers[name].isna().sum()),
        examples=members[:EXAMPLES],
    )
