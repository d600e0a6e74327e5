"""Alerts over real loopback servers."""

import asyncio
import contextlib
import datetime as dt
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """Return a certificate of this machine with its key, which nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@contextlib.contextmanager
def mail_server(host: str, **how) -> Generator[tuple[int, list, list]]:
    """Yield the port of a mail server that asks for a login, the mails that it took, and the passwords with whether over TLS."""
    mailbox, logins = Mailbox(), []

    def login(server, session, envelope, mechanism, auth_data):
        logins.append((auth_data.password, session.ssl is not None))
        return AuthResult(success=True)

    with listen("127.0.0.1", 0, "A mail server") as free:
        port = free.getsockname()[1]
    server = Controller(mailbox, hostname=host, port=port, authenticator=login, auth_required=True, **how)
    server.start()
    try:
        yield port, mailbox.mails, logins
    finally:
        server.stop()


def mailing(home: Path, server: str) -> Settings:
    return Settings(home=home, alert_smtp=server, alert_mail_from="dmp@shop.example", alert_mail_to="ops@shop.example")


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_password_is_said_after_starttls_to_a_server_that_is_trusted(tmp_path, monkeypatch, certificate, is_trusted):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_server("127.0.0.1", require_starttls=True, tls_context=context) as (port, mails, logins):
        sent = send_alerts(mailing(tmp_path, f"smtp://user:secret@localhost:{port}"), [FAILED], NOW)
    assert logins == ([(b"secret", True)] if is_trusted else [])
    assert len(mails) == len(logins) == len(sent)


def test_a_password_is_not_said_in_clear_over_a_network(tmp_path):
    # Linux takes 0.0.0.0 for this machine; it is no address of a loopback.
    with mail_server("0.0.0.0", auth_require_tls=False) as (port, mails, logins):  # noqa: S104
        assert send_alerts(mailing(tmp_path, f"smtp://user:secret@0.0.0.0:{port}"), [FAILED], NOW) == []
    assert (mails, logins) == ([], [])


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
