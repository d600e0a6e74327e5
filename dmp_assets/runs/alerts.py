"""Tell people what is wrong: findings of `health` sent to a webhook, a chat or mail addresses, at most one per cause and hour.

What was sent when is kept in ``alerts.json`` in the home, so that the daemon and the commands do not tell the same twice.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import hmac
import json
import logging
import smtplib
import socket
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path

from dmp_assets.platform.files import write_atomically
from dmp_assets.platform.locks import short_lock
from dmp_assets.platform.mail import connected
from dmp_assets.platform.settings import Settings
from dmp_assets.runs.health import Finding

AGAIN_SECONDS = 3600
"""A cause is told again after an hour at the earliest, where it says something else by then ..."""

REMIND_SECONDS = 24 * 3600
"""... or after a day, where it still says the same."""

DIGEST = "digest"
TIMEOUT_SECONDS = 10
SIGNATURE = "X-DMP-Signature"

log = logging.getLogger("dmp.alerts")

Message = Mapping[str, object]
"""What is sent: cause, is_urgent, text, host, at (UTC, ISO 8601)."""

Channel = Callable[[Message], None]


def send_alerts(settings: Settings, findings: Iterable[Finding], now: dt.datetime) -> list[str]:
    """Send what is due through every channel, and return the causes that were told.

    A cause is told if at least one channel took it; otherwise it is tried again the next time.

    Args:
        settings: name the channels; without any nothing is sent.
        findings: everything that is wrong at present.
        now: the present, with a time zone.
    """
    channels = dict(_channels(settings))
    if not channels:
        return []
    findings = list(findings)
    with short_lock(settings.home, "alerts"):
        told = _read(settings)
        due = [finding for finding in findings if _is_due(told.get(finding.cause), finding.text, now)]
        if settings.alert_digest and _seconds_since(told.get(DIGEST), now) >= REMIND_SECONDS:
            due.append(_digest(findings))
        sent = [finding for finding in due if _send(channels, _message(finding, now))]
        present = {finding.cause for finding in findings} | {DIGEST}
        kept = {
            cause: {**entry, "text": entry["text"] if cause in present else ""}
            for cause, entry in told.items()
            if cause in present or _seconds_since(entry, now) < AGAIN_SECONDS
        }
        kept |= {finding.cause: {"at": now.timestamp(), "text": finding.text} for finding in sent}
        write_atomically(_state(settings), json.dumps(kept, indent=1))
    return [finding.cause for finding in sent]


def has_channels(settings: Settings) -> bool:
    """Return whether there is anyone to tell."""
    return any(_channels(settings))


def _is_due(entry: Mapping[str, object] | None, text: str, now: dt.datetime) -> bool:
    since = _seconds_since(entry, now)
    return since >= REMIND_SECONDS or (entry is not None and since >= AGAIN_SECONDS and entry["text"] != text)


def _seconds_since(entry: Mapping[str, object] | None, now: dt.datetime) -> float:
    return now.timestamp() - float(str(entry["at"])) if entry else float("inf")


def _digest(findings: list[Finding]) -> Finding:
    text = "\n".join(f"* {finding.text}" for finding in findings) or "All is well."
    return Finding(DIGEST, False, f"How the platform stands:\n{text}")


def _message(finding: Finding, now: dt.datetime) -> Message:
    return {
        "cause": finding.cause,
        "is_urgent": finding.is_urgent,
        "text": finding.text,
        "host": socket.gethostname(),
        "at": now.astimezone(dt.UTC).isoformat(timespec="seconds"),
    }


def _send(channels: Mapping[str, Channel], message: Message) -> bool:
    taken = False
    for name, channel in channels.items():
        try:
            channel(message)
            taken = True
        except (OSError, smtplib.SMTPException, ValueError) as error:
            # Its text may name the address, which is a secret.
            log.warning("The alert %s could not be sent by %s (%s).", message["cause"], name, type(error).__name__)
    return taken


def _channels(settings: Settings) -> Iterator[tuple[str, Channel]]:
    webhook, slack, smtp = settings.alert_webhook, settings.alert_slack, settings.alert_smtp
    if webhook:
        secret = settings.alert_webhook_secret
        key = secret.get_secret_value().encode() if secret else None
        yield "DMP_ALERT_WEBHOOK", lambda message: _post(webhook.get_secret_value(), message, key)
    if slack:
        yield "DMP_ALERT_SLACK", lambda message: _post(slack.get_secret_value(), {"text": _slack_text(message)})
    if smtp and settings.alert_mail_to:
        yield "DMP_ALERT_SMTP", lambda message: _mail(smtp.get_secret_value(), settings, message)


def _post(address: str, content: Message, key: bytes | None = None) -> None:
    body = json.dumps(content, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "dmp"}
    if key:
        headers[SIGNATURE] = f"sha256={hmac.new(key, body, hashlib.sha256).hexdigest()}"
    request = urllib.request.Request(address, body, headers, method="POST")  # noqa: S310 - the settings allow http(s) only
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
        pass


def _slack_text(message: Message) -> str:
    text = str(message["text"]).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"{'Urgent: ' if message['is_urgent'] else ''}{text} ({message['host']})"


def _mail(address: str, settings: Settings, message: Message) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = settings.alert_mail_from, settings.alert_mail_to
    mail["Subject"] = f"AI DMP on {message['host']}: {message['cause']}".replace("\n", " ")
    mail["Date"] = dt.datetime.fromisoformat(str(message["at"]))
    mail.set_content(f"{message['text']}\n")
    with connected(address) as server:
        server.send_message(mail)


def _state(settings: Settings) -> Path:
    return settings.home / "alerts.json"


def _read(settings: Settings) -> dict[str, dict[str, object]]:
    with contextlib.suppress(OSError, ValueError):
        return json.loads(_state(settings).read_text(encoding="utf-8"))
    return {}
