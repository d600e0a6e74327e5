"""Rules answered in the warehouse: who meets which, and what was asked of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dmp_assets.analysis.likeness import seed_similarity
from dmp_assets.rules.compile import Compiled, compile_rules, referenced_look_alikes
from dmp_assets.rules.conditions import LookAlikes
from dmp_assets.rules.files import RuleError
from dmp_assets.rules.subject import Subject
from dmp_assets.rules.values import AS_OF

if TYPE_CHECKING:
    import duckdb
    from sqlglot import exp

_NUMBERS = count(1)
"""Of the temporary tables."""


@dataclass(frozen=True)
class Judgement:
    """Rules answered, kept in a temporary table of a connection.

    Attributes:
        connection: to the warehouse.
        subject: what was judged.
        compiled: the query that answered them.
        table: the temporary table.
    """

    connection: duckdb.DuckDBPyConnection
    subject: Subject
    compiled: Compiled
    table: str

    def answers(self) -> pd.DataFrame:
        """Return the subject's key and a column per rule, of type boolean, sorted by the key.

        An answer is missing where an unknown value leaves it open.
        """
        from sqlglot import exp

        key = exp.column(self.subject.key, quoted=True)
        named = [
            exp.column(column, quoted=True).as_(name, quoted=True) for name, column in self.compiled.answers.items()
        ]
        found = self._fetch(exp.select(key, *named).from_(self.table).order_by(key.copy()))
        return found.astype(dict.fromkeys(self.compiled.answers, "boolean"))

    def asked(self, name: str, keys: Iterable[str]) -> pd.DataFrame:
        """Return what a rule asks of some: a row each, sorted by key, with a column per question called as its `asked_column`."""
        from sqlglot import exp

        key = exp.column(self.subject.key, quoted=True)
        columns = {
            question.asked_column: self.compiled.columns.get(question.asked_column, question.asked_column)
            for question in self.subject.rules[name].questions()
        }
        if AS_OF in self.subject.columns:
            columns[AS_OF] = AS_OF
        # Alike names would be one column: they are told apart by number until they have arrived.
        numbered = [exp.column(column, quoted=True).as_(f"asked_{n}") for n, column in enumerate(columns.values())]
        self.connection.register("asked_keys", pd.DataFrame({"asked_key": pd.Series(list(keys), dtype="string")}))
        query = exp.select(key, *numbered).from_(self.table)
        found = self._fetch(
            query.where(f'"{self.subject.key}" in (select asked_key from asked_keys)').order_by(key.copy())
        )
        self.connection.unregister("asked_keys")
        return found.set_axis([self.subject.key, *columns], axis="columns")

    def _fetch(self, query: exp.Select) -> pd.DataFrame:
        return self.connection.execute(query.sql(dialect="duckdb")).df()


def judge(
    connection: duckdb.DuckDBPyConnection, names: Iterable[str], subject: Subject, as_of_on: dt.date
) -> Judgement:
    """Answer rules.

    Args:
        connection: to the warehouse; temporary tables are made in it.
        names: of the rules, see `Subject.rules`; they are known to be right, see `check.check`.
        subject: what is judged.
        as_of_on: the as-of date; only rows before it count.

    Raises:
        RuleError: a rule cannot be computed, such as a sum beyond all numbers; the message names it.
    """
    import duckdb

    names = list(names)
    compiled = compiled_for(connection, names, subject, as_of_on)
    table = f"judged_{next(_NUMBERS)}"
    try:
        connection.execute(f"create temporary table {table} as {compiled.sql()}")
    except (duckdb.OutOfRangeException, duckdb.ConversionException, duckdb.InvalidInputException) as error:
        raise RuleError(f"{', '.join(names)}: it cannot be computed: {str(error).splitlines()[0]}") from None
    return Judgement(connection, subject, compiled, table)


def compiled_for(
    connection: duckdb.DuckDBPyConnection, names: list[str], subject: Subject, as_of_on: dt.date
) -> Compiled:
    """Return rules as a query; look-alikes that they ask about are found and kept in temporary tables.

    Raises:
        RuleError: as `judge`.
    """
    alike: dict[str, str] = {}
    for question in referenced_look_alikes(names, subject):
        seed = judge(connection, [question.look_alikes_of], subject, as_of_on).answers()
        is_seed = seed.set_index(subject.key)[question.look_alikes_of].fillna(value=False).astype(bool)
        table = f"alike_{question.look_alikes_of}_{question.top_percent:g}".replace(".", "_")
        _registered(connection, table, _look_alikes(connection, question, subject, is_seed))
        alike[question.asked_column] = table
    return compile_rules(names, subject, as_of_on, alike)


def _look_alikes(
    connection: duckdb.DuckDBPyConnection, question: LookAlikes, subject: Subject, is_seed: pd.Series
) -> pd.DataFrame:
    """Return key and ``is_alike`` of all who have a vector; the cosine to the mean of the members at length 1 decides.

    (Rocchio, 1971; what it is worth is measured in profiles.lookalike_quality.) Ties go to the lower key.
    """
    vectors = connection.execute(f"select * from ({subject.vectors}) order by 1").df()
    if vectors.empty:
        return pd.DataFrame({subject.key: pd.Series(dtype=object), "is_alike": pd.Series(dtype=bool)})
    among = vectors[subject.key].map(is_seed).fillna(value=False).to_numpy(dtype=bool)
    matrix = np.vstack(vectors["embedding"].to_list()).astype(np.float64)
    is_alike = np.zeros(len(vectors), dtype=bool)
    if among.any() and not among.all():
        likeness = seed_similarity(matrix, among)
        others = np.flatnonzero(~among)
        count = int(np.ceil(question.top_percent / 100 * len(others)))
        best = others[np.argsort(-likeness[others].round(12), kind="stable")[:count]]
        is_alike[best] = True
    return pd.DataFrame({subject.key: vectors[subject.key], "is_alike": is_alike})


def _registered(connection: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame) -> None:
    connection.register("alike_rows", frame)
    connection.execute(f"create or replace temporary table {table} as from alike_rows")
    connection.unregister("alike_rows")
