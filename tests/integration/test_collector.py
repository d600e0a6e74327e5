"""The collector as it runs: its own process, real HTTP, clients that were not written for it."""

import base64
import contextlib
import gzip
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import numpy as np
import pytest

from dmp_assets.collector.keys import create_key
from dmp_assets.collector.protocol import CONNECTIONS
from dmp_assets.collector.segments import read_segment, sealed_segments

DMP = Path(sys.executable).with_name("dmp")
NODE_CLIENTS = Path(__file__).with_name("collector_clients.cjs")
BROWSER_PAGE = Path(__file__).with_name("collector_browser.html")


class Running:
    """A collector in a process of its own."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "collector"
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("DMP_")} | {"DMP_HOME": str(home)}
        self.key, _ = create_key(self.folder / "keys.json", "web", "shop")
        self.start()

    def start(self, *options: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [DMP, "collect", "--port", "0", *options],
            env=self._environment | {"PYTHONUNBUFFERED": "1"} | environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert found, line
        self.port = int(found[1])
        self.url = found[0]
        self.http = httpx.Client(base_url=self.url, timeout=30)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([DMP, *arguments], env=self._environment, capture_output=True, text=True, check=False)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(20)

    def post(self, path: str, message: object, **headers: str) -> httpx.Response:
        content = message if isinstance(message, bytes) else json.dumps(message).encode()
        return self.http.post(path, content=content, headers=headers)

    def send(self, message: dict, path: str = "/v1/batch", **headers: str) -> httpx.Response:
        return self.post(path, {"writeKey": self.key, **message}, **headers)

    def rows(self) -> list[dict]:
        """Stop the collector and return every event that it kept, accepted or not."""
        return [row for row in self.lines() if not row.get("reason", "").startswith("request_refused")]

    def lines(self) -> list[dict]:
        """Stop the collector and return every line that it kept."""
        self.stop()
        assert list((self.folder / "open").iterdir()) == []
        return [row for path in sealed_segments(self.folder) for row in read_segment(path)]

    def refusals(self) -> dict[tuple[str, str], int]:
        """Stop the collector and return how many requests of a source were refused as a whole, by code."""
        told = [(row["source"], json.loads(row["raw"])) for row in self.lines() if "requests" in row.get("raw", "")]
        return {(source, each["code"]): each["requests"] for source, each in told}


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.process.kill()
    running.process.wait()


def track(**changes: object) -> dict:
    return {"type": "track", "event": "Product Viewed", "anonymousId": "a1", "messageId": str(uuid.uuid4())} | changes


def test_every_call_is_accepted_under_its_long_and_its_short_name(collector):
    needed = {"track": {"event": "Order Completed"}, "group": {"groupId": "g"}, "alias": {"previousId": "p"}}
    calls = ["track", "identify", "page", "screen", "group", "alias"]
    for call in calls:
        for name in (call, call[0]):
            answer = collector.send({"userId": "u1", **needed.get(call, {})}, f"/v1/{name}")
            assert (answer.status_code, answer.json()) == (200, {"success": True}), answer.text
    for path in ("/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch"):
        assert collector.send({"batch": [track()]}, path).status_code == 200
    rows = collector.rows()
    assert [row["event"]["type"] for row in rows] == [call for call in calls for _ in range(2)] + ["track"] * 4
    assert all((row["source"], row["namespace"]) == ("web", "shop") for row in rows)
    assert collector.key not in json.dumps(rows)


def test_the_write_key_comes_in_the_body_as_basic_auth_or_in_the_query(collector):
    def basic(text: str) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}

    good = [
        collector.send(track(), "/v1/track"),
        collector.post("/v1/track", track(), **basic(f"{collector.key}:")),
        collector.post("/v1/track", track(), **basic(collector.key)),
        collector.post(f"/beacon/v1/batch?writeKey={collector.key}", {"batch": [track()]}),
    ]
    assert [answer.status_code for answer in good] == [200] * 4
    bad = [
        collector.post("/v1/track", track()),
        collector.post("/v1/track", track(writeKey="unknown")),
        collector.post("/v1/track", track(writeKey={"$ne": 1})),
        collector.post("/v1/track", track(), **basic("unknown:")),
        collector.post("/v1/track", track(), Authorization="Basic %%"),
    ]
    assert [answer.status_code for answer in bad] == [401] * 5
    assert bad[0].json()["code"] == "unknown_write_key"
    assert len(collector.rows()) == 4


def test_a_key_is_disabled_enabled_and_revoked_while_the_collector_runs(collector):
    key_id = json.loads(collector.run("keys", "list", "--json").stdout)[0]["key_id"]
    for command, status in (("disable", 404), ("enable", 200), ("revoke", 401)):
        assert collector.run("keys", command, key_id).returncode == 0
        time.sleep(1.1)
        assert collector.send(track(), "/v1/track").status_code == status
    created = collector.run("keys", "create", "app", "--namespace", "crm", "--json")
    time.sleep(1.1)
    assert collector.post("/v1/track", track(writeKey=json.loads(created.stdout)["write_key"])).status_code == 200
    assert [(row["source"], row["namespace"]) for row in collector.rows()] == [("web", "shop"), ("app", "crm")]


def test_content_types_are_ignored_and_gzip_is_honoured(collector):
    body = json.dumps({"writeKey": collector.key, "batch": [track()]}).encode()
    types = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense")
    for content_type in types:
        zipped = {"Content-Type": content_type, "Content-Encoding": "gzip"}
        assert collector.post("/v1/batch", gzip.compress(body), **zipped).status_code == 200
        assert collector.post("/v1/batch", body, **{"Content-Type": content_type}).status_code == 200
    assert len(collector.rows()) == 8


def test_a_batch_keeps_the_good_and_quarantines_the_bad(collector):
    answer = collector.send({"batch": [track(), track(anonymousId=None), 7, track(context=[])]}, **{"Sec-GPC": "1"})
    assert answer.status_code == 200
    only_bad = collector.send({"batch": [track(anonymousId=None)]})
    assert (only_bad.status_code, only_bad.json()["code"]) == (400, "no_user_anon_id")
    rows = collector.rows()
    assert [row.get("reason") for row in rows] == [
        None,
        "no_user_anon_id",
        "not_an_object",
        "invalid_object",
        "no_user_anon_id",
    ]
    assert rows[0]["gpc"] is True
    assert json.loads(rows[1]["raw"])["event"] == "Product Viewed"


def bomb(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


BAD = {
    "another encoding": (400, lambda body: body.decode().replace("Viewed", "Viewed é").encode("latin-1"), {}),
    "utf-16": (400, lambda body: body.decode().encode("utf-16"), {}),
    "half gzip": (400, lambda body: gzip.compress(body)[:-12], {"Content-Encoding": "gzip"}),
    "no gzip": (400, lambda body: body, {"Content-Encoding": "gzip"}),
    "gzip unlabelled": (400, gzip.compress, {}),
    "unknown encoding": (400, lambda body: body, {"Content-Encoding": "br"}),
    "gzip bomb": (413, lambda _: gzip.compress(b" " * 200_000_000), {"Content-Encoding": "gzip"}),
    "10 MB": (413, lambda body: body[:-1] + b',"x":"' + b"x" * 10_000_000 + b'"}', {}),
    "over 32 KB": (400, lambda body: body[:-1] + b',"x":"' + b"x" * 33_000 + b'"}', {}),
    "nested bomb": (400, lambda body: body[:-1] + b',"x":' + bomb(80_000) + b"}", {}),
    "nested too deep": (400, lambda body: body[:-1] + b',"x":' + bomb(200) + b"}", {}),
    "nested deeper": (400, lambda body: body[:-1] + b',"x":' + bomb(900) + b"}", {}),
    "NUL byte": (400, lambda body: body.replace(b"Viewed", b"View\0ed"), {}),
    "NUL escape": (400, lambda body: body.replace(b"Viewed", rb"View\u0000ed"), {}),
    "half": (400, lambda body: body[: len(body) // 2], {}),
    "empty": (400, lambda _: b"", {}),
    "a list": (400, lambda body: b"[" + body + b"]", {}),
    "not a number": (400, lambda body: body[:-1] + b',"x":NaN}', {}),
}


def test_bad_input_is_refused_and_the_collector_goes_on(collector):
    body = json.dumps({"writeKey": collector.key, **track()}).encode()
    for name, (status, spoil, headers) in BAD.items():
        answer = collector.post("/v1/track", spoil(body), **headers)
        assert answer.status_code == status, (name, answer.text)
        assert {"code", "message"} == answer.json().keys(), name
        assert collector.send(track(event=name), "/v1/track").status_code == 200
    rows = collector.rows()
    assert [row["event"]["event"] for row in rows if "event" in row] == list(BAD)
    assert {row["reason"] for row in rows if "event" not in row} == {
        "event_too_large",
        "too_deep",
        "nul_character",
        "invalid_json",
        "invalid_utf8",
        "invalid_number",
    }


def test_one_bad_value_is_set_aside_and_the_rest_of_its_batch_is_kept(collector):
    good = json.dumps(track()).encode()
    bad = [
        b'{"x":NaN}',
        b'{"x":1e400}',
        b'{"x":99999999999999999999999}',
        b'{"x":"\xff"}',
        b"null",
        b"7",
        bomb(2000),
        b'{"x":1,"x":2}',
        b"{'x'}",
    ]
    for value in bad:
        body = b'\xef\xbb\xbf{"writeKey":"%s","batch":[%s,%s,%s]}' % (collector.key.encode(), good, value, good)
        answer = collector.post("/v1/batch", body)
        assert (answer.status_code, answer.json()) == (200, {"success": True}), value
    rows = collector.rows()
    assert sum("event" in row for row in rows) == 2 * len(bad)
    assert [row["reason"] for row in rows if "reason" in row] == [
        "invalid_number",
        "invalid_number",
        "invalid_number",
        "invalid_utf8",
        "not_an_object",
        "not_an_object",
        "too_deep",
        "duplicate_key",
        "invalid_json",
    ]


def test_what_is_refused_as_a_whole_is_counted_with_its_reason_and_without_its_content(collector):
    for _ in range(3):
        collector.post("/v1/batch", b'{"writeKey":"%s","batch":[{"secret' % collector.key.encode())
    collector.post(f"/v1/batch?writeKey={collector.key}", b" " * 600_000)
    collector.post("/v1/track", track(event="secret"))
    collector.http.get("/pixel/v1/track", params={"writeKey": "secret"})
    collector.send({"batch": "secret"})
    metrics = collector.http.get("/metrics").text
    assert 'dmp_collector_refused_requests_total{code="unknown_write_key",source="unknown",status="401"} 2.0' in metrics
    assert "secret" not in metrics
    refusals = collector.refusals()
    assert refusals == {
        ("unknown", "invalid_json"): 3,
        ("web", "body_too_large"): 1,
        ("unknown", "unknown_write_key"): 2,
        ("web", "invalid_batch"): 1,
    }
    assert "secret" not in json.dumps([row for path in sealed_segments(collector.folder) for row in read_segment(path)])


def test_the_counts_can_be_read_by_prometheus(collector):
    from prometheus_client.parser import text_string_to_metric_families

    collector.send({"batch": [track(), track(), track(anonymousId=None)]})
    answer = collector.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["dmp_collector_events_total", "accepted", "web"] == 2
    assert samples["dmp_collector_events_total", "no_user_anon_id", "web"] == 1
    assert samples["dmp_collector_request_seconds_count",] == 1
    assert samples["dmp_collector_waiting_bytes",] == 0


def answer_on(client: socket.socket) -> bytes:
    answer = b""
    while not answer.endswith(b"}") and (more := client.recv(1000)):
        answer += more
    return answer


@pytest.mark.parametrize("upgrade", ["h2c", "websocket", "TLS/1.2"])
@pytest.mark.parametrize("pieces", [1, 7])
def test_the_offer_of_another_protocol_is_ignored_and_the_body_read(collector, upgrade, pieces):
    """Java's HTTP client offers h2c with its first request."""
    body = json.dumps({"writeKey": collector.key, **track()}).encode()
    head = (
        f"POST /v1/track HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: {upgrade}\r\n"
        f"HTTP2-Settings: AAMAAABkAAQ\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    with socket.create_connection(("127.0.0.1", collector.port), timeout=30) as client:
        for _ in range(2):  # the connection goes on to be used
            message = head + body
            size = -(-len(message) // pieces)
            for at in range(0, len(message), size):
                client.sendall(message[at : at + size])
                time.sleep(0.01 * (pieces > 1))
            assert answer_on(client).startswith(b"HTTP/1.1 200")
    assert len(collector.rows()) == 2


def test_a_new_connection_takes_the_place_of_the_one_that_was_idle_longest(collector):
    with contextlib.ExitStack() as stack:
        idle = [
            stack.enter_context(socket.create_connection(("127.0.0.1", collector.port), timeout=30))
            for _ in range(CONNECTIONS)
        ]
        # The first is answered, and idle, before the others ask.
        for some in (idle[:1], idle[1:]):
            for each in some:
                each.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            for each in some:
                assert answer_on(each).startswith(b"HTTP/1.1 200")
        for _ in range(5):
            answer = httpx.post(f"{collector.url}/v1/track", json={"writeKey": collector.key, **track()})
            assert answer.status_code == 200
        assert idle[0].recv(1000) == b""


def test_a_key_of_ones_own_is_accepted_and_one_with_a_limit_is_told_when_to_come_again(collector):
    own = "my-own-write-key-0123"
    assert collector.run("keys", "create", "app", "--key", own, "--events-per-minute", "6").returncode == 0
    again = collector.run("keys", "create", "other", "--key", own)
    assert (again.returncode, "is taken by the source app" in again.stderr) == (2, True), again.stderr
    assert collector.run("keys", "create", "other", "--key", "too short").returncode == 2
    time.sleep(1.1)
    page = {"Origin": "https://shop.example"}
    assert collector.post("/v1/batch", {"writeKey": own, "batch": [track()] * 6}, **page).status_code == 200
    answer = collector.post("/v1/track", track(writeKey=own), **page)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_events")
    assert 1 <= int(answer.headers["Retry-After"]) <= 11
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"
    assert collector.send(track(), "/v1/track").status_code == 200
    assert collector.refusals() == {("app", "too_many_events"): 1}


def test_a_page_of_the_web_may_send_into_a_private_network(collector):
    preflight = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Private-Network": "true",
    }
    answer = collector.http.options("/v1/t", headers=preflight)
    assert answer.is_success
    assert answer.headers["Access-Control-Allow-Private-Network"] == "true"


def test_the_browser_clients_are_told_the_public_address(collector):
    collector.stop()
    wrong = collector.run("collect", "--port", "0", "--public-url", "https://events.shop.example/path")
    assert (wrong.returncode, "give scheme and host" in wrong.stderr) == (2, True), wrong.stderr
    collector.start("--public-url", "https://events.shop.example/")
    settings = collector.http.get(f"/v1/projects/{collector.key}/settings").json()["integrations"]["Segment.io"]
    assert (settings["apiHost"], settings["protocol"]) == ("events.shop.example/v1", "https")


def test_rudderstacks_browser_client_gets_the_configuration_without_which_it_does_not_start(collector):
    asked = {"p": "npm", "v": "3.34.1", "build": "modern", "writeKey": collector.key}
    for path in ("/sourceConfig", "/sourceConfig/"):
        source = collector.http.get(path, params=asked).json()["source"]
        assert source["enabled"]
        assert (source["id"], source["destinations"]) == ("web", [])
    basic = base64.b64encode(f"{collector.key}:".encode()).decode()
    assert collector.http.get("/sourceConfig/", headers={"Authorization": f"Basic {basic}"}).status_code == 200
    assert collector.http.get("/sourceConfig/", params={"writeKey": "unknown"}).status_code == 401


def test_without_the_npm_package_no_script_is_served_and_a_wrong_folder_is_explained(collector, tmp_path):
    answer = collector.http.get(f"/analytics.js/v1/{collector.key}/analytics.min.js")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_scripts")
    wrong = collector.run("collect", "--port", "0", "--scripts", str(tmp_path))
    assert (wrong.returncode, "npm install @segment/analytics-next" in wrong.stderr) == (2, True), wrong.stderr


def test_a_batch_of_2501_events_is_refused_and_one_of_2500_is_not(collector):
    small = {"type": "page", "userId": "u"}
    answer = collector.send({"batch": [small] * 2501})
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_events")
    assert collector.send({"batch": [small] * 2500}).status_code == 200
    assert collector.send({"batch": "track"}).json()["code"] == "invalid_batch"
    rows = collector.rows()
    assert len({row["event"]["messageId"] for row in rows}) == 2500


def test_a_large_context_for_many_events_does_not_become_large_memory(collector):
    answer = collector.send({"context": {"x": "x" * 30_000}, "batch": [{"type": "page", "userId": "u"}] * 2500})
    assert (answer.status_code, answer.json()["code"]) == (400, "batch_too_large")
    assert collector.rows() == []


def test_a_clock_in_the_future_and_a_batch_sent_twice_are_kept_as_they_came(collector):
    """The time is put right and the copy dropped at load, where every other copy is known."""
    message = {"batch": [track(messageId="m1", timestamp="2999-01-01T00:00:00Z")], "sentAt": "2999-01-01T00:00:01.5Z"}
    assert [collector.send(message).status_code for _ in range(2)] == [200, 200]
    first, second = collector.rows()
    assert first["event"] == second["event"]
    assert first["event"]["sentAt"] == "2999-01-01T00:00:01.5Z"
    received = datetime.fromisoformat(first["received_at"])
    assert abs((datetime.now(UTC) - received).total_seconds()) < 60


def test_the_pixel_is_an_image_whatever_happens(collector):
    flat = {"writeKey": collector.key, "anonymousId": "a", "event": "Email Opened", "properties.subject": "Hello"}
    packed = base64.b64encode(json.dumps({"writeKey": "wrong", "userId": "u", "event": "?>?>"}).encode()).decode()
    queries = [flat, {"data": packed, "writeKey": collector.key}, {"data": "%%"}, {}, {"a": "1", "a.b": "2"}]
    for query in queries:
        answer = collector.http.get("/pixel/v1/track", params=query)
        assert (answer.status_code, answer.headers["content-type"], answer.content[:6]) == (200, "image/gif", b"GIF89a")
    assert collector.http.get("/pixel/v1/page", params=flat).status_code == 200
    events = [row["event"] for row in collector.rows()]
    assert [event["type"] for event in events] == ["track", "track", "page"]
    assert events[0]["properties"] == {"subject": "Hello"}
    assert events[1]["event"] == "?>?>"


def test_the_browser_client_gets_its_settings_and_may_send_from_any_page(collector):
    settings = collector.http.get(f"/v1/projects/{collector.key}/settings").json()
    assert settings["integrations"]["Segment.io"]["apiHost"] == f"127.0.0.1:{collector.port}/v1"
    assert collector.http.get("/v1/projects/unknown/settings").status_code == 404
    page = {"Origin": "https://shop.example"}
    preflight = page | {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,authorization",
    }
    answer = collector.http.options("/v1/t", headers=preflight)
    assert answer.is_success
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert collector.http.options("/anything/at/all").is_success
    answer = collector.send(track(), "/v1/t", **page)
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert collector.http.get("/health").json() == {"status": "ok"}
    assert collector.http.post("/v1/batch/").status_code == 404
    assert collector.http.post("/v1/unknown").status_code == 404


def test_a_second_collector_on_the_folder_and_a_taken_port_are_explained(collector):
    second = collector.run("collect", "--port", "0")
    assert (second.returncode, "Another process writes" in second.stderr) == (2, True), second.stderr
    taken = collector.run("collect", "--port", str(collector.port))
    assert (taken.returncode, "choose another --host or --port" in taken.stderr) == (2, True), taken.stderr


def test_slow_clients_are_cut_off_and_hold_nobody_up(collector):
    """One never finishes its headers, one its body, one a body that nobody reads."""
    start = time.monotonic()
    with contextlib.ExitStack() as stack:
        slow = [
            stack.enter_context(socket.create_connection(("127.0.0.1", collector.port), timeout=30)) for _ in range(60)
        ]
        for each in slow[::3]:
            each.sendall(b"POST /v1/track HTTP/1.1\r\nHost: x\r\n")
        for each in slow[1::3]:
            each.sendall(b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        for each in slow[2::3]:
            each.sendall(b"POST /unknown HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert collector.send(track(), "/v1/track").status_code == 200
        assert time.monotonic() - start < 5
        assert slow[0].recv(1000) == b""
        assert answer_on(slow[1]).startswith(b"HTTP/1.1 408")
        assert answer_on(slow[2]).startswith(b"HTTP/1.1 404")
        with contextlib.suppress(ConnectionResetError):
            assert slow[2].recv(1000) == b""
    assert 9 < time.monotonic() - start < 25
    assert len(collector.rows()) == 1


def test_a_client_that_has_no_more_to_send_hears_the_answer(collector):
    body = json.dumps({"writeKey": collector.key, **track()}).encode()
    with socket.create_connection(("127.0.0.1", collector.port), timeout=30) as client:
        client.sendall(b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        client.shutdown(socket.SHUT_WR)
        assert answer_on(client).startswith(b"HTTP/1.1 200")
    assert len(collector.rows()) == 1


def test_endless_headers_are_cut_off(collector):
    with socket.create_connection(("127.0.0.1", collector.port), timeout=30) as endless, pytest.raises(ConnectionError):
        endless.sendall(b"POST /v1/track HTTP/1.1\r\n")
        for _ in range(10_000):
            endless.sendall(b"X-Filler: " + b"x" * 8000 + b"\r\n")
    assert collector.send(track(), "/v1/track").status_code == 200


def test_more_connections_than_it_serves_are_told_to_come_again(collector):
    with contextlib.ExitStack() as stack:
        for _ in range(CONNECTIONS):
            other = stack.enter_context(socket.create_connection(("127.0.0.1", collector.port), timeout=30))
            other.sendall(b"POST /v1/track HTTP/1.1")
        busy = collector.send(track(), "/v1/track")
        assert (busy.status_code, busy.json()["code"]) == (429, "too_busy")
        assert int(busy.headers["Retry-After"]) >= 1
    time.sleep(0.2)
    assert collector.send(track(), "/v1/track").status_code == 200
    assert collector.refusals()["unknown", "too_busy"] == 1
    kept = [row for path in sealed_segments(collector.folder) for row in read_segment(path) if "event" in row]
    assert len(kept) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB in memory, where that may be mounted."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]
    if not mount or not umount or subprocess.run([mount, *options], capture_output=True, check=False).returncode:
        pytest.skip("only an administrator of Linux may mount a small disk")
    yield disk
    subprocess.run([umount, "--lazy", disk], check=True)


@pytest.fixture
def on_small_disk(small_disk: Path) -> Iterator[Running]:
    running = Running(small_disk)
    yield running
    running.kill()


def test_a_disk_that_fills_up_costs_nothing_that_was_acknowledged(on_small_disk, small_disk):
    """There is no room either to seal what was received; at the next start there is."""
    collector = on_small_disk
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 500_000)
    noise = np.random.default_rng(1)
    acknowledged = []
    while True:
        event = track(properties={"noise": noise.bytes(10_000).hex()})
        answer = collector.send(event, "/v1/track")
        if answer.status_code != 200:
            break
        acknowledged.append(event["messageId"])
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert len(acknowledged) > 10
    collector.stop()
    assert sealed_segments(collector.folder) == []

    ballast.unlink()
    collector.start()
    event = track()
    assert collector.send(event, "/v1/track").status_code == 200
    assert [row["event"]["messageId"] for row in collector.rows()] == [*acknowledged, event["messageId"]]


def test_a_full_disk_is_an_outage_that_ends_when_there_is_room(collector):
    """A limit on the size of files, set on the running collector, stands for the full disk."""
    kept = [track() for _ in range(3)]
    assert collector.send({"batch": kept[:1]}).status_code == 200
    _, hard = resource.prlimit(collector.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(collector.process.pid, resource.RLIMIT_FSIZE, (2000, hard))
    large = {"batch": [track(event="x" * 900) for _ in range(9)]}
    answer = collector.send(large)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert collector.http.get("/health").status_code == 503
    assert collector.send({"batch": kept[1:2]}).status_code == 200
    resource.prlimit(collector.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    assert collector.send({"batch": kept[2:]}).status_code == 200
    assert [row["event"]["messageId"] for row in collector.rows()] == [event["messageId"] for event in kept]


def test_killed_again_and_again_under_load_nothing_acknowledged_is_lost(collector):
    """Four clients send small and large batches; the collector is killed at random moments, also while it starts."""
    acknowledged: list[str] = []
    is_over = threading.Event()

    def client(seed: int) -> None:
        sizes = np.random.default_rng(seed)
        while not is_over.is_set():
            batch = [track(properties={"x": "x" * int(sizes.integers(2000))}) for _ in range(sizes.integers(1, 60))]
            with contextlib.suppress(httpx.TransportError):
                answer = httpx.post(
                    f"http://127.0.0.1:{collector.port}/v1/batch", json={"writeKey": collector.key, "batch": batch}
                )
                if answer.status_code == 200:
                    acknowledged.extend(event["messageId"] for event in batch)

    with ThreadPoolExecutor(4) as clients:
        futures = [clients.submit(client, seed) for seed in range(4)]
        try:
            for pause in (0.3, 0.7, 0.05, 0.5):
                time.sleep(pause)
                collector.kill()
                collector.start()
            time.sleep(0.3)
        finally:
            is_over.set()
        for future in futures:
            future.result()
    kept = {row["event"]["messageId"] for row in collector.rows()}
    assert len(acknowledged) > 100
    assert set(acknowledged) <= kept


def test_a_stopped_collector_finishes_and_seals_what_it_took(collector):
    assert collector.send(track(), "/v1/track").status_code == 200
    collector.process.send_signal(signal.SIGINT)
    collector.process.wait(20)
    assert len(collector.rows()) == 1


def test_with_the_setting_for_kafka_events_go_there(collector):
    kafka = pytest.importorskip("confluent_kafka", reason="the extra kafka is not installed")
    # librdkafka's mock brokers run in this process and speak the protocol over sockets.
    cluster = kafka.Producer({"bootstrap.servers": "replaced.example:9092", "test.mock.num.brokers": 3})
    found = cluster.list_topics(timeout=10).brokers.values()
    brokers = ",".join(f"{broker.host}:{broker.port}" for broker in found)
    collector.stop()
    collector.start(DMP_COLLECTOR_KAFKA=brokers, DMP_COLLECTOR_KAFKA_TOPIC="shop.events")
    assert collector.send({"batch": [track(messageId=f"m{n}") for n in range(50)]}).status_code == 200
    consumer = kafka.Consumer({"bootstrap.servers": brokers, "group.id": "test", "auto.offset.reset": "earliest"})
    consumer.subscribe(["shop.events"])
    messages: list = []
    for _ in range(20):
        messages += [message for message in consumer.consume(50, timeout=1) if not message.error()]
        if len(messages) >= 50:
            break
    consumer.close()
    assert {json.loads(message.value())["event"]["messageId"] for message in messages} == {f"m{n}" for n in range(50)}
    assert collector.rows() == []


def test_the_segment_client_for_python(collector):
    from segment.analytics.client import Client

    errors: list[object] = []
    for is_gzip in (False, True):
        client = Client(collector.key, host=collector.url, gzip=is_gzip, on_error=lambda e, _: errors.append(e))
        client.identify("u1", {"email": "jane@example.com"})
        client.track("u1", "Order Completed", {"total": 12.5, "at": datetime.now(UTC)}, timestamp=datetime.now(UTC))
        client.page("u1", "Shop", "Home")
        client.group("u1", "g1")
        client.alias("a1", "u1")
        client.screen("u1", "Main", "Home")
        client.shutdown()
    assert errors == []
    rows = collector.rows()
    assert [row["event"]["type"] for row in rows] == ["identify", "track", "page", "group", "alias", "screen"] * 2
    assert all("sentAt" in row["event"] and row["event"]["messageId"] for row in rows)


def test_the_rudderstack_client_for_python(collector):
    from rudderstack.analytics.client import Client

    errors: list[object] = []
    for is_gzip in (False, True):
        client = Client(collector.key, host=collector.url, gzip=is_gzip, on_error=lambda e, _: errors.append(e))
        client.identify("u1", {"email": "jane@example.com"})
        client.track("u1", "Order Completed", {"total": 12.5})
        client.page("u1", "Shop", "Home")
        client.group("u1", "g1")
        client.alias("a1", "u1")
        client.screen("u1", "Main", "Home")
        client.shutdown()
    assert errors == []
    rows = collector.rows()
    assert [row["event"]["type"] for row in rows] == ["identify", "track", "page", "group", "alias", "screen"] * 2


def test_the_node_clients(collector):
    node = shutil.which("node")
    packages = os.environ.get("NODE_PATH")
    if not node or not packages:
        pytest.skip("the Node clients are installed by `make clients`, which also runs this test")
    command = [node, NODE_CLIENTS, collector.url, collector.key]
    sent = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert sent.returncode == 0, sent.stdout + sent.stderr
    rows = collector.rows()
    assert all("event" in row for row in rows)
    assert [row["event"]["type"] for row in rows] == ["identify", "track", "page", "screen", "group", "alias"] * 3


@pytest.fixture
def pages() -> Iterator[str]:
    """Serve the page of the browser clients, and the packages that npm installed; yield the address."""
    packages = os.environ.get("NODE_PATH")
    if not packages or not shutil.which("chromium"):
        pytest.skip("`make clients` installs the browser clients and also runs this test; it needs chromium")

    class Pages(SimpleHTTPRequestHandler):
        def translate_path(self, path: str) -> str:
            path = path.partition("?")[0]
            is_package = path.startswith("/node_modules/")
            return str(Path(packages, path.removeprefix("/node_modules/")) if is_package else BROWSER_PAGE)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize("client", ["snippet", "npm", "rudder"])
def test_the_browser_clients_start_unchanged_and_send(collector, pages, client, tmp_path):
    """The snippet of analytics.js with the script from the collector, and both clients as npm packages."""
    collector.stop()
    collector.start("--scripts", os.environ["NODE_PATH"])
    query = httpx.QueryParams({"client": client, "url": collector.url, "key": collector.key})
    # The browser's clock runs ahead while nothing is under way, so that it waits for no timer and for every request.
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    options = [
        f"--user-data-dir={tmp_path / 'browser'}",
        "--virtual-time-budget=10000",
        "--dump-dom",
        f"{pages}/?{query}",
    ]
    browser = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=120)
    events = {row["event"]["type"]: row["event"] for row in collector.rows() if "event" in row}
    assert events.keys() == {"page", "identify", "track"}, browser.stdout + browser.stderr
    assert events["track"]["properties"]["product_id"] == "p1"
    assert events["track"]["userId"] == "u1"
    assert events["page"]["anonymousId"] == events["track"]["anonymousId"]
    assert "Chrome" in events["page"]["context"]["userAgent"]


def test_the_python_clients_hear_why_they_are_refused(collector):
    from rudderstack.analytics.request import APIError
    from rudderstack.analytics.request import post as rudder_post
    from segment.analytics.request import APIError as SegmentError
    from segment.analytics.request import post as segment_post

    with pytest.raises(APIError) as rudder:
        rudder_post("unknown", collector.url, batch=[track()])
    assert (rudder.value.status, rudder.value.code) == (401, "unknown_write_key")
    with pytest.raises(SegmentError) as segment:
        segment_post(collector.key, collector.url, batch=[track(anonymousId="")])
    assert (segment.value.status, segment.value.code) == (400, "no_user_anon_id")
