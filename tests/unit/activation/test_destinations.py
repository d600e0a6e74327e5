"""Each kind of destination keeps the contract that its makers publish, against servers, files and databases that are there."""

import base64
import csv
import hashlib
import hmac
import sqlite3
import stat

import pyarrow.parquet as pq
import pytest

from dmp_assets.activation.normalise import mailchimp_id
from dmp_assets.platform.errors import UserError
from tests.unit.activation.world import World, sha

ANN = {"first_name": "Ann", "last_name": "O'Neil", "address": ["1 Main Street", "94035-1234", "Springfield"]}


@pytest.fixture
def ads(world: World) -> World:
    world.purpose, world.channel = "advertising", "ads"
    return world.person(1, email="Cloudy.San+x@gmail.com", phone="+1 650 555 1212", **ANN).person(
        2, phone="030 5550101"
    )


def test_a_webhook_is_signed_as_in_standard_webhooks(world: World, hook, server):
    world.destinations(hook).crowd([1]).build().send()
    (call,) = server.calls
    parts = call.headers["webhook-id"], call.headers["webhook-timestamp"], call.headers["raw"]
    digest = hmac.digest(b"the-hook_secret", ".".join(parts).encode(), hashlib.sha256)
    assert call.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert call.headers["idempotency-key"] == call.headers["webhook-id"]
    assert set(call.body) == {"audience", "sync_id", "action", "members"}
    assert set(call.body["members"][0]) == {"delivery_id", "customer_id", "email"}


def test_google_gets_hashes_in_its_own_forms(ads: World, server):
    entry = {"name": "there", "kind": "google_customer_match", "url": server.url, "account": "123", "list_id": "7"}
    ads.destinations(entry | {"token_variable": "ADS_TOKEN", "country": "US"}).build()
    report = ads.send()
    (call,) = server.calls
    assert (call.method, call.path) == ("POST", "/audienceMembers:ingest")
    assert call.headers["authorization"] == "Bearer the-ads_token"
    assert call.body["encoding"] == "HEX"
    assert call.body["destinations"][0]["productDestinationId"] == "7"
    identifiers = [each["userData"]["userIdentifiers"] for each in call.body["audienceMembers"]]
    assert all(len(each) == 1 for each in identifiers)
    found = [each for (each,) in identifiers]
    assert {"emailAddress": sha("cloudysan@gmail.com")} in found
    assert {"phoneNumber": sha("+16505551212")} in found
    address = {"givenName": sha("ann"), "familyName": sha("o'neil"), "regionCode": "US", "postalCode": "94035-1234"}
    assert {"address": address} in found
    rates = {rate.identifier: rate for rate in report.planned.rates}
    assert (rates["email"].known, rates["email"].usable, rates["phone"].known) == (1, 1, 2)
    ads.audience("shop:2")
    ads.send()
    assert server.calls[-1].path == "/audienceMembers:remove"
    assert "consent" not in server.calls[-1].body


def test_meta_gets_hashes_in_its_own_forms(ads: World, server):
    entry = {"name": "there", "kind": "meta_custom_audience", "url": server.url, "audience_id": "9"}
    ads.destinations(entry | {"token_variable": "ADS_TOKEN", "country": "US"}).build().send()
    (call,) = server.calls
    assert (call.method, call.path) == ("POST", "/9/users")
    payload = call.body["payload"]
    assert payload["schema"] == ["EMAIL", "PHONE", "FN", "LN", "ZIP", "COUNTRY"]
    assert [sha("cloudy.san+x@gmail.com"), "", "", "", "", ""] in payload["data"]
    assert ["", sha("16505551212"), "", "", "", ""] in payload["data"]
    assert ["", "", sha("ann"), sha("oneil"), sha("94035"), sha("us")] in payload["data"]


def test_a_number_without_a_country_is_not_guessed_and_the_repair_is_said(ads: World, server):
    entry = {"name": "there", "kind": "meta_custom_audience", "url": server.url, "audience_id": "9"}
    ads.destinations(entry | {"token_variable": "ADS_TOKEN"}).build()
    report = ads.activation().dry_run()
    assert report.left_out == {"shop:2": "malformed"}
    (rate,) = [rate for rate in report.rates if rate.identifier == "phone"]
    assert (rate.members, rate.known, rate.usable) == (2, 2, 1)
    assert list(rate.repairs.values()) == [1]
    assert "country:" in next(iter(rate.repairs))
    ads.destinations(entry | {"token_variable": "ADS_TOKEN", "country": "DE"})
    assert ads.activation().dry_run().left_out == {}


