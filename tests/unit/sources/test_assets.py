from pathlib import Path

import dagster as dg
import pytest

from dmp_assets.collector.segments import SegmentWriter
from dmp_assets.platform.settings import Settings, get_settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.sources.assets import load_events, new_segments

LINE = (
    b'{"source":"web","namespace":"shop","received_at":"2026-01-01T00:00:00Z","event":{"type":"page","messageId":"m"}}'
)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DMP_HOME", str(tmp_path))
    get_settings.cache_clear()
    yield get_settings()
    get_settings.cache_clear()


def run_keys() -> list[str | None]:
    with dg.build_sensor_context() as context:
        return [request.run_key for request in new_segments.evaluate_tick(context).run_requests or []]


def test_the_sensor_asks_for_the_segments_that_wait_until_they_are_loaded(settings: Settings):
    assert run_keys() == []
    with SegmentWriter(settings.collector_dir) as writer:
        writer.append([LINE])
    asked = run_keys()
    assert len(asked) == 1
    assert run_keys() == asked, "the same key: the server starts one run for it"
    run = dg.materialize([load_events], resources={"warehouse": Warehouse.from_settings(settings)})
    rows = {
        event.asset_key.path[-1]: event.step_materialization_data.materialization.metadata["dagster/row_count"].value
        for event in run.get_asset_materialization_events()
        if event.asset_key
    }
    assert rows == {"events": 1, "rejected_events": 0}
    assert run_keys() == []
