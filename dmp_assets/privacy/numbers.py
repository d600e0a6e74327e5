"""Numbers that stand for a person or their account: payment cards, bank accounts, national ids, telephone numbers.

Whatever has a checksum must pass it, because order and product numbers look alike. `stdnum` knows the checksums, `phonenumbers`
the numbering plans.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache

_CARD = re.compile(
    r"(?<![A-Za-z0-9])(?=((?:\d{4}[ .-]){3}\d{4}|\d{4}[ -]\d{6}[ -]\d{4,5}|\d{14,16}|62\d{15,17})(?![A-Za-z0-9]))\d",
    re.ASCII,
)
_CARD_BRANDS = re.compile(
    r"(?:4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|220[0-4]\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17}|(?:5[06-8]|6[37])\d{14})"
)
"""Visa, Mastercard, Mir, American Express, Diners Club, Discover, JCB, UnionPay, Maestro: their first digits and lengths."""

_IBAN = re.compile(r"(?<![A-Za-z0-9])(?=([A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}))[A-Za-z]{2}\d", re.ASCII)

_NATIONAL: tuple[tuple[str, str, str], ...] = (
    # Form, module of stdnum, country; "" where the form tells enough in any country.
    (r"\d{17}[\dXx]", "cn.ric", ""),
    (r"\d{6}-[0-9]\d{6}", "kr.rrn", ""),
    (r"\d{3}-\d{2}-\d{4}", "us.ssn", ""),
    (r"\d{3}\.\d{3}\.\d{3}-\d{2}", "br.cpf", ""),
    (r"[A-Za-z]{6}\d\w[A-Za-z]\d\w[A-Za-z]\d\w\w[A-Za-z]", "it.codicefiscale", ""),
    (r"\d{8}-?[A-Za-z]", "es.dni", ""),
    (r"[XYZxyz]-?\d{7}-?[A-Za-z]", "es.nie", ""),
    (r"[A-Za-z]{4}\d{6}[HMXhmx][A-Za-z]{5}\w\d", "mx.curp", ""),
    (r"(?:\d{2})?\d{6}[-+]\d{4}", "se.personnummer", ""),
    (r"\d{6}-\d{4}", "dk.cpr", "DK"),
    (r"\d{6}[-+A-Fa-f]\d{3}[0-9A-Ya-y]", "fi.hetu", ""),
    (r"\d{6}/\d{4}", "cz.rc", ""),
    (r"[1278] ?\d{2} ?\d{2} ?\d[\dABab] ?\d{3} ?\d{3} ?\d{2}", "fr.nir", ""),
    (r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", "be.nn", ""),
    (r"\d{4}[ -]\d{4}[ -]\d{4}", "in_.aadhaar", ""),
    (r"756\.\d{4}\.\d{4}\.\d{2}", "ch.ssn", ""),
    (r"[A-Za-z]{5}\d{4}[A-Za-z]", "in_.pan", "IN"),
    (r"\d{12}", "in_.aadhaar", "IN"),
    (r"\d{11}", "pl.pesel", "PL"),
    (r"\d{11}", "no.fodselsnummer", "NO"),
    (r"\d{11}", "br.cpf", "BR"),
    (r"\d{11}", "tr.tckimlik", "TR"),
    (r"\d{11}", "be.nn", "BE"),
    (r"\d{11}", "de.idnr", "DE"),
    (r"\d{11}", "ee.ik", "EE"),
    (r"\d{13}", "ro.cnp", "RO"),
    (r"\d{13}", "za.idnr", "ZA"),
    (r"\d{13}", "kr.rrn", "KR"),
    (r"\d{13}", "th.pin", "TH"),
    (r"\d{10}", "bg.egn", "BG"),
    (r"(?:\d{2})?\d{10}", "se.personnummer", "SE"),
)
# Without a checksum: two letters, six digits and a letter of four.
_BEGINNING = r"\d{4}|\d{3}[-.]\d|\d\d\.\d\d\.|[1278] \d\d|[A-Za-z]{2}[A-Za-z \d]\d?[ \d]?|[XYZxyz]-?\d"
_NINO = r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]"

_EPOCH_SECONDS = re.compile(r"1\d{9}")
_INTERNATIONAL = re.compile(r"(?<![\w.+-])\+\d(?:[ ().\-/\u00a0\u2010-\u2015]{0,2}\d){6,14}(?!\d)", re.ASCII)
BRACKETED = r"\(\d{3}\) ?\d{3}[ .-]\d{4}"
"""As in North America, with the area code in brackets: no id is written so."""
_BRACKETED = re.compile(rf"(?<![\w.+-]){BRACKETED}(?![\w-])", re.ASCII)
_GROUPED = re.compile(r"(?<![\w.+-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])", re.ASCII)
"""As in North America; without a look at the numbering plan, which knows no number of an example."""
_LOCAL = re.compile(r"(?<![\w.+-])\(?\d[\d ().\-/\u00a0\u2010-\u2015]{5,24}(?<=\d)(?![\w-])", re.ASCII)
_DATE_OR_AMOUNT = re.compile(
    r"(?:1[89]|20)\d\d([-/. ]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?:\D.*)?|[0-3]?\d([./-])[01]?\d\2(?:\d{4}|\d\d)(?: .*)?"
    r"|\d+[.]\d{1,4}|(?!\d{3}[.]\d{7}$)(?:0|[1-9]\d*)[.]\d+|\d{1,3}(?:\.\d{3})+"
)
"""No telephone number, though digits and points: of numbers with one point only 0171.1234567 and, as in Italy, 347.1234567 are."""
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15

Place = tuple[int, int]
Look = Callable[[], None]
"""Called before each number that is looked at; it may raise, if these become too many."""


def cards(text: str, look: Look) -> Iterator[Place]:
    """Yield where numbers of payment cards stand: of a brand's form, with the checksum of Luhn."""
    end = 0
    for match in _CARD.finditer(text):
        start, stop = match.span(1)
        look()
        if start >= end and _is_card(match[1]):
            end = stop
            yield start, stop


