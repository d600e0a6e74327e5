from pathlib import Path

import dagster as dg
import pytest

from dmp_assets.collector.assets import domain, new_segments
from dmp_assets.collector.segments import SegmentWriter
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse

LINE = (
    b'{"source":"web","namespace":"shop","received_at":"2026-01-01T00:00:00Z","event":{"type":"page","messageId":"m"}}'
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def run_keys(settings: Settings) -> list[str | None]:
    with dg.build_sensor_context(resources={"settings": settings}) as context:
        return [request.run_key for request in new_segments.evaluate_tick(context).run_requests or []]


def test_the_sensor_asks_for_the_segments_that_wait_until_they_are_loaded(settings: Settings):
    assert run_keys(settings) == []
    with SegmentWriter(settings.collector_dir) as writer:
        writer.append([LINE])
    asked = run_keys(settings)
    assert len(asked) == 1
    assert run_keys(settings) == asked, "the same key: the server starts one run for it"
    run = dg.materialize(
        domain(settings, []).assets,
        resources={"warehouse": Warehouse.from_settings(settings), "settings": settings},
    )
    rows = {
        event.asset_key.path[-1]: event.step_materialization_data.materialization.metadata["dagster/row_count"].value
        for event in run.get_asset_materialization_events()
        if event.asset_key
    }
    assert rows == {"events": 1, "rejected_events": 0}
    assert run_keys(settings) == []
