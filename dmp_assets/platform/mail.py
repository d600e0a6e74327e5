"""A connection to a mail server, through which no password passes the network in clear."""

from __future__ import annotations

import contextlib
import ipaddress
import smtplib
import ssl
import urllib.parse

TIMEOUT_SECONDS = 10


def connected(address: str) -> smtplib.SMTP:
    """Return a connection to a mail server, encrypted where the server can, and logged in.

    Args:
        address: ``smtp://user:password@host:587`` or ``smtps://host:465``; the user and password may be left out.

    Raises:
        OSError, smtplib.SMTPException: there is no such server, or the password would pass the network in clear.
    """
    parts = urllib.parse.urlsplit(address)
    host, context = str(parts.hostname), ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=context)
        if parts.scheme == "smtps"
        else smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT_SECONDS)
    )
    try:
        server.ehlo()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
        elif parts.scheme == "smtp" and parts.username and not _is_own(host):
            raise smtplib.SMTPNotSupportedError("without STARTTLS the password would pass the network in clear")
        if parts.username:
            server.login(urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _is_own(host: str) -> bool:
    """Return whether a name is that of this machine: what is said to it passes no network."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
