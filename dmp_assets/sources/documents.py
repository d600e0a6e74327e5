"""Read JSON as rows: lines of objects, or a document with a list of them; nested lists and objects as a rule says.

A rule's ``records`` is the path of the list in a document, such as ``data.orders``. With ``explode: [line_items]`` an entry of that
list of a record is a row, the record's other values beside it: its ``sku`` is the column ``line_items_sku``. Of a list in a list
(``refunds.refund_line_items``) an outer entry without inner ones is a row as well. Several lists give rows of each. With
``flatten`` the value ``id`` of an object ``customer`` is the column ``customer_id``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from dmp_assets.sources.declare import LoadRule
from dmp_assets.sources.delimited import DamagedFileError, Unread, as_text, has_bad_bytes

Object = dict[str, Any]


def json_lines(lines: TextIO, rule: LoadRule, unread: list[Unread]) -> Iterator[tuple[int, str]]:
    """Yield the JSON text of each row of JSON lines, with its line, or if lists are exploded its number among all rows.

    Without anything nested to take apart, the lines are yielded as they are, whether JSON or not.

    Args:
        lines: the text, with lone surrogates for bytes that are none.
        rule: what to take apart.
        unread: takes lines that are no object, and records without entries.
    """
    takes_apart = rule.records or rule.explode or rule.flatten
    row = 0
    for number, line in enumerate(lines, start=1):
        text = line.strip("\ufeff\n\0 ")
        if not text:
            continue
        if has_bad_bytes(text):
            unread.append(Unread(number, "invalid_encoding", text))
        elif not takes_apart:
            yield number, text
        else:
            try:
                value = json.loads(text)
                found = list(_objects(value, rule.records))
            except ValueError:
                unread.append(Unread(number, "not_json", text))
                continue
            for record in found:
                for each in _rows_of(record, rule, number, unread):
                    row += 1
                    yield row if rule.explode or rule.records else number, each


def json_document(text: TextIO, rule: LoadRule, unread: list[Unread]) -> Iterator[tuple[int, str]]:
    """Yield the JSON text of each row of a document, with the number of its record, or if lists are exploded of the row.

    Args:
        text: of the document.
        rule: where the records are, and what to take apart.
        unread: takes records that are no objects or have no entries.

    Raises:
        DamagedFileError: the document breaks off or is no JSON.
    """
    import ijson

    stream = Utf8(text)
    path = [*(["item"] if stream.is_list else []), *(rule.records.split(".") if rule.records else [])]
    prefix = ".".join([*path, "item"] if rule.records else path)
    number = row = 0
    try:
        for record in ijson.items(stream, prefix, use_float=True, multiple_values=True):
            number += 1
            if not isinstance(record, dict):
                unread.append(Unread(number, "not_json", json.dumps(record, ensure_ascii=False)))
                continue
            for each in _rows_of(record, rule, number, unread):
                row += 1
                yield row if rule.explode else number, each
    except ijson.JSONError as error:
        reason = str(error).splitlines()[0]
        raise DamagedFileError(f"its JSON breaks off or is wrong after {number} records: {reason}") from None


class Utf8:
    """A text as UTF-8, to be read by `ijson`.

    Attributes:
        is_list: whether it is a list.
    """

    def __init__(self, text: TextIO) -> None:
        """Begin to read a text."""
        self._text = text
        self._first = text.read(4096).lstrip("\ufeff \t\n")
        self.is_list = self._first.startswith("[")

    def read(self, size: int) -> bytes:
        """Return the next bytes, about as many; none at the end."""
        if not size:
            return b""
        first, self._first = self._first, ""
        return as_text(first or self._text.read(size)).encode()


def exploded(record: Object, paths: Sequence[str]) -> Iterator[Object]:
    """Yield the entries of the named lists of a record, each with the record's other values beside it."""
    split = [path.split(".") for path in paths]
    own = {key: value for key, value in record.items() if key not in {path[0] for path in split}}
    for path in split:
        yield from _entries(own, record, path, "")


def flattened(record: Object, prefix: str = "") -> Object:
    """Return a record whose objects are taken apart: ``a_b`` for the value ``b`` of ``a``."""
    flat: Object = {}
    for key, value in record.items():
        if isinstance(value, dict) and value:
            flat |= flattened(value, f"{prefix}{key}_")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _entries(beside: Object, holder: Object, path: Sequence[str], prefix: str) -> Iterator[Object]:
    key, *deeper = path
    inner = holder.get(key)
    name = f"{prefix}{key}"
    for entry in inner if isinstance(inner, list) else [inner] if inner is not None else []:
        if not isinstance(entry, dict):
            yield beside | {name: entry}
            continue
        fields = beside | {f"{name}_{each}": value for each, value in entry.items() if not deeper or each != deeper[0]}
        found = list(_entries(fields, entry, deeper, f"{name}_")) if deeper else []
        yield from found or [fields]


def _rows_of(record: Object, rule: LoadRule, number: int, unread: list[Unread]) -> Iterator[str]:
    rows = list(exploded(record, rule.explode)) if rule.explode else [record]
    if not rows:
        unread.append(Unread(number, "without_lines", _text(record)))
    for row in rows:
        yield _text(flattened(row) if rule.flatten else row)


def _objects(value: Any, path: str | None) -> Iterator[Object]:
    """Yield the objects at a path of a line's value.

    Raises:
        ValueError: what is there is none.
    """
    for key in path.split(".") if path else ():
        value = value.get(key) if isinstance(value, dict) else None
    for each in value if path and isinstance(value, list) else [value]:
        if not isinstance(each, dict):
            raise ValueError
        yield each


def _text(record: Object) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
