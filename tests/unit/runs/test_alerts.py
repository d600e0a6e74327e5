"""Alerts over real loopback servers."""

import asyncio
import datetime as dt
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.ports import listen
from dmp_assets.platform.settings import Settings, get_settings
from dmp_assets.runs.alerts import SIGNATURE, send_alerts
from dmp_assets.runs.health import Finding

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
FAILED = Finding("run:refresh", True, "Run 1a2b3c4d, the newest of refresh, failed in dbt <a & b>.")
LATE = Finding("late:daily", False, "85 of the daily assets are late.")
SECRET = "a secret that signs"  # noqa: S105


def after(**passed):
    return NOW + dt.timedelta(**passed)


class Web:
    """A server that keeps what it receives."""

    def __init__(self):
        received = self.received = []
        self.status = 200
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                received.append((self.path, self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(web.status)
                self.end_headers()

            def log_message(self, format, *args):  # noqa: A002
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def texts(self):
        return [json.loads(body)["text"] for _, _, body in self.received]


@pytest.fixture
def web():
    web = Web()
    yield web
    web.server.shutdown()
    web.server.server_close()


@pytest.fixture
def settings(tmp_path, web):
    return Settings(home=tmp_path, alert_webhook=f"{web.url}/hook?token=hidden", alert_webhook_secret=SECRET)


def test_a_webhook_receives_json_that_is_signed(settings, web):
    assert send_alerts(settings, [FAILED], NOW) == ["run:refresh"]
    ((path, headers, body),) = web.received
    assert path == "/hook?token=hidden"
    assert headers[SIGNATURE] == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    message = json.loads(body)
    assert message == {
        "cause": "run:refresh",
        "is_urgent": True,
        "text": FAILED.text,
        "host": message["host"],
        "at": "2026-03-01T12:00:00+00:00",
    }


def test_a_chat_receives_its_text_with_signs_that_mean_something_there_escaped(tmp_path, web):
    send_alerts(Settings(home=tmp_path, alert_slack=web.url), [FAILED], NOW)
    (text,) = web.texts
    assert text.startswith("Urgent: Run 1a2b3c4d, the newest of refresh, failed in dbt &lt;a &amp; b&gt;.")


def test_one_cause_is_told_once_an_hour_at_most_and_once_a_day_while_it_stays_the_same(settings, web):
    again = Finding("run:refresh", True, "Run 5e6f7a8b, the newest of refresh, failed.")
    sent = [
        send_alerts(settings, found, now)
        for found, now in (
            ([FAILED, LATE], NOW),
            ([FAILED, LATE], after(minutes=5)),
            ([again, LATE], after(minutes=59)),
            ([again, LATE], after(minutes=61)),
            ([again, LATE], after(hours=20)),
            ([again, LATE], after(hours=24, minutes=1)),
        )
    ]
    assert sent == [["run:refresh", "late:daily"], [], [], ["run:refresh"], [], ["late:daily"]]


def test_what_was_well_in_between_is_told_again_but_not_within_the_hour(settings, web):
    assert send_alerts(settings, [LATE], NOW)
    assert not send_alerts(settings, [], after(minutes=10))
    assert not send_alerts(settings, [LATE], after(minutes=20))
    assert not send_alerts(settings, [], after(hours=2))
    assert send_alerts(settings, [LATE], after(hours=2, minutes=1))


def test_what_could_not_be_sent_is_tried_again_and_the_log_names_no_address(settings, web, caplog):
    web.status = 500
    assert send_alerts(settings, [LATE], NOW) == []
    assert "late:daily could not be sent by DMP_ALERT_WEBHOOK (HTTPError)" in caplog.text
    assert "hidden" not in caplog.text
    web.status = 200
    assert send_alerts(settings, [LATE], after(minutes=1)) == ["late:daily"]


def test_a_server_that_is_not_there_stops_nothing(tmp_path):
    assert send_alerts(Settings(home=tmp_path, alert_webhook="http://127.0.0.1:9/"), [LATE], NOW) == []


def test_the_digest_comes_once_a_day_also_when_all_is_well(settings, web):
    settings = settings.model_copy(update={"alert_digest": True})
    assert send_alerts(settings, [], NOW) == ["digest"]
    assert send_alerts(settings, [], after(hours=23)) == []
    assert send_alerts(settings, [LATE], after(hours=24)) == ["late:daily", "digest"]
    assert "All is well." in web.texts[0]
    assert f"* {LATE.text}" in web.texts[-1]


class Mailbox:
    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        await asyncio.sleep(0)
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"


def test_mail_addresses_receive_a_mail_after_the_login(tmp_path):
    mailbox, logins = Mailbox(), []

    def login(server, session, envelope, mechanism, auth_data):
        logins.append((auth_data.login, auth_data.password))
        return AuthResult(success=True)

    with listen("127.0.0.1", 0, "A mail server") as free:
        port = free.getsockname()[1]
    server = Controller(
        mailbox, hostname="127.0.0.1", port=port, authenticator=login, auth_required=True, auth_require_tls=False
    )
    server.start()
    try:
        settings = Settings(
            home=tmp_path,
            alert_smtp=f"smtp://user:p%40ss@127.0.0.1:{port}",
            alert_mail_from="dmp@shop.example",
            alert_mail_to="ops@shop.example, boss@shop.example",
        )
        assert send_alerts(settings, [FAILED], NOW) == ["run:refresh"]
    finally:
        server.stop()
    ((sender, recipients, content),) = mailbox.mails
    assert (sender, recipients) == ("dmp@shop.example", ["ops@shop.example", "boss@shop.example"])
    assert logins == [(b"user", b"p@ss")]
    assert "run:refresh" in content
    assert FAILED.text in content


def test_without_channels_nothing_is_written(tmp_path):
    assert send_alerts(Settings(home=tmp_path), [FAILED], NOW) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DMP_ALERT_WEBHOOK", "ftp://user:hidden@host"),
        ("DMP_ALERT_SLACK", "hidden"),
        ("DMP_ALERT_SMTP", "https://hidden"),
        ("DMP_ALERT_MAIL_TO", "nobody"),
    ],
)
def test_a_wrong_setting_is_named_without_the_secret(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    with pytest.raises(UserError, match=rf"{name}.* is not accepted") as caught:
        get_settings()
    get_settings.cache_clear()
    assert "hidden" not in str(caught.value)
