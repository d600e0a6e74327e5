"""Every form is exactly as its destination publishes it."""

import contextlib

import hypothesis.strategies as st
import pytest
from hypothesis import given

from dmp_assets.activation.normalise import (
    MalformedError,
    email,
    google_email,
    mailchimp_id,
    meta_name,
    meta_phone,
    meta_postcode,
    meta_region,
    name,
    phone,
    plain,
    region,
    sha256,
)


@pytest.mark.parametrize(
    ("given", "form"),
    [
        ("cloudy.sanfrancisco+shopping@gmail.com", "cloudysanfrancisco@gmail.com"),
        (" Cloudy.SanFrancisco@GoogleMail.com ", "cloudysanfrancisco@googlemail.com"),
        ("user.name+NYC@Example.com", "user.name+nyc@example.com"),
    ],
)
def test_google_drops_dots_and_suffixes_of_its_own_addresses_only(given, form):
    assert google_email(given) == form


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (google_email("alexz@example.com"), "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a"),
        (phone("+18005550100"), "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30"),
        (email("John_Smith@gmail.com"), "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"),
        (meta_phone("+1 (650) 555-1212"), "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"),
    ],
)
def test_the_published_hashes_come_out(text, digest):
    assert sha256(text) == digest


def test_the_id_of_mailchimp_is_the_published_one():
    assert mailchimp_id("Urist.McVankab@freddiesjokes.com") == "62eeb292278cc15f5817cb78f7790b08"


def test_meta_keeps_letters_of_any_script_and_accents_and_drops_punctuation():
    assert meta_name("정") == "정"
    assert meta_name(" Valéry ") == "valéry"
    assert meta_name("Vale\u0301ry") == "valéry", "an accent of its own is that of its letter"
    assert meta_name("O'Neil-Smith, Jr.") == "oneilsmith jr"


def test_meta_has_no_rule_for_addresses_of_google():
    assert email("John.Smith+x@gmail.com") == "john.smith+x@gmail.com"


def test_postal_codes_of_the_united_states_have_five_digits_at_meta_and_others_stay():
    assert meta_postcode(" 94035-1234", "US") == "94035"
    assert meta_postcode("SW1A 1AA", "GB") == "sw1a1aa"
    assert meta_postcode("10115", "DE") == "10115"


def test_names_and_regions_of_google():
    assert name(" John ") == "john"
    assert (region(" us "), meta_region("US")) == ("US", "us")
    with pytest.raises(MalformedError):
        region("USA")


def test_a_country_is_never_guessed():
    with pytest.raises(MalformedError, match="without a country") as raised:
        phone("030 5550101")
    assert "country:" in raised.value.repair
    assert phone("030 5550101", "DE") == "+49305550101"
    assert phone("0049 30 5550101") == phone("+49 (30) 555 01 01", "US") == "+49305550101"


@pytest.mark.parametrize(
    "text",
    ["", "x", "a@b", "two words@example.org", "a@b@example.org", "jane@example..org", "@gmail.com", "+x@gmail.com"],
)
def test_what_is_no_address_is_malformed_and_not_repeated_in_the_reason(text):
    with pytest.raises(MalformedError) as raised:
        google_email(text)
    assert not text or text not in str(raised.value)


@pytest.mark.parametrize("text", ["+1", "+999999999999999999", "call me", "+"])
def test_what_is_no_number_is_malformed(text):
    with pytest.raises(MalformedError):
        phone(text, "US")


@given(st.text(max_size=40), st.sampled_from([None, "US", "DE"]))
def test_whatever_arrives_has_a_form_or_is_malformed_and_a_form_is_its_own(text, country):
    for form in (plain, email, google_email, phone, meta_phone, name, meta_name, region, meta_postcode):
        with contextlib.suppress(MalformedError):
            made = form(text, country)
            assert made.strip()
            if form not in (meta_phone,):  # which needs the plus to be read
                assert form(made, country) == made
