"""Files for people and programs to take: CSV or Parquet, written whole and readable by their owner only.

They hold identifiers in clear, so they lie neither in the platform's home nor among what is published. What advertisers' upload
pages take is written the same way, with hashes (`google`, `meta`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from dmp_assets.activation.destinations.base import Batch, Destination, Form, rows_of
from dmp_assets.activation.destinations.tables import CUSTOMER
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.files import atomic_file
from dmp_assets.platform.settings import Settings
from dmp_assets.rules.files import Text

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class FileDestination(Destination):
    """A file per audience in a folder, which is relative to the project's."""

    is_one_each: ClassVar[bool] = True
    forms: ClassVar[tuple[Form, ...]] = (CUSTOMER,)

    folder: Text

    @property
    def is_whole(self) -> bool:
        """A file is written anew each time."""
        return True

    def prepare(self, settings: Settings) -> None:
        """Find out whether the folder is a place for personal data."""
        super().prepare(settings)
        folder = self.resolved_folder(settings)
        if folder.is_relative_to(settings.home):
            raise UserError(
                self.problem(
                    f"destination '{self.name}'",
                    f"the folder {folder} is in the platform's home, which holds no identifiers outside the vault; name another, "
                    "such as exports",
                )
            )
        if folder.exists() and not folder.is_dir():
            raise UserError(self.problem(f"destination '{self.name}'", f"{folder} is no folder; name another"))

    def resolved_folder(self, settings: Settings) -> Path:
        """Return where the folder is."""
        return (settings.project_dir / Path(self.folder).expanduser()).resolve()

    def path(self, settings: Settings, audience: str) -> Path:
        """Return the file of an audience."""
        return self.resolved_folder(settings) / f"{self.name}__{audience}.{self.suffix}"

    def is_written(self, settings: Settings, audience: str) -> bool:
        """Return whether the file is there."""
        return self.path(settings, audience).is_file()

    def write(self, settings: Settings, batch: Batch) -> None:
        """Replace the file."""
        path = self.path(settings, batch.audience)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with atomic_file(path, mode=0o600) as file:
                file.write(self.content(batch))
        except OSError as error:
            raise UserError(
                self.problem(f"destination '{self.name}'", f"{path} cannot be written ({error.strerror})")
            ) from None

    suffix: ClassVar[str] = "csv"

    def content(self, batch: Batch) -> bytes:
        """Return the file's content."""
        return as_csv([field.name for field in self.forms[0]], rows_of(batch))


class Csv(FileDestination):
    """A CSV file in UTF-8, with a line of names; a text that a spreadsheet would take for a formula has an apostrophe before it."""

    kind: Literal["csv"]

    def content(self, batch: Batch) -> bytes:
        """Return the CSV text."""
        rows = [{name: _as_text(name, value) for name, value in row.items()} for row in rows_of(batch)]
        return as_csv([field.name for field in self.forms[0]], rows)


class Parquet(FileDestination):
    """A Parquet file; every column is text."""

    kind: Literal["parquet"]
    suffix: ClassVar[str] = "parquet"

    def content(self, batch: Batch) -> bytes:
        """Return the Parquet file."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        names = [field.name for field in self.forms[0]]
        rows = rows_of(batch)
        table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})
        buffer = io.BytesIO()
        pq.write_table(table, buffer)
        return buffer.getvalue()


def as_csv(names: Sequence[str], rows: Sequence[dict[str, str]]) -> bytes:
    """Return rows as CSV; what a row lacks is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _as_text(name: str, value: str) -> str:
    """Return a value that a spreadsheet does not calculate; a telephone number keeps its plus."""
    return f"'{value}" if name != "phone" and value.startswith(_FORMULA) else value
