"""Read a sheet of an Excel workbook as rows of text cells, as a reader of the sheet sees them.

Days and times are ISO 8601, a number that its format shows as ``000123`` has its zeros, and a whole number no ``.0``. What is
merged over several rows stands in each of them.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

from dmp_assets.sources.delimited import DamagedFileError

_NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CELL = re.compile(rb'<(?:\w+:)?c (?=[^>]*\br="([A-Z]+)(\d+)")(?=[^>]*\bs="(\d+)")')
_CHUNK = 1 << 20


def sheet_names(file: Path) -> list[str]:
    """Return the names of the sheets with cells that a reader sees.

    Raises:
        DamagedFileError: the file is no workbook, or has a password.
    """
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    with _workbook(file) as workbook:
        return [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]


def matching_sheets(file: Path, sheet: str | None) -> list[str]:
    """Return the sheets that a rule names: the first one, one by its name, or all that fit a pattern such as ``Year *``.

    Raises:
        DamagedFileError: as `sheet_names`, or there is none.
    """
    names = sheet_names(file)
    found = names[:1] if sheet is None else [sheet] if sheet in names else fnmatch.filter(names, sheet)
    if not found:
        raise DamagedFileError(f"it has no sheet {sheet}; there are {', '.join(names)}")
    return found


def sheet_rows(file: Path, sheet: str | None, *, skip: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a sheet that have a value, each with its number in the sheet; all have as many cells.

    Args:
        file: the workbook.
        sheet: its name, or as `matching_sheets`, of which the first is read.
        skip: rows at the beginning that are not read.

    Raises:
        DamagedFileError: as `matching_sheets`.
    """
    name = matching_sheets(file, sheet)[0]
    with _workbook(file) as workbook:
        found = workbook.get_sheet_by_name(name)
        padded = _padded(file, name)
        merged = _merged_below(found.merged_cell_ranges or [])
        held: dict[int, tuple[int, str]] = {}
        # It yields the empty rows before the first value, but not the empty columns.
        left = found.start[1] if found.start else 0
        for row, values in enumerate(found.iter_rows()):
            cells = [""] * left + [
                _text(value, padded.get((row, at), 0)) for at, value in enumerate(values, start=left)
            ]
            for column, last in merged.get(row, ()):
                held[column] = (last, cells[column])
            for column, (last, text) in held.items():
                if row <= last and column < len(cells):
                    cells[column] = text
            if row >= skip and any(cells):
                yield row + 1, cells


def _workbook(file: Path):
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        return CalamineWorkbook.from_path(file)
    except (CalamineError, OSError) as error:
        raise DamagedFileError(f"it cannot be opened as a workbook: {error or type(error).__name__}") from None


def _text(value: object, width: int) -> str:
    """Return a value as it is shown; a number has at least `width` digits."""
    match value:
        case bool():
            return str(value).lower()
        case float() | int():
            # As many digits as a sheet has, so that 0.1 + 0.2 is 0.3.
            text = format(Decimal(format(value, ".15g")), "f")
            return text.zfill(width)
        case dt.datetime():
            rounded = value + dt.timedelta(microseconds=500)
            return rounded.replace(microsecond=rounded.microsecond // 1000 * 1000).isoformat(" ").removesuffix("000")
        case dt.timedelta():
            minutes, seconds = divmod(round(value.total_seconds()), 60)
            return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
        case dt.date() | dt.time():
            return value.isoformat()
        case _:
            return str(value)


def _merged_below(ranges: list[tuple[tuple[int, int], tuple[int, int]]]) -> dict[int, list[tuple[int, int]]]:
    """Return by first row which columns hold a value for the rows below it, and the last of these."""
    merged: dict[int, list[tuple[int, int]]] = {}
    for (top, column), (bottom, _) in ranges:
        if bottom > top:
            merged.setdefault(top, []).append((column, bottom))
    return merged


def _padded(file: Path, sheet: str) -> dict[tuple[int, int], int]:
    """Return the cells whose number format is zeros only, by row and column from 0, with the number of these."""
    with zipfile.ZipFile(file) as archive:
        if not {"xl/styles.xml", "xl/workbook.xml"} <= set(archive.namelist()):
            return {}
        styles = ET.fromstring(archive.read("xl/styles.xml"))  # noqa: S314 - a file of the user's own; expat limits expansion
        widths = {
            each.get("numFmtId"): len(code)
            for each in styles.iter(f"{_NAMESPACE}numFmt")
            if re.fullmatch("00+", code := each.get("formatCode") or "")
        }
        formats = styles.find(f"{_NAMESPACE}cellXfs")
        by_style = {
            str(style).encode(): widths[each.get("numFmtId")]
            for style, each in enumerate(formats if formats is not None else ())
            if each.get("numFmtId") in widths
        }
        if not by_style:
            return {}
        found: dict[tuple[int, int], int] = {}
        with archive.open(_part(archive, sheet)) as stream:
            rest = b""
            while chunk := stream.read(_CHUNK):
                text = rest + chunk
                cut = text.rfind(b"<")
                text, rest = text[:cut], text[cut:]
                for cell in _CELL.finditer(text):
                    if cell[3] in by_style:
                        found[int(cell[2]) - 1, _column(cell[1])] = by_style[cell[3]]
        return found


def _part(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the part of a workbook's archive that holds a sheet."""
    book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
    relation = next(each.get(_RELATION) for each in book.iter(f"{_NAMESPACE}sheet") if each.get("name") == sheet)
    relations = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    target = next(each.get("Target", "") for each in relations if each.get("Id") == relation)
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