def bank_accounts(text: str, look: Look) -> Iterator[Place]:
    """Yield where international bank account numbers stand (ISO 13616), with their checksum."""
    for match in _IBAN.finditer(text):
        length = account_lengths().get(match[1][:2].upper())
        if length is None:
            continue
        look()
        end, letters = match.start(), 0
        for letter in match[1]:
            letters += letter.isalnum()
            end += 1
            if letters == length:
                break
        if letters == length and not text[end : end + 1].isalnum() and _is_valid("iban", text[match.start() : end]):
            yield match.start(), end


def national_ids(text: str, countries: Sequence[str], look: Look) -> Iterator[Place]:
    """Yield where national ids stand; those that are bare digits only of the given countries (ISO 3166)."""
    pattern, modules = _national(tuple(countries))
    for match in pattern.finditer(text):
        form = match.lastgroup or ""
        look()
        if any(not module or _is_valid(module, match[0]) for module in modules[form]):
            yield match.span()


def is_phone(text: str, countries: Sequence[str]) -> bool:
    """Return whether a whole text is a telephone number: international, grouped as in North America, or of one of the countries.

    Bare digits without a zero before them are one only where the plan says that they are a mobile phone's, and never ten that begin
    with 1: seconds since 1970, of 2001 to 2033, which look like German mobile numbers.
    """
    if _INTERNATIONAL.fullmatch(text) or _GROUPED.fullmatch(text):
        return True
    digits = sum(map(str.isdigit, text))
    if _EPOCH_SECONDS.fullmatch(text):
        return False
    if not _FEWEST_DIGITS <= digits <= _MOST_DIGITS or not _LOCAL.fullmatch(text) or _DATE_OR_AMOUNT.fullmatch(text):
        return False
    return any(_is_local(text, country, is_bare=digits == len(text)) for country in countries)


def plain_phones(text: str) -> Iterator[Place]:
    """Yield where telephone numbers stand that nothing else looks like: with a plus sign, or the area code in brackets."""
    for pattern in (_INTERNATIONAL, _BRACKETED):
        yield from (match.span() for match in pattern.finditer(text))


def grouped_phones(text: str) -> Iterator[Place]:
    """Yield where telephone numbers stand that are grouped as in North America."""
    return (match.span() for match in _GROUPED.finditer(text))


def local_phones(text: str) -> Iterator[Place]:
    """Yield where a telephone number of some country may stand; see `numbers_in`."""
    for match in _LOCAL.finditer(text):
        digits = sum(map(str.isdigit, match[0]))
        if digits >= _FEWEST_DIGITS and not _DATE_OR_AMOUNT.fullmatch(match[0]):
            yield match.span()


def numbers_in(text: str, country: str) -> list[Place]:
    """Return where valid telephone numbers of a country stand in a short text of digits and separators."""
    import phonenumbers

    return [
        (match.start, match.end)
        for match in phonenumbers.PhoneNumberMatcher(text, country, phonenumbers.Leniency.VALID, max_tries=4)
    ]


def _is_local(text: str, country: str, *, is_bare: bool) -> bool:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return False
    if not phonenumbers.is_valid_number(number):
        return False
    return (
        not is_bare or text.startswith("0") or phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    )


def _is_card(text: str) -> bool:
    digits = "".join(filter(str.isdigit, text))
    return bool(_CARD_BRANDS.fullmatch(digits)) and len(set(digits)) > 1 and _is_valid("luhn", digits)


@cache
def _module(name: str):
    return importlib.import_module(f"stdnum.{name}")


def _is_valid(module: str, text: str) -> bool:
    return _module(module).is_valid(text)


@cache
def account_lengths() -> dict[str, int]:
    """Return how many letters and digits the account numbers of each country have (ISO 13616)."""
    from stdnum import numdb

    countries = {f"{first}{second}" for first in _LETTERS for second in _LETTERS}
    forms = {country: numdb.get("iban").info(country)[0][1].get("bban") for country in countries}
    return {country: 4 + sum(map(int, re.findall(r"(\d+)!?[nace]", form))) for country, form in forms.items() if form}


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@cache
def _national(countries: tuple[str, ...]) -> tuple[re.Pattern[str], dict[str, list[str]]]:
    """Return one pattern of all forms, and by the name of each the modules that check it; "" checks nothing."""
    by_form: dict[str, list[str]] = {}
    for form, module, country in _NATIONAL:
        if not country or country in countries:
            by_form.setdefault(form, []).append(module)
    by_form[_NINO] = [""]
    names = {form: f"form_{number}" for number, form in enumerate(by_form)}
    pattern = "|".join(f"(?P<{names[form]}>{form})" for form in by_form)
    compiled = re.compile(rf"(?<![\w.+-])(?={_BEGINNING})(?:{pattern})(?![\w-])", re.ASCII)
    return compiled, {names[form]: modules for form, modules in by_form.items()}
