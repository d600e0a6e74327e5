import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.sources.declare import DeclaredTable, LoadRule
from dmp_assets.sources.extract import extract
from dmp_assets.sources.secrets import hidden, without_password

SECRET = "/+value".join(["s3cr3t", ""])


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("postgresql://me:pa55@host:5432/shop", "postgresql://me:***@host:5432/shop"),
        ("postgresql://me:p@55@host/shop", "postgresql://me:***@host/shop"),
        ("postgresql+psycopg://me@/shop?host=/run/db", "postgresql+psycopg://me@/shop?host=/run/db"),
        ("https://t0k3n@host/x", "https://***@host/x"),
        ("https://host/x?api_key=abc&page=2", "https://host/x?api_key=***&page=2"),
        ("https://host/x?page=2&access_token=abc", "https://host/x?page=2&access_token=***"),
        ("https://host/x?X-Amz-Signature=abc#top", "https://host/x?X-Amz-Signature=***#top"),
        ("postgresql://me:${PASSWORD}@host/shop", "postgresql://me:${PASSWORD}@host/shop"),
        ("https://host/x?token=${TOKEN}", "https://host/x?token=${TOKEN}"),
        ("${SHOP_URL}", "${SHOP_URL}"),
        ("sqlite:////data/shop.db", "sqlite:////data/shop.db"),
    ],
)
def test_an_address_is_shown_without_what_opens_a_door_and_variables_as_they_are(location: str, shown: str):
    assert without_password(location) == shown


@pytest.mark.parametrize(
    "said",
    [
        f"cannot reach https://me:{SECRET}@host/x",
        "cannot reach /x?key=s3cr3t%2F%2Bvalue",
        f"FATAL: no user {SECRET}",
        f"Max retries with url: /x?anything={SECRET}",
    ],
)
def test_what_a_driver_says_has_nothing_that_a_variable_holds(said: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SHOP_KEY", SECRET)
    shown = hidden(said, "https://host/x?anything=${SHOP_KEY}")
    assert "s3cr3t" not in shown
    monkeypatch.setenv("SHOP_URL", f"https://me:{SECRET}@host/x?anything={SECRET}")
    assert "s3cr3t" not in hidden(said, "${SHOP_URL}")


class _Service(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/away"):
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{self.server.server_address[1]}/rows")  # ty: ignore
            self.end_headers()
            return
        status = 200 if self.path.startswith("/rows") else 500
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'[{"id": 1}]')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called there
        pass


@pytest.fixture
def service() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def fetched(tmp_path: Path, location: str, **rule: object) -> dict[str, Path]:
    load = LoadRule.model_validate({"location": location, "format": "web", "contract": "products"} | rule)
    return extract(Settings(home=tmp_path), DeclaredTable("shop", "rows", "", {}, load))


def test_a_web_source_leads_on_to_another_host_only_if_the_declaration_allows_it(service: str, tmp_path: Path):
    with pytest.raises(UserError, match="leads on to localhost") as refused:
        fetched(tmp_path, f"{service}/away?token={SECRET}")
    assert "s3cr3t" not in str(refused.value)
    assert fetched(tmp_path, f"{service}/away", redirects=["localhost"])
    assert fetched(tmp_path, f"{service}/rows")
