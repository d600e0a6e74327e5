"""Ports to listen on."""

from __future__ import annotations

import socket

from dmp_assets.platform.errors import UserError


def listen(host: str, port: int, name: str) -> socket.socket:
    """Return a socket that listens; port 0 is any free one.

    Args:
        host: the address.
        port: of the address.
        name: what listens, for the message.

    Raises:
        UserError: the address is taken or not this machine's.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise UserError(
            f"{name} cannot listen on {host}:{port} ({error.strerror}): choose another --host or --port."
        ) from None
