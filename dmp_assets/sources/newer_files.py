"""What a newer file of a source leaves open: a column that has another name now, and rows of older files that do not come again.

Nothing of it is guessed: the sentences name the file, what is open and the command that settles it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from dmp_assets.dbt.contract_tables import known_names, plain
from dmp_assets.platform.warehouse import columns_of, has_table, literal, quoted
from dmp_assets.sources.declare import PLACE_COLUMNS, RAW, DeclaredTable

ALMOST_ALL = 0.9
"""Share of the earlier rows that a file under another name repeats, for it to look like a full copy."""

_ENOUGH = 10  # earlier rows, to speak of almost all of them


@dataclass(frozen=True)
class _File:
    """A file as one load brought it, and the columns in which it has any value."""

    load_id: str
    name: str
    rows: int
    filled: frozenset[str]


def open_questions(connection: duckdb.DuckDBPyConnection, table: DeclaredTable) -> list[str]:
    """Return what the files of a raw table leave open, in sentences; none for one that is not there or declares no mapping."""
    if table.rule.file_format is None or not table.mapping or not has_table(connection, f"{RAW}.{table.raw_name}"):
        return []
    files = _files(connection, table)
    return [*_renamed_columns(table, files), *_replaced_files(connection, table, files)]


def _files(connection: duckdb.DuckDBPyConnection, table: DeclaredTable) -> list[_File]:
    """Return the loaded files, the newest last; without those of corrected rows, which replace what they correct."""
    columns = [column for column in columns_of(connection, table.relation) if column not in PLACE_COLUMNS]
    counts = ", ".join(["count(*)", *(f"count({quoted(column)})" for column in columns)])
    corrected = f"select replaced_by from {RAW}._replaced_rows where table_name = {literal(table.raw_name)}"
    of_files = f"where _file not in ({corrected})" if has_table(connection, f"{RAW}._replaced_rows") else ""
    found = connection.execute(
        f"select _load_id, _file, {counts} from {table.relation} {of_files} "
        "group by _load_id, _file order by max(_loaded_at), _file, _load_id"
    ).fetchall()
    return [
        _File(load_id, name, rows, frozenset(column for column, filled in zip(columns, filling, strict=True) if filled))
        for load_id, name, rows, *filling in found
    ]


def _renamed_columns(table: DeclaredTable, files: Sequence[_File]) -> list[str]:
    """Return a sentence for each field whose column files lack, which others have, and for what they have instead."""
    sentences = []
    used = {column for columns in table.fields.values() for column in columns}
    for field, columns in table.fields.items():
        lacking = [file for file in files if not file.filled.intersection(columns)]
        known = {column for file in files if file not in lacking for column in file.filled}
        instead = sorted({column for file in lacking for column in file.filled} - known - used)
        if not known or not instead:
            continue
        likely = [column for column in instead if plain(column) in known_names(table.rule.contract, field)]
        other = likely[0] if likely else instead[0] if len(instead) == 1 else "COLUMN"
        first, *others = (file.name for file in lacking)
        names = f"{first} and {len(others):,} other files" if others else first
        sentences.append(
            f"{table.source}: there is no {' or '.join(columns)}, which is read as {field}, in {names}, but {', '.join(instead)}: "
            f"if that is the same under another name, say `{_command(table)} --map '{field}={'|'.join([*columns, other])}'`"
        )
    return sentences


def _replaced_files(connection: duckdb.DuckDBPyConnection, table: DeclaredTable, files: Sequence[_File]) -> list[str]:
    """Return a sentence for each file that may replace others, as long as nobody said whether files add or replace."""
    if table.rule.keep is not None or not files:
        return []
    full_copy, adds = f"`{_command(table)} --full-copy`", f"`{_command(table)} --append`"
    by_name: dict[str, list[_File]] = {}
    for file in files:
        by_name.setdefault(file.name, []).append(file)
    sentences = []
    for name, (*earlier, newest) in by_name.items():
        if earlier:
            again, total = _come_again(connection, table, newest, earlier)
            sentences.append(
                f"{table.source}: {name} came again with other content: of its {total:,} earlier rows {again:,} are in it as they "
                f"were; the other {total - again:,} still count, unless a newer row has their key. If it takes the place of the "
                f"earlier one, say {full_copy}; if it adds to it, {adds}"
            )
    newest = files[-1]
    earlier = [file for file in files if file.name != newest.name]
    if sum(file.rows for file in earlier) >= _ENOUGH:
        again, total = _come_again(connection, table, newest, earlier)
        if again >= ALMOST_ALL * total:
            sentences.append(
                f"{table.source}: {newest.name} repeats {again:,} of the {total:,} rows of earlier files; the other "
                f"{total - again:,} still count, unless a newer row has their key. If each file is a copy of everything, give them "
                f"one name and say {full_copy}; if they add to each other, {adds}"
            )
    return sentences


def _come_again(
    connection: duckdb.DuckDBPyConnection, table: DeclaredTable, newest: _File, earlier: Sequence[_File]
) -> tuple[int, int]:
    """Return how many rows of earlier files are in the newest one as they were, by the columns of all, and how many there are."""
    shared = sorted(newest.filled.intersection(*(file.filled for file in earlier)))
    if not shared:
        return 0, sum(file.rows for file in earlier)
    row = f"hash({', '.join(map(quoted, shared))})"
    ids = ", ".join(literal(file.load_id) for file in earlier)
    return connection.execute(
        f"""
        with newest as (select distinct {row} as row_hash from {table.relation} where _load_id = {literal(newest.load_id)})
        select count(newest.row_hash), count(*)
        from (select {row} as row_hash from {table.relation} where _load_id in ({ids})) as earlier
        left join newest using (row_hash)
        """
    ).fetchall()[0]


def _command(table: DeclaredTable) -> str:
    """Return the command that maps a table anew."""
    is_main = table.rule.contract == "order_lines"
    return f"dmp add-source {table.source}{'' if is_main else f' --as {table.rule.contract}'} --replace"
