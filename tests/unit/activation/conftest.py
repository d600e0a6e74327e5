from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from dmp_assets.platform.ports import listen
from tests.unit.activation.world import World, serving


@pytest.fixture
def world(tmp_path, monkeypatch: pytest.MonkeyPatch) -> World:
    for name in ("HOOK_SECRET", "ADS_TOKEN", "CHIMP_KEY"):
        monkeypatch.setenv(name, f"the-{name.lower()}")
    return World(tmp_path)


@pytest.fixture
def server():
    with serving() as running:
        yield running


@pytest.fixture
def hook(server) -> dict:
    """Return the entry of a webhook on the loopback server."""
    return {"name": "there", "kind": "webhook", "url": server.url, "secret_variable": "HOOK_SECRET"}


class Inbox:
    def __init__(self) -> None:
        self.mails, self.codes = [], {}

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.codes.get(address):
            return self.codes[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def inbox(world: World, monkeypatch):
    inbox = Inbox()
    with listen("127.0.0.1", 0, "A mail server") as free:
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setenv("MAIL_SERVER", f"smtp://127.0.0.1:{port}")
    (world.folder / "my_shop" / "mail.html").write_text(
        "<p>Hello {{ first_name }}, <a href='{{ unsubscribe }}'>no more</a></p>"
    )
    entry = {"name": "there", "kind": "smtp", "server_variable": "MAIL_SERVER", "sender": "News <news@shop.example>"}
    world.destinations(
        entry
        | {"subject": "For {{ first_name }}", "template": "mail.html", "unsubscribe": "https://shop.example/u/{id}"}
    )
    yield inbox
    controller.stop()