def test_no_request_to_an_advertiser_has_more_rows_than_it_takes(world: World, server, monkeypatch):
    from dmp_assets.activation.destinations import Google, Meta

    assert (Google.batch_size, Meta.batch_size) == (10_000, 10_000)
    monkeypatch.setattr(Meta, "batch_size", 2)
    world.purpose, world.channel = "advertising", "ads"
    entry = {"name": "there", "kind": "meta_custom_audience", "url": server.url, "audience_id": "9"}
    world.destinations(entry | {"token_variable": "ADS_TOKEN"}).crowd(range(5)).build().send()
    assert [len(body["payload"]["data"]) for body in server.bodies()] == [2, 2, 1]


def test_rows_that_meta_calls_invalid_are_rejected(ads: World, server):
    entry = {"name": "there", "kind": "meta_custom_audience", "url": server.url, "audience_id": "9"}
    ads.destinations(entry | {"token_variable": "ADS_TOKEN"}).build()
    server.answer(200, {"num_invalid_entries": 1, "invalid_entry_samples": [[sha("16505551212")]]})
    assert ads.send().fates == {"rejected": 1, "sent": 1}


@pytest.mark.parametrize(
    ("kind", "names", "address"),
    [
        (
            "google_customer_match_file",
            ["Email", "Phone", "First Name", "Last Name", "Country", "Zip"],
            "cloudysan@gmail.com",
        ),
        ("meta_custom_audience_file", ["email", "phone", "fn", "ln", "zip", "country"], "cloudy.san+x@gmail.com"),
    ],
)
def test_what_advertisers_upload_pages_take_holds_hashes(ads: World, kind, names, address):
    ads.destinations({"name": "there", "kind": kind, "folder": "exports", "country": "US"}).build().send()
    (file,) = (ads.folder / "my_shop" / "exports").iterdir()
    rows = list(csv.DictReader(file.open(newline="")))
    assert list(rows[0]) == names
    assert sha(address) in {row[names[0]] for row in rows}
    assert "gmail" not in file.read_text()


def test_mailchimp_gets_batches_and_says_which_rows_are_wrong(world: World, server):
    entry = {
        "name": "there",
        "kind": "mailchimp",
        "url": f"{server.url}/3.0",
        "list_id": "l1",
        "key_variable": "CHIMP_KEY",
    }
    world.destinations(entry).crowd([1, 2]).person(1, email="P1@example.org", first_name="Ann").build()
    server.answer(
        200, {"errors": [{"email_address": "p2@example.org", "error": "p2@example.org is in compliance state"}]}
    )
    report = world.send()
    (call,) = server.calls
    assert (call.method, call.path) == ("POST", "/3.0/lists/l1")
    assert base64.b64decode(call.headers["authorization"].split()[1]).endswith(b":the-chimp_key")
    assert call.body["update_existing"] is True
    members = {each["email_address"]: each for each in call.body["members"]}
    assert members["p1@example.org"]["merge_fields"] == {"FNAME": "Ann"}
    assert members["p1@example.org"]["status"] == "subscribed"
    assert (report.fates, list(report.rejected)) == (
        {"rejected": 1, "sent": 1},
        ["[email_address] is in compliance state"],
    )
    server.calls.clear()
    server.answer(404)
    world.audience("shop:2")
    assert world.send().planned.plan.removes
    assert server.calls[0].method == "DELETE"
    assert server.calls[0].path == f"/3.0/lists/l1/members/{mailchimp_id('p1@example.org')}"
    assert world.fates()[0][1:3] == ("remove", "sent"), "who is not there is removed"


def test_a_table_has_the_members_and_forgets_who_left(world: World, monkeypatch):
    file = world.folder / "crm.db"
    monkeypatch.setenv("CRM_URL", f"sqlite:///{file}")
    world.destinations({"name": "there", "kind": "sql", "url_variable": "CRM_URL", "table": "audience_rows"})
    world.crowd([1, 2]).build().send()

    def read() -> list[tuple]:
        asked = "select audience, customer_id, email, phone from audience_rows order by 2"
        return sqlite3.connect(file).execute(asked).fetchall()

    assert read() == [("fans", "shop:1", "p1@example.org", None), ("fans", "shop:2", "p2@example.org", None)]
    world.person(2, email="p2@example.org", phone="+49 30 5550101").build().audience("shop:2")
    world.send()
    assert read() == [("fans", "shop:2", "p2@example.org", "+49305550101")]


def test_a_database_that_is_not_there_leaves_the_rows_for_the_next_run(world: World, monkeypatch):
    monkeypatch.setenv("CRM_URL", f"sqlite:///{world.folder}/missing/crm.db")
    world.destinations({"name": "there", "kind": "sql", "url_variable": "CRM_URL", "table": "t"}).crowd([1]).build()
    assert world.send().state == "unfinished"
    (world.folder / "missing").mkdir()
    assert world.send().state == "done"
    monkeypatch.setenv("CRM_URL", "no such thing")
    with pytest.raises(UserError, match="CRM_URL is no URL of a database") as raised:
        world.send()
    assert "no such thing" not in str(raised.value)


