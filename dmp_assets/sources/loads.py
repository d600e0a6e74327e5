"""Readings of files: what each is known by, which sample is drawn from it, and which of them share a transaction."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.warehouse import literal
from dmp_assets.sources.declare import DeclaredTable
from dmp_assets.sources.sheets import matching_sheets

_BATCH_BYTES = 16 * 1024 * 1024
_BATCH_FILES = 500


@dataclass(frozen=True)
class Load:
    """One reading of one file.

    Attributes:
        table: what the file holds.
        file_name: its name in the table's place.
        content: hash of its content.
        now: the load time, UTC without time zone.
        sample_percent: size of the sample that is drawn from it, if the rule says how.
        file: where it is.
        search: what the project says of its own on what is looked for in the source's texts; see `own_search`.
    """

    table: DeclaredTable
    file_name: str
    content: str
    now: dt.datetime
    sample_percent: int
    file: Path
    search: str = ""

    @property
    def load_id(self) -> str:
        """The load's id: it follows from the file's content and from how it is read."""
        rule = self.table.rule
        told = {name for name in ("sheet", "skip", "names", "records", "explode", "flatten") if getattr(rule, name)}
        read_by = rule.model_dump_json(
            include={"format", "encoding", "delimiter", "quote", "identifiers", "sample", *told}, exclude_none=True
        )
        return hashlib.sha256(f"{self.content} {read_by}{self.search}".encode()).hexdigest()[:16] + self.sample_suffix

    @property
    def sample_suffix(self) -> str:
        """The end of the load's id that tells the size of the sample."""
        return f"-{self.sample_percent}" if self.table.rule.sample else ""

    def sample_condition(self) -> str:
        """Return the SQL condition under which a row of the file belongs to the sample."""
        if self.table.rule.sample is None or self.sample_percent == 100:
            return "true"
        # Replaced one by one: SQL may have braces of its own. The folder stands within quotes of the rule's.
        condition = self.table.rule.sample.replace("{percent}", str(self.sample_percent))
        return "(" + condition.replace("{folder}", literal(str(self.file.parent))[1:-1]) + ")"


Known = Sequence[tuple[str, str, str]]
"""Load id, hash and name of the files that were loaded."""


def readings(
    table: DeclaredTable, name: str, file: Path, now: dt.datetime, sample_percent: int, search: str
) -> Iterator[Load]:
    """Yield the readings of a file: one, or one for each sheet of a workbook that the rule names."""
    how = now, sample_percent, file, search
    content = sha256(file)
    sheets = matching_sheets(file, table.rule.sheet) if table.rule.format == "xlsx" else []
    if len(sheets) < 2:
        yield Load(table, name, content, *how)
        return
    for sheet in sheets:
        part = dataclasses.replace(table, rule=table.rule.model_copy(update={"sheet": sheet}))
        yield Load(part, f"{name}/{sheet}", content, *how)


def check_sample(load: Load, known: Known) -> None:
    """Stop if a table holds a sample of another size.

    Raises:
        UserError: it does.
    """
    for load_id, _, name in known:
        if not load_id.endswith(load.sample_suffix):
            raise UserError(
                f"raw.{load.table.raw_name} already holds {name} at another sample size (load {load_id}), and loading "
                f"{load.file_name} at DMP_SAMPLE_PERCENT={load.sample_percent} would mix the two. Use another DMP_HOME, or "
                "`dmp clean` first."
            )


def in_batches(loads: Iterable[Load]) -> Iterator[list[Load]]:
    """Yield loads in their order: small files together, each large one alone."""
    batch: list[Load] = []
    size = 0
    for load in loads:
        own = load.file.stat().st_size
        if batch and (size + own > _BATCH_BYTES or len(batch) == _BATCH_FILES):
            yield batch
            batch, size = [], 0
        batch.append(load)
        size += own
    if batch:
        yield batch


def sha256(file: Path) -> str:
    """Return the hash of a file's content, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
