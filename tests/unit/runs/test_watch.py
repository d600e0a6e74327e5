import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import dagster as dg

from dmp_assets.platform.gate import Gate
from dmp_assets.platform.settings import Settings
from dmp_assets.runs.watch import watch, watch_sensor


@dg.asset
def orders():
    raise ValueError("no orders")


def test_the_sensor_is_on_from_the_start_and_tells_of_a_failed_run(settings, instance):
    bodies = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = Settings(home=settings.home, min_free_gb=0, alert_webhook=f"http://127.0.0.1:{server.server_port}")
    dg.materialize([orders], instance=instance, raise_on_error=False)
    sensor = watch_sensor(settings, Gate(), list(orders.specs))
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    with dg.build_sensor_context(instance) as context:
        answer = sensor(context)
    server.shutdown()
    server.server_close()
    assert isinstance(answer, dg.SkipReason)
    assert answer.skip_message == "1 alert(s) were sent, 0 old run(s) were removed."
    assert [body["cause"] for body in bodies] == ["run:__ephemeral_asset_job__"]


def test_where_nobody_is_to_be_told_the_graph_is_not_asked(tmp_path):
    def fail():
        raise AssertionError

    with dg.DagsterInstance.ephemeral() as instance:
        assert watch(instance, Settings(home=tmp_path), fail).startswith("0 alert(s)")