def test_a_csv_file_is_replaced_whole_and_its_owners_only(world: World):
    world.destinations({"name": "there", "kind": "csv", "folder": "exports"})
    world.crowd([1]).person(2, email="p2@example.org", first_name="=1+1", phone="+49 30 5550101").build()
    world.refused = {"shop:3"}
    assert world.send().fates == {"sent": 2}
    file = world.folder / "my_shop" / "exports" / "there__fans.csv"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    rows = list(csv.DictReader(file.open(newline="")))
    assert [row["customer_id"] for row in rows] == ["shop:1", "shop:2"]
    assert (rows[1]["first_name"], rows[1]["phone"]) == ("'=1+1", "+49305550101")
    before = file.stat().st_mtime_ns
    assert world.send().fates == {}
    assert file.stat().st_mtime_ns == before
    world.audience("shop:2")
    world.send()
    assert [row["customer_id"] for row in csv.DictReader(file.open(newline=""))] == ["shop:2"]
    file.unlink()
    assert world.send().fates == {"sent": 1}
    assert file.exists(), "a file that was taken is written again"


def test_a_parquet_file_has_the_same_columns(world: World):
    world.destinations({"name": "there", "kind": "parquet", "folder": "exports"}).crowd([1]).build().send()
    table = pq.read_table(world.folder / "my_shop" / "exports" / "there__fans.parquet")
    assert table.column_names == ["customer_id", "email", "phone", "first_name", "last_name"]
    assert table.to_pylist() == [
        {"customer_id": "shop:1", "email": "p1@example.org", "phone": None, "first_name": None, "last_name": None}
    ]


def test_a_file_in_clear_is_not_written_into_the_home_or_what_is_published(world: World):
    for folder in (world.folder / "home", world.folder / "home" / "published", "../home/x"):
        world.destinations({"name": "there", "kind": "csv", "folder": str(folder)}).crowd([1]).build()
        with pytest.raises(UserError, match="is in the platform's home"):
            world.send()
    assert not (world.folder / "home" / "x").exists()


def test_a_file_that_cannot_be_written_leaves_the_old_one(world: World, monkeypatch):
    world.destinations({"name": "there", "kind": "csv", "folder": "exports"}).crowd([1, 2]).build().send()
    file = world.folder / "my_shop" / "exports" / "there__fans.csv"
    before = file.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dmp_assets.platform.files.os.fsync", full)
    world.audience("shop:2")
    report = world.send()
    assert report.state == "unfinished"
    assert "No space left" in (report.reason or "")
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]
    monkeypatch.undo()
    assert world.send().fates == {"sent": 1}


def test_each_member_gets_one_mail_once_with_a_way_to_unsubscribe(world: World, inbox):
    world.person(1, email="p1@example.org", first_name="<b>Ann</b>").crowd([2]).build()
    assert world.send().fates == {"sent": 2}
    assert world.send().fates == {}
    mails = {mail["To"]: mail for mail in inbox.mails}
    assert sorted(mails) == ["p1@example.org", "p2@example.org"]
    mail = mails["p1@example.org"]
    assert "&lt;b&gt;Ann" in mail.get_content()
    assert mail["List-Unsubscribe"].startswith("<https://shop.example/u/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Message-ID"].endswith("@shop.example>")
    world.audience()
    assert world.send().fates == {}, "a mail cannot be taken back"


def test_mails_that_the_server_does_not_take_keep_nobody_from_theirs_and_are_tried_by_the_next_sync(
    world: World, inbox
):
    world.crowd([1, 2, 3]).build()
    inbox.codes = {"p1@example.org": ["550 no such user p1@example.org"] * 2, "p2@example.org": ["450 later"]}
    report = world.send()
    assert (report.state, report.fates) == ("done", {"rejected": 2, "sent": 1})
    assert sorted(report.rejected) == ["450 later", "550 no such user [email]"]
    assert world.send().fates == {"rejected": 1, "sent": 1}
    assert [mail["To"] for mail in inbox.mails] == ["p3@example.org", "p2@example.org"]


def test_a_mail_server_that_is_closing_leaves_the_rest_for_the_next_sync(world: World, inbox):
    world.crowd([1]).build()
    inbox.codes = {"p1@example.org": ["421 closing"] * 3}
    assert (world.send().state, inbox.mails) == ("unfinished", [])
    assert world.send().fates == {"sent": 1}


def test_a_template_that_cannot_be_filled_sends_nothing(world: World, inbox):
    (world.folder / "my_shop" / "mail.html").write_text("Hello {{ surname }}")
    world.crowd([1]).build()
    with pytest.raises(UserError, match=r"mail.html cannot be used .*surname.*; it knows first_name"):
        world.send()
    assert inbox.mails == []
