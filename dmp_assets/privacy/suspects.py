"""Which texts of a column may hold a direct identifier: a look at all their bytes at once, as arrays.

Every text that `identifiers.clean_cell` changes is among them (a test compares the two); that most others are not is a matter of
time. What is looked for is what no identifier lacks: a sign such as ``@``, or digits and gaps in a row that begin where a word
does. If many texts are left, patterns (`condition`) look at them again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dmp_assets.privacy.condition import may_hold_one
from dmp_assets.privacy.numbers import account_lengths
from dmp_assets.privacy.texts import FOLDED, Search

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Flags = NDArray[np.bool_]
    Numbers = NDArray[np.int64]

_SHORTEST = 5
_SLICE = 1 << 17
"""Bytes that are looked at together: they and what is found out about each of them stay in a processor's cache."""
_FEW = 200
"""Texts for which compiling the patterns takes longer than reading them in Python."""
_LONGEST_PARAMETER = 24
_SHORTEST_ACCOUNT, _LONGEST_ACCOUNT = 15, 34
_FURTHEST = 16
"""Digits and gaps of a number that are counted; one with more is long enough."""
_LETTERS_FIRST = {1: 9, 2: 9, 4: 18, 5: 10, 6: 16}
"""National ids that begin with letters: how many these are, and how long the shortest such id is."""


def suspects(texts: pa.StringArray, search: Search, *, is_technical: bool) -> Numbers:
    """Return the places of the texts that `clean_cell` may change, in order.

    Args:
        texts: of one column; shape (n,).
        search: what is looked for.
        is_technical: whether the column's name says that it holds ids, times or amounts of something else than a person.
    """
    look = [start + _look(part, search, is_technical=is_technical) for start, part in _slices(texts)]
    found = np.concatenate(look) if look else np.empty(0, np.int64)
    if len(found) <= _FEW:
        return found
    return found[may_hold_one(texts.take(found), search, is_technical=is_technical)]


class _Slice(NamedTuple):
    letters: Bytes
    ends: Numbers
    """Of each text, in `letters`."""


def _slices(texts: pa.StringArray) -> Iterator[tuple[int, _Slice]]:
    """Yield parts of a column, each with the place of its first text; those with short texts only are left out."""
    _, where, content = texts.buffers()
    if where is None or content is None or not len(texts):
        return
    width = np.int64 if str(texts.type).startswith("large") else np.int32
    offsets = np.frombuffer(where, width)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    letters = np.frombuffer(content, np.uint8)
    first = 0
    while first < len(texts):
        last = max(int(np.searchsorted(offsets, offsets[first] + _SLICE, "right")) - 1, first + 1)
        ends = offsets[first : last + 1]
        if np.diff(ends).max() >= _SHORTEST:
            yield first, _Slice(letters[ends[0] : ends[-1]], ends[1:] - ends[0])
        first = last


def _look(part: _Slice, search: Search, *, is_technical: bool) -> Numbers:
    letters, ends = part
    content = letters.tobytes()
    if content.isdigit():
        is_phones = search.countries and not is_technical
        return np.flatnonzero(np.diff(ends, prepend=0) >= (_SHORTEST_PHONE if is_phones else _SHORTEST_CARD))
    starts = np.concatenate([[0], ends[:-1]])
    places = [_signs(letters, content), *_of_json(letters, content, starts, ends)]
    if b"=" in content:
        places.append(_parameters(letters, starts, ends, search))
    is_wide = not content.isascii()
    if is_wide:
        places.append(_folded(letters))
    if not _are_dates(letters, ends):
        places += _numbers(letters, content, starts, ends, search, is_technical=is_technical, is_wide=is_wide)
    is_found = np.zeros(len(ends), bool)
    is_found[np.searchsorted(ends, np.concatenate(places), "right")] = True
    return np.flatnonzero(is_found)


def _signs(letters: Bytes, content: bytes) -> Numbers:
    """Return where ``@`` stands, or a percent-encoded sign."""
    found = [np.flatnonzero(letters == ord("@"))] if b"@" in content else []
    if b"%" in content:
        at = np.flatnonzero(letters[:-2] == ord("%"))
        found.append(at[_IS_HEXADECIMAL[letters[at + 1]] & _IS_HEXADECIMAL[letters[at + 2]]])
    return np.concatenate(found) if found else _NOWHERE


