"""The proxy of ``deploy/nginx.conf`` before a real Dagster UI: a login, the own Host, and no other site's page starts a run."""

import base64
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from dmp_assets.platform.ports import listen

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
MUTATION = "mutation { setNuxSeen }"
"""A harmless one; the launch of a run goes the same way."""

pytestmark = pytest.mark.skipif(not NGINX, reason="nginx is not installed")


def free_port() -> int:
    with listen("127.0.0.1", 0, "A probe") as probe:
        return probe.getsockname()[1]


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 120
    while True:
        try:
            httpx.get(url, headers={"Host": "dmp.example.com"})
        except httpx.TransportError:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < end, f"nothing answers on {url}"
            time.sleep(0.2)
        else:
            return


@pytest.fixture(scope="module")
def ui(tmp_path_factory):
    """Return the address of a Dagster UI without a graph."""
    folder, port = tmp_path_factory.mktemp("ui"), free_port()
    server = subprocess.Popen(
        [Path(sys.executable).with_name("dagster-webserver"), "--empty-workspace", "--port", str(port)],
        env=os.environ | {"DAGSTER_HOME": str(folder)},
        cwd=folder,
        stderr=subprocess.DEVNULL,
    )
    wait_for(f"http://127.0.0.1:{port}/server_info", server)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(30)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory, ui):
    """Return a client of the proxy, under the name that the configuration gives it; without TLS."""
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    text = CONFIGURATION.read_text(encoding="utf-8")
    text = "\n".join(line for line in text.splitlines() if "ssl_certificate" not in line)
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port}").replace("http://127.0.0.1:3000", ui)
    text = text.replace("/etc/nginx/dmp.htpasswd", str(folder / "htpasswd"))
    (folder / "htpasswd").write_text("anna:{PLAIN}secret\n")
    folder.chmod(0o755)
    temporary = "\n".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"{'user root;' if os.geteuid() == 0 else ''} daemon off; pid {folder}/pid; error_log {folder}/error.log;\nevents {{}}\n"
        f"http {{ access_log off; {temporary}\n{text}\n}}\n"
    )
    server = subprocess.Popen([str(NGINX), "-c", folder / "nginx.conf", "-e", folder / "error.log"])
    wait_for(f"http://127.0.0.1:{port}/", server)
    login = {"Authorization": "Basic " + base64.b64encode(b"anna:secret").decode()}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Host": "dmp.example.com", **login}) as client:
        yield client
    server.terminate()
    server.wait(30)


def test_the_ui_alone_obeys_a_get_from_any_page(ui):
    """Why the proxy is needed: should Dagster mend this one day, the page of the documentation can say so."""
    answer = httpx.get(f"{ui}/graphql", params={"query": MUTATION}, headers={"Origin": "https://evil.example"})
    assert answer.json()["data"] == {"setNuxSeen": True}


def test_with_the_login_the_ui_works_as_its_own_page_and_programs_use_it(proxy):
    assert proxy.get("/").status_code == 200
    for headers in ({}, {"Origin": "https://dmp.example.com", "Sec-Fetch-Site": "same-origin"}):
        answer = proxy.post("/graphql", json={"query": MUTATION}, headers=headers)
        assert answer.json()["data"] == {"setNuxSeen": True}
    websocket = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "graphql-ws",
    }
    with proxy.stream("GET", "/graphql", headers={**websocket, "Origin": "https://dmp.example.com"}) as answer:
        assert answer.status_code == 101
    with proxy.stream("GET", "/graphql", headers={**websocket, "Origin": "https://evil.example"}) as answer:
        assert answer.status_code == 403


def test_without_the_login_or_under_another_name_nothing_is_shown(proxy):
    assert proxy.get("/", headers={"Authorization": ""}).status_code == 401
    assert proxy.post("/graphql", json={"query": MUTATION}, headers={"Authorization": "Basic eDp5"}).status_code == 401
    with pytest.raises(httpx.RemoteProtocolError):
        proxy.get("/", headers={"Host": "rebound.evil.example"})


@pytest.mark.parametrize(
    ("method", "query", "body", "headers", "status"),
    [
        ("GET", {"query": MUTATION}, None, {}, 405),
        ("GET", {"query": MUTATION}, None, {"Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", {"query": MUTATION}, b"", {"Content-Type": "application/x-www-form-urlencoded"}, 405),
        ("POST", {}, MUTATION.encode(), {"Content-Type": "application/graphql"}, 405),
        ("POST", {}, b"{}", {"Content-Type": "text/plain; application/json"}, 405),
        ("POST", {}, b"{}", {"Content-Type": "application/json", "Origin": "https://evil.example"}, 403),
        ("POST", {}, b"{}", {"Content-Type": "application/json", "Origin": "null"}, 403),
        ("POST", {}, b"{}", {"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", {}, b"{}", {"Content-Type": "application/json", "Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_what_another_sites_page_can_send_starts_nothing(proxy, method, query, body, headers, status):
    for path in ("/graphql", "/report_asset_materialization/orders"):
        assert proxy.request(method, path, params=query, content=body, headers=headers).status_code == status
