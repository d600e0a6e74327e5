import pytest

from dmp_assets.onboarding.header_currency import header_currency, without_currency


@pytest.mark.parametrize(
    ("name", "bare", "code"),
    [
        ("Slutpris (SEK)", "Slutpris", "SEK"),
        ("Betrag [EUR]", "Betrag", "EUR"),
        ("Total in CHF", "Total", "CHF"),
        ("amount_usd", "amount", "USD"),
        ("Preis-eur", "Preis", "EUR"),
        ("Total (ALL)", "Total", "ALL"),
        ("total_all", "total_all", None),
        ("TOTAL_TOP", "TOTAL_TOP", None),
        ("Subtotal (tax)", "Subtotal (tax)", None),
        ("Total (inc tax)", "Total (inc tax)", None),
        ("(EUR)", "(EUR)", None),
        ("EUR", "EUR", None),
        ("neur", "neur", None),
    ],
)
def test_a_currency_behind_a_name_is_told_from_a_word(name, bare, code):
    assert (without_currency(name), header_currency([name])) == (bare, code)


def test_several_currencies_tell_none():
    assert header_currency(["Total EUR", "Preis EUR", "note"]) == "EUR"
    assert header_currency(["Total EUR", "Total USD"]) is None