def _of_json(letters: Bytes, content: bytes, starts: Numbers, ends: Numbers) -> Iterator[Numbers]:
    """Yield where texts begin that may be JSON."""
    if b'"' in content:
        begun = starts[ends > starts]
        yield begun[np.isin(letters[begun], list(b"{[ \t\r\n"))]


def _parameters(letters: Bytes, starts: Numbers, ends: Numbers, search: Search) -> Numbers:
    """Return where the equals signs of parameters stand whose name is, or may be, an identifier's."""
    import pyarrow as pa

    at = np.flatnonzero(letters == ord("="))
    before = np.flatnonzero(_ENDS_A_NAME[letters])  # the equals signs too
    first = np.maximum(
        np.append(-1, before)[np.searchsorted(before, at)] + 1, starts[np.searchsorted(ends, at, "right")]
    )
    padded = np.concatenate([np.zeros(_LONGEST_PARAMETER, np.uint8), letters])
    names = np.lib.stride_tricks.sliding_window_view(padded, _LONGEST_PARAMETER)[at]
    length = np.minimum(at - first, _LONGEST_PARAMETER).astype(np.uint8)
    names *= np.arange(_LONGEST_PARAMETER, 0, -1, dtype=np.uint8) <= length[:, None]
    packed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(_LONGEST_PARAMETER), len(at), [None, pa.py_buffer(names)])
    encoded = packed.dictionary_encode()
    is_one = np.array([_may_name_one(name, search) for name in encoded.dictionary.to_pylist()], bool)
    return at[is_one[encoded.indices.to_numpy()]]


def _may_name_one(name: bytes, search: Search) -> bool:
    """Return whether a parameter's name, filled up with zeros on its left, may be an identifier's; one that is not plain may be."""
    text = name.lstrip(b"\0")
    if len(text) == _LONGEST_PARAMETER or not text.isascii() or b"%" in text or not text.decode().isprintable():
        return True
    return search.words.read(text.decode(), "person").kind is not None


def _folded(letters: Bytes) -> Numbers:
    """Return where full-width letters or digits of other scripts may stand."""
    at = np.flatnonzero(letters[:-1] >= 0xC0)
    return at[_folded_pairs()[letters[at].astype(np.int64) << 8 | letters[at + 1]]]


@cache
def _folded_pairs() -> Flags:
    """Return which two bytes begin a letter or digit that is folded, by their number."""
    pairs = np.zeros(1 << 16, bool)
    for code in FOLDED:
        first, second, *_ = chr(code).encode()
        pairs[first << 8 | second] = True
    return pairs


def _are_dates(letters: Bytes, ends: Numbers) -> bool:
    """Return whether all texts that are not empty are dates, or times, of one form."""
    lengths = np.diff(ends, prepend=0)
    length = int(lengths.max())
    if not _SHORTEST_DATE <= length <= _LONGEST_DATE or ((lengths != length) & (lengths > 0)).any():
        return False
    rows = letters.reshape(-1, length)
    lowest, highest = rows.min(axis=0), rows.max(axis=0)
    is_digit = (lowest >= ord("0")) & (highest <= ord("9"))
    if ((lowest != highest) & ~is_digit).any():
        return False
    form = _DATE_FORM.fullmatch(bytes(np.where(is_digit, ord("0"), lowest).astype(np.uint8)))
    if not form:
        return False
    if form[2]:
        return bool(highest[0] <= ord("3") and highest[3] <= ord("1"))
    century, month, day = (10 * (rows[:, at] - 48) + (rows[:, at + 1] - 48) for at in (0, 5, 8))
    is_day = (century >= 18) & (century <= 20) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    return bool(is_day.all())


