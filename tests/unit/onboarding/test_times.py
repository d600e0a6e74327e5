"""Times of a source: of one column or two, in the ways in which programs write them."""

import pytest

from dmp_assets.platform.errors import UserError


@pytest.mark.parametrize(
    ("day", "time", "written"),
    [
        ('"Jan 3, 2025"', "9:00:00 AM", "%b %d, %Y %I:%M:%S %p"),
        ("2025-01-13", "9:00 PM", "%Y-%m-%d %I:%M %p"),
        ("2025-01-13", "21:00", "iso"),
        ("13.01.2025", "21:00:00", "%d.%m.%Y %H:%M:%S"),
        ("13.01.2025", "9:00pm", "%d.%m.%Y %I:%M%p"),
    ],
)
def test_a_time_of_day_is_no_day_and_goes_with_it(plan, day, time, written):
    found = plan("order_id,user_id,sku,Date created,Time,amount", f"1,u,p,{day},{time},3")
    origin = found.mapping["ordered_at"]
    assert (origin.columns, origin.time) == (("Date created",), "Time")
    assert found.time_formats["Date created"] == written


def test_a_time_of_day_alone_is_no_time_of_an_order(plan):
    with pytest.raises(UserError, match="Which column holds ordered_at of order_lines"):
        plan("order_id,user_id,sku,time,amount", "1,u,p,21:00,3", contract="order_lines")


@pytest.mark.parametrize("days", ["45123.5", "45123", '"45123,5"'])
def test_days_of_a_spreadsheet_are_times(plan, days):
    assert plan("order_id,user_id,sku,date,amount", f"1,u,p,{days},3").time_formats["date"] == "excel"


@pytest.mark.parametrize(
    ("text", "written"),
    [("Jan-13-25", "%b-%d-%y"), ("13-Jan-25", "%d-%b-%y"), ('"Jan 13, 2025 9:05 PM"', "%b %d, %Y %I:%M %p")],
)
def test_months_by_name_are_known(plan, text, written):
    assert plan("order_id,user_id,sku,date,amount", f"1,u,p,{text},3").time_formats["date"] == written


def test_what_the_names_of_amounts_say_of_their_currency_holds(plan):
    told = plan("order_id,user_id,sku,date,Total (SEK),currency", "1,u,p,2025-01-02,3,NOK", currency=None)
    assert (told.currency, "currency" in told.mapping) == ("SEK", False)
    assert told.left_out[0].startswith("currency as currency: it has NOK, and the amounts are called after SEK")
    same = plan("order_id,user_id,sku,date,Total (SEK),currency", "1,u,p,2025-01-02,3,SEK", currency=None)
    assert same.mapping["currency"].columns == ("currency",)
    assert plan("order_id,user_id,sku,date,Total (SEK)", "1,u,p,2025-01-02,3").currency == "EUR", (
        "what is said comes first"
    )
