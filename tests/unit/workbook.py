"""Excel workbooks for the unit tests, as small as their format allows."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STYLES = ("General", "dd/mm/yyyy hh:mm", "000000", "yyyy-mm-dd")

Cell = str | float | tuple[float, int] | None
"""A text, a number, or a number with its place in `STYLES`."""


def write_workbook(
    file: Path, sheets: Mapping[str, Sequence[Sequence[Cell]]], merged: Mapping[str, Sequence[str]] = {}
) -> Path:
    """Write sheets by name, with their rows and merged ranges such as ``A1:C1``."""
    formats = "".join(f'<numFmt numFmtId="{163 + at}" formatCode="{code}"/>' for at, code in enumerate(STYLES) if at)
    styles = "".join(f'<xf numFmtId="{163 + at if at else 0}"/>' for at in range(len(STYLES)))
    with zipfile.ZipFile(file, "w") as archive:
        listed = "".join(
            f'<sheet name="{escape(name)}" sheetId="{at}" r:id="rId{at}"/>' for at, name in enumerate(sheets, start=1)
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
            f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml", f'<workbook {_MAIN} xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>'
        )
        related = "".join(
            f'<Relationship Id="rId{at}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{at}.xml"/>'
            for at in range(1, len(sheets) + 1)
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'{related}<Relationship Id="rId99" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/styles.xml",
            f'<styleSheet {_MAIN}><numFmts count="{len(STYLES) - 1}">{formats}</numFmts>'
            f'<cellXfs count="{len(STYLES)}">{styles}</cellXfs></styleSheet>',
        )
        for at, (name, rows) in enumerate(sheets.items(), start=1):
            data = "".join(
                f'<row r="{number}">{"".join(_cell(number, column, cell) for column, cell in enumerate(row))}</row>'
                for number, row in enumerate(rows, start=1)
            )
            ranges = "".join(f'<mergeCell ref="{each}"/>' for each in merged.get(name, ()))
            merge = f"<mergeCells>{ranges}</mergeCells>" if ranges else ""
            archive.writestr(
                f"xl/worksheets/sheet{at}.xml", f"<worksheet {_MAIN}><sheetData>{data}</sheetData>{merge}</worksheet>"
            )
    return file


def _cell(row: int, column: int, cell: Cell) -> str:
    place = f"{chr(ord('A') + column)}{row}"
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
    value, style = cell if isinstance(cell, tuple) else (cell, 0)
    return f'<c r="{place}" s="{style}"><v>{value!r}</v></c>'