def _numbers(
    letters: Bytes,
    content: bytes,
    starts: Numbers,
    ends: Numbers,
    search: Search,
    *,
    is_technical: bool,
    is_wide: bool,
) -> Iterator[Numbers]:
    """Yield where numbers may stand that are an identifier."""
    size, longest = len(letters), int((ends - starts).max())
    goes_on = np.ones(size + 1, bool)
    goes_on[starts] = False  # where a text begins
    is_digit = (letters - 48) < 10
    is_alpha = ((letters | 32) - 97) < 26
    begins = np.empty(size, bool)
    begins[:1] = True
    np.logical_or(is_digit[:-1], is_alpha[:-1], out=begins[1:])
    begins[1:] &= goes_on[1:size]
    np.logical_not(begins[1:], out=begins[1:])
    # From ( to 9 are all gaps and digits but the space, and few others.
    is_part = (letters - 0x28) < 0x12
    is_part |= letters == 0x20
    if is_wide:
        is_part |= _IS_WIDE_GAP[letters]
    two = is_part[:-1] & is_part[1:] & goes_on[1:size]
    three = two[:-1] & two[1:]
    five = three[:-2] & three[2:]
    six, seven = five[:-1] & two[4:], five[:-2] & three[4:]
    nine = five[:-4] & five[4:]
    fourteen = nine[:-5] & nine[5:]
    is_first = begins & is_digit
    yield np.flatnonzero(fourteen & is_first[: len(fourteen)])
    for sign in "+(":
        if sign.encode() in content:
            at = np.flatnonzero(letters[: len(seven) - 1 if len(seven) else 0] == ord(sign)) + 1
            yield at[seven[at] & is_digit[at] & goes_on[at]]
    yield from _network(letters, ends)
    if longest >= _SHORTEST_ACCOUNT:
        yield _accounts(letters, ends, goes_on, is_digit, is_alpha, begins)
    if not is_technical:
        yield _long_enough(np.flatnonzero(six & is_first[: len(six)]), letters, is_digit, two, starts, ends, search)
        if longest >= min(_LETTERS_FIRST.values()):
            yield from _letters_first(letters, ends, goes_on, is_digit, is_alpha, begins)


def _accounts(
    letters: Bytes, ends: Numbers, goes_on: Flags, is_digit: Flags, is_alpha: Flags, begins: Flags
) -> Numbers:
    """Return where a word begins with a country's letters and two digits, and ends after as many as its accounts have."""
    head = is_alpha[:-3] & begins[:-3] & is_alpha[1:-2]
    head &= is_digit[2:-1]
    head &= is_digit[3:]
    at = np.flatnonzero(head)
    length = _lengths_of_accounts()[(letters[at] & 0xDF).astype(np.int64) << 8 | (letters[at + 1] & 0xDF)]
    end = ends[np.searchsorted(ends, at, "right")]
    is_one = (length > 0) & (at + length <= end) & goes_on[at + 1] & goes_on[at + 2] & goes_on[at + 3]
    at, length, end = at[is_one], length[is_one], end[is_one]
    # The letters and digits up to the last, with a gap after each, and what follows.
    places = at[:, None] + np.arange(2 * _LONGEST_ACCOUNT)
    is_here = places < end[:, None]
    places = np.minimum(places, len(letters) - 1)
    is_part = (is_digit[places] | is_alpha[places]) & is_here
    last = (np.cumsum(is_part, axis=1) >= length[:, None]).argmax(axis=1)
    rows = np.arange(len(at))
    return at[(is_part.sum(axis=1) >= length) & ~is_part[rows, np.minimum(last + 1, 2 * _LONGEST_ACCOUNT - 1)]]


@cache
def _lengths_of_accounts() -> Numbers:
    """Return how long the bank account numbers are of the country that two bytes name, by their number; 0 if there is none."""
    lengths = np.zeros(1 << 16, np.int64)
    for country, length in account_lengths().items():
        first, second = country.encode()
        lengths[first << 8 | second] = length
    return lengths


def _network(letters: Bytes, ends: Numbers) -> Iterator[Numbers]:
    """Yield where three points or six colons stand close together, or two colons beside each other."""
    for sign, times, furthest in ((".", 3, 8), (":", 6, 25), (":", 2, 1)):
        is_sign = letters == ord(sign)
        if np.count_nonzero(is_sign) >= times:
            at = np.flatnonzero(is_sign)
            first, last = at[: 1 - times], at[times - 1 :]
            is_close = last - first <= furthest
            first, last = first[is_close], last[is_close]
            yield first[np.searchsorted(ends, first, "right") == np.searchsorted(ends, last, "right")]


