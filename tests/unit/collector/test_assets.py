import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.tags import SENSOR_NAME_TAG

from dmp_assets.collector.assets import domain, new_segments
from dmp_assets.collector.segments import SegmentWriter, sealed_segments
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse

LINE = (
    b'{"source":"web","namespace":"shop","received_at":"2026-01-01T00:00:00Z",'
    b'"event":{"type":"page","messageId":"m","anonymousId":"a"}}'
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def tick(settings: Settings, instance: dg.DagsterInstance) -> dg.RunRequest | str:
    """Return what one tick of the sensor asks for, or why it does not."""
    with dg.build_sensor_context(instance, resources={"settings": settings}, sensor_name=new_segments.name) as context:
        found = new_segments.evaluate_tick(context)
    return found.run_requests[0] if found.run_requests else str(found.skip_message)


def seal(settings: Settings) -> Path:
    with SegmentWriter(settings.collector_dir) as writer:
        writer.append([LINE])
    return sealed_segments(settings.collector_dir)[-1]


def load(settings: Settings, instance: dg.DagsterInstance, asked: dg.RunRequest | str) -> dg.ExecuteInProcessResult:
    """Run a load as the daemon does that was asked for it."""
    assert isinstance(asked, dg.RunRequest), asked
    return dg.materialize(
        domain(settings, []).assets,
        resources={"warehouse": Warehouse.from_settings(settings), "settings": settings},
        tags={**asked.tags, SENSOR_NAME_TAG: new_segments.name},
        instance=instance,
        raise_on_error=False,
    )


def test_the_sensor_asks_for_the_segments_that_wait_until_they_are_loaded(
    settings: Settings, instance: dg.DagsterInstance
):
    assert tick(settings, instance) == "No sealed segment waits to be loaded."
    seal(settings)
    asked = tick(settings, instance)
    assert isinstance(asked, dg.RunRequest)
    again = tick(settings, instance)
    assert isinstance(again, dg.RunRequest)
    assert again.run_key == asked.run_key, "the same key: the server starts one run for it"
    run = load(settings, instance, asked)
    rows = {
        event.asset_key.path[-1]: event.step_materialization_data.materialization.metadata["dagster/row_count"].value
        for event in run.get_asset_materialization_events()
        if event.asset_key
    }
    assert rows == {"events": 1, "rejected_events": 0}
    assert tick(settings, instance) == "No sealed segment waits to be loaded."


def test_nothing_is_asked_for_while_a_load_is_at_work(settings: Settings, instance: dg.DagsterInstance):
    seal(settings)
    asked = tick(settings, instance)
    assert isinstance(asked, dg.RunRequest)
    job = dg.job(name="load")(lambda: None)
    tags = {**asked.tags, SENSOR_NAME_TAG: new_segments.name}
    run = instance.create_run_for_job(job, tags=tags, status=dg.DagsterRunStatus.STARTED)
    assert tick(settings, instance) == "A load is at work."
    seal(settings)
    assert tick(settings, instance) == "A load is at work."
    instance.report_run_canceled(run)
    assert isinstance(tick(settings, instance), dg.RunRequest)


def test_a_load_that_failed_is_asked_for_again_later_and_later(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
):
    unreadable = seal(settings)
    content = unreadable.read_bytes()
    unreadable.unlink()
    unreadable.mkdir()
    keys, now = [], time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    for wait in (60, 120, 240):
        asked = tick(settings, instance)
        assert isinstance(asked, dg.RunRequest)
        assert not load(settings, instance, asked).success
        keys.append(asked.run_key)
        now += wait - 10
        assert "asked for again in" in str(tick(settings, instance))
        now += 20
    assert len(set(keys)) == 3, "a new key: the server starts a run for each"

    unreadable.rmdir()
    unreadable.write_bytes(content)
    assert load(settings, instance, tick(settings, instance)).success
    assert tick(settings, instance) == "No sealed segment waits to be loaded."


def test_a_new_segment_does_not_wait_for_one_that_cannot_be_read(settings: Settings, instance: dg.DagsterInstance):
    unreadable = settings.collector_dir / "sealed" / "20200101T000000000000Z-x.ndjson.gz"
    unreadable.mkdir(parents=True)
    load(settings, instance, tick(settings, instance))
    new = seal(settings)
    load(settings, instance, tick(settings, instance))
    assert sealed_segments(settings.collector_dir) == [unreadable]
    assert new.name != unreadable.name


def test_a_damaged_segment_fails_no_run_and_a_check_tells_what_to_do(settings: Settings, instance: dg.DagsterInstance):
    damaged = seal(settings)
    damaged.write_bytes(b"damaged")
    run = load(settings, instance, tick(settings, instance))
    assert run.success
    checks = {check.check_name: check for check in run.get_asset_check_evaluations()}
    assert checks["events_keep_events_yml"].passed
    check = checks["every_segment_is_whole"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "from a backup" in str(check.description)
    assert check.metadata["damaged_segments"].value == [damaged.name]
    assert tick(settings, instance) == "No sealed segment waits to be loaded."
