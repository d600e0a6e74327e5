"""Find out in which encoding a text is: by its mark, as UTF-8, or by the language whose letters it would then hold.

A text that is no UTF-8 can be read in many encodings, and in most of them it looks wrong: "São" is "Săo" in cp1250 and "Sгo" in
cp1251. For each encoding the share of its letters is counted that belong to one language which is written in it; the highest share
wins, and among equals the first in the list. So cp1252 comes before cp1250, unless a language of cp1250 explains more letters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_NEUTRAL = "€£¥§°–—‘’‚“”„…•®©™«»¿¡ºª·\xa0"  # signs of many languages tell nothing
_CYRILLIC, _GREEK, _THAI = "[а-яёѓђѐ-џґ]", "[ά-ώΐΰ]", "[ก-๛]"
_WESTERN = {
    "German": "äöüßé",
    "French": "àâçéèêëîïôùûüÿœæ",
    "Spanish": "áéíñóúü",
    "Portuguese": "áâãàçéêíóôõúü",
    "Italian": "àèéìíîòóùú",
    "Nordic": "åäöæøé",
    "Dutch": "áéëïíóöüèê",
    "Catalan": "àçèéíïòóúü",
}
_CENTRAL = {
    "Polish": "ąćęłńóśźż",
    "Czech": "áčďéěíňóřšťúůýž",
    "Slovak": "áäčďéíĺľňóôŕšťúýž",
    "Hungarian": "áéíóöőúüű",
    "Croatian": "čćđšž",
    "Romanian": "ăâîșşțţ",
}
_BEYOND_LATIN = "\u0370"
_SAMPLE = 1 << 16
_MIXED = 0.9
"""Weight of a share that only several languages together explain, as in a list of customers of all Europe."""


def _letters(letters: str) -> Callable[[str], object]:
    return re.compile(letters if letters.startswith("[") else f"[{letters}]").match


def _lead_between(codec: str, first: int, last: int) -> Callable[[str], bool]:
    """Return whether a character is among the common ones, which national standards put first."""

    def is_common(letter: str) -> bool:
        try:
            return first <= letter.encode(codec)[0] <= last
        except UnicodeEncodeError:
            return False

    return is_common


def _japanese(letter: str) -> bool:
    return "ぁ" <= letter <= "ヿ" or _lead_between("cp932", 0x88, 0x97)(letter)


_WIDE: dict[str, Callable[[str], bool]] = {
    "cp949": _lead_between("euc_kr", 0xB0, 0xC8),
    "euc_jp": _japanese,
    "cp932": _japanese,
    "gb18030": _lead_between("gb2312", 0xB0, 0xD7),
    "big5": _lead_between("big5", 0xA4, 0xC6),
}
"""Encodings of two bytes a letter: which letters are common. Korean comes first, because all of it would be common Chinese too."""

_WHOLLY_BEYOND_ASCII = ("cp949", "euc_jp", "gb18030")
"""Those of whose common letters no byte is ASCII: Latin letters may stand beside them, as in 用户ID."""

_NARROW: list[tuple[str, tuple[str, ...], float]] = [
    ("cp1252", tuple(_WESTERN.values()), 1),
    ("cp1250", tuple(_CENTRAL.values()), 1),
    ("cp1254", ("çğıiöşüâîİ",), 1),
    ("cp1257", ("āčēģīķļņšūž", "ąčęėįšųūž", "äöõüšž"), 1),
    ("cp1255", ("[א-ת]",), 1),
    ("cp1251", (_CYRILLIC,), 1),
    ("koi8_r", (_CYRILLIC,), 1),
    ("cp866", (_CYRILLIC,), 1),
    ("cp1253", (_GREEK,), 1),
    ("cp1256", ("[ء-ۿ]",), 1),
    ("cp874", (_THAI,), 1),
    ("cp850", tuple(_WESTERN.values()), 1),
    ("cp852", tuple(_CENTRAL.values()), 1),
    ("mac_roman", tuple(_WESTERN.values()), 1),
    ("cp1252", ("áæéíðóöúýþ",), 0.95),  # Icelandic, after Turkish: the same bytes for three letters
    ("cp1252", ("".join(_WESTERN.values()),), _MIXED),
    ("cp1250", ("".join(_CENTRAL.values()),), _MIXED),
]
"""Encodings of one byte a letter, with the letters beyond ASCII of the languages written in them, and a weight."""


def encoding_of(head: bytes, rest: bytes = b"") -> str | None:
    """Return the encoding of a text by Python's name; None if none fits.

    Args:
        head: its first lines.
        rest: lines of it with bytes beyond ASCII, whole.
    """
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    if 50 * head.count(0) > len(head):
        return _utf16(head)
    text = head + rest
    beyond = [line for line in text.split(b"\n") if not line.isascii()]
    wrong = sum(_decoded(line, "utf-8") is None for line in beyond)
    if 2 * wrong <= len(beyond):
        # A few bytes that are none spoil their own lines only.
        return "utf-8"
    words = b" ".join(set(re.findall(rb"[^\x00-\x40\[-`{-\x7f]*[\x80-\xff][^\x00-\x1f ,;|]*", text)))
    lines = b"\n".join(beyond)
    lines = lines[: lines.find(b"\n", _SAMPLE)] if len(lines) > _SAMPLE and b"\n" in lines[_SAMPLE:] else lines
    scores: dict[str, float] = {}
    for encoding, is_common in _WIDE.items():
        scores[encoding] = _share(_decoded(lines, encoding), [is_common], may_be_mixed=encoding in _WHOLLY_BEYOND_ASCII)
    for encoding, languages, weight in _NARROW:
        share = weight * _share(_decoded(words, encoding), [_letters(each) for each in languages])
        scores[encoding] = max(scores.get(encoding, 0), share)
    best = max(scores, key=lambda encoding: scores[encoding])
    if scores[best] == 0:
        # Signs alone, such as €.
        return "cp1252" if _decoded(words, "cp1252") is not None else None
    return best


def _utf16(head: bytes) -> str | None:
    """Return which UTF-16 without a mark a text is: the one that gives more ASCII, which no text is without."""
    ascii_letters = {}
    for encoding in ("utf-16-le", "utf-16-be"):
        text = head[: len(head) // 2 * 2].decode(encoding, "replace")
        ascii_letters[encoding] = sum(" " <= letter <= "~" or letter in "\r\n\t" for letter in text)
    best = max(ascii_letters, key=lambda encoding: ascii_letters[encoding])
    return best if 25 * ascii_letters[best] > len(head) else None


def _decoded(text: bytes, encoding: str) -> str | None:
    try:
        return text.decode(encoding)
    except UnicodeDecodeError:
        return None


def _share(text: str | None, languages: Sequence[Callable[[str], object]], *, may_be_mixed: bool = False) -> float:
    """Return the highest share of a text's letters beyond ASCII that one language has; a letter beside no other is a sign.

    Capitals within words count against it, and so do Latin letters beside those of another script, unless they may.
    """
    if text is None:
        return 0
    letters = [
        letter
        for before, letter, after in zip(f" {text}", text, f"{text[1:]} ", strict=False)
        if not letter.isascii() and letter not in _NEUTRAL and (before.isalpha() or after.isalpha())
    ]
    if not letters:
        return 0
    odd = sum(
        (before.islower() and after.isupper()) or (not may_be_mixed and _are_mixed(before, after))
        for before, after in pairwise(text)
    )
    return max(sum(bool(is_of(letter.lower())) for letter in letters) for is_of in languages) / (len(letters) + odd)


def _are_mixed(before: str, after: str) -> bool:
    return before.isalpha() and after.isalpha() and (before < _BEYOND_LATIN) != (after < _BEYOND_LATIN)