def _long_enough(
    at: Numbers, letters: Bytes, is_digit: Flags, is_linked: Flags, starts: Numbers, ends: Numbers, search: Search
) -> Numbers:
    """Return where, of the places at which six digits or gaps begin, there may be a telephone number or a national id.

    A whole text of digits is mostly an id, and an amount is none of both.
    """
    text = np.searchsorted(ends, at, "right")
    before = letters[at - 1]
    is_kept = (at == starts[text]) | ~_GOES_BEFORE_NO_NUMBER[before]
    is_kept |= (before == ord("-")) & _BEGINS_AN_ID[letters[at - 2]]
    at, text = at[is_kept], text[is_kept]
    if not len(at):
        return at
    start, end = starts[text], ends[text]
    goes_on, digit = (_from(at, flags) for flags in (is_linked, is_digit))
    is_endless = goes_on.all(axis=1)
    length = np.where(is_endless, _FURTHEST, goes_on.argmin(axis=1) + 1)
    digits = (digit & (np.arange(_FURTHEST) < length[:, None])).sum(axis=1)
    stop = at + length
    ends_with_letter = (stop < end) & _ENDS_AN_ID[letters[np.minimum(stop, len(letters) - 1)]]
    is_long = is_endless | (digits >= _SHORTEST_PHONE) | ((digits == _SHORTEST_PHONE - 1) & ends_with_letter)
    is_whole = (at == start) & (stop == end)
    is_bare = (digits == length) & (end - start < (_SHORTEST_PHONE if search.countries else _SHORTEST_CARD))
    is_amount = (digits == length - 1) & (letters[end[:, None] - _DECIMALS] == ord(".")).any(axis=1)
    return at[is_long & ~(is_whole & (is_bare | is_amount))]


def _from(at: Numbers, flags: Flags) -> Flags:
    """Return the flags from some places on; shape (places, `_FURTHEST`)."""
    padded = np.concatenate([flags, np.zeros(_FURTHEST, bool)])
    return np.lib.stride_tricks.sliding_window_view(padded, _FURTHEST)[at]


def _letters_first(
    letters: Bytes, ends: Numbers, goes_on: Flags, is_digit: Flags, is_alpha: Flags, begins: Flags
) -> Iterator[Numbers]:
    """Yield where national ids may begin with letters."""
    begins = begins.copy()
    begins[1:] &= ~(_GOES_BEFORE_NO_NUMBER[letters[:-1]] & goes_on[1 : len(letters)])
    is_last = is_alpha[:-1] & is_digit[1:]
    is_last &= goes_on[1 : len(letters)]
    is_last &= _soon_after(begins, max(_LETTERS_FIRST))[:-1]
    at = np.flatnonzero(is_last)
    if not len(at):
        return
    count = np.zeros(len(at), np.int64)
    goes_back = np.ones(len(at), bool)
    for back in range(max(_LETTERS_FIRST) + 1):
        here = np.maximum(at - back, 0)
        goes_back &= is_alpha[here] & (at >= back)
        count += goes_back
        goes_back &= goes_on[here]
    first = at + 1 - count
    shortest = np.array([_LETTERS_FIRST.get(each, 1 << 40) for each in range(max(_LETTERS_FIRST) + 2)])[count]
    is_long = ends[np.searchsorted(ends, first, "right")] - first >= shortest
    yield first[is_long & begins[first] & ((count > 1) | _BEGINS_AN_ID[letters[first]])]


def _soon_after(flags: Flags, places: int) -> Flags:
    """Return what is flagged, and so many places from there on."""
    soon = flags.copy()
    for place in range(1, places):
        soon[place:] |= flags[:-place]
    return soon


_NOWHERE = np.empty(0, np.int64)
_SHORTEST_DATE, _LONGEST_DATE = 10, 35
_DATE_FORM = re.compile(
    rb"(?:0000([-/.])00\1(?:00)|(00)([-/.])00\3(?:0000))(?:[ T]00:00(?::00(?:[.,]0{1,9})?)?(?:Z| ?[+-]00(?::?00)?)?)?"
)
_DECIMALS = np.arange(2, 6)
_SHORTEST_PHONE, _SHORTEST_CARD = 7, 14


def _one_of(letters: bytes) -> Flags:
    flags = np.zeros(256, bool)
    flags[list(letters)] = True
    return flags


_GOES_BEFORE_NO_NUMBER = _one_of(b"._+-")
_BEGINS_AN_ID = _one_of(b"XYZxyz")
_ENDS_AN_ID = _one_of(b"ABCDEFabcdef")
_IS_HEXADECIMAL = _one_of(b"0123456789abcdefABCDEF")
_ENDS_A_NAME = _one_of(b"=&?#;/\"'<> \t\r\n\f\v\x1c\x1d\x1e\x1f")
_IS_WIDE_GAP = _one_of("\u00a0".encode() + b"".join(chr(code).encode() for code in range(0x2010, 0x2016)))
