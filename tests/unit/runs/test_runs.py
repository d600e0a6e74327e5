import datetime as dt
import uuid

import dagster as dg
import duckdb
import pytest

from dmp_assets.definitions import domains
from dmp_assets.demo.simulation.simulate import NAME_START
from dmp_assets.platform.settings import Settings
from dmp_assets.runs.fingerprint import FINGERPRINT, finished_run
from dmp_assets.runs.fingerprint import fingerprint as fingerprint_of
from dmp_assets.runs.made import made_file, record_made
from dmp_assets.runs.report import RunReport, report


def fingerprint(settings):
    return fingerprint_of(settings, domains(settings))


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run(instance, settings=None, *, fails=False):
    """Run a small graph in two layers, marked as a whole build under the settings, if given."""

    @dg.asset(key=["marts", "orders"], group_name="marts")
    def orders():
        if fails:
            raise ZeroDivisionError("no orders")
        return dg.MaterializeResult(metadata={"dagster/row_count": 7})

    @dg.asset_check(asset=["marts", "orders"], name="positive")
    def positive():
        return dg.AssetCheckResult(passed=False, description="2 rows are negative")

    tags = {FINGERPRINT: fingerprint(settings)} if settings else {}
    done = dg.materialize([orders, positive], instance=instance, tags=tags, raise_on_error=False).run_id
    if settings:
        duckdb.connect(settings.warehouse_path).close()
        record_made(settings, done)
    return done


def changed(settings, **values):
    return Settings(**{**settings.model_dump(), **values})


def test_the_fingerprint_changes_with_what_changes_results_and_only_with_that(settings):
    assert fingerprint(settings) == fingerprint(changed(settings, threads=1))
    assert fingerprint(settings) != fingerprint(changed(settings, as_of=dt.date(2017, 11, 1)))
    assert fingerprint(settings) != fingerprint(changed(settings, sample_percent=5))


def test_the_fingerprint_changes_with_what_was_collected_and_not_when_it_is_loaded(settings):
    sealed, loaded = settings.collector_dir / "sealed", settings.collector_dir / "loaded"
    sealed.mkdir(parents=True)
    loaded.mkdir()
    before = fingerprint(settings)
    (loaded / f"{NAME_START}-0.ndjson.gz").touch()
    assert fingerprint(settings) == before
    (sealed / "20260101T000000000000Z-a.ndjson.gz").touch()
    waiting = fingerprint(settings)
    assert waiting != before
    (sealed / "20260101T000000000000Z-a.ndjson.gz").rename(loaded / "20260101T000000000000Z-a.ndjson.gz")
    assert fingerprint(settings) == waiting


def test_a_whole_build_is_not_repeated(instance, settings):
    assert finished_run(instance, settings, fingerprint(settings)) is None
    done = run(instance, settings)
    assert finished_run(instance, settings, fingerprint(settings)) == done


def test_a_build_under_other_settings_in_between_means_building_again(instance, settings):
    run(instance, settings)
    run(instance, changed(settings, as_of=dt.date(2017, 11, 1)))
    assert finished_run(instance, settings, fingerprint(settings)) is None


def test_a_run_that_the_ui_repeated_in_part_is_no_whole_build(instance, settings):
    present = fingerprint(settings)
    done = run(instance, settings)
    repeated = instance.get_run_by_id(done)._replace(
        run_id=str(uuid.uuid4()), parent_run_id=done, root_run_id=done, asset_selection=None
    )
    instance.add_run(repeated)
    assert finished_run(instance, settings, present) is None


@pytest.mark.parametrize("later", [{"fails": True}, {}])
def test_a_failed_or_partial_run_in_between_means_building_again(instance, settings, later):
    run(instance, settings)
    run(instance, **later)
    assert finished_run(instance, settings, fingerprint(settings)) is None


def test_a_build_whose_making_is_not_recorded_is_repeated(instance, settings):
    run(instance, settings)
    made_file(settings).unlink()
    assert finished_run(instance, settings, fingerprint(settings)) is None


def test_the_report_counts_rows_and_names_failed_checks(instance, settings):
    summary = report(instance, run(instance, settings))
    assert summary.rows == {"marts/orders": 7}
    assert summary.checks == {"passed": 0, "warned": 0, "failed": 1}
    assert summary.failures == ["check marts/orders:positive failed: 2 rows are negative"]


def test_the_report_gives_the_reason_of_a_failed_step(instance, settings):
    summary = report(instance, run(instance, settings, fails=True))
    assert not summary.succeeded
    assert any("no orders" in failure for failure in summary.failures)


def test_the_report_gives_the_reason_of_a_run_that_failed_outside_its_steps(instance, settings):
    @dg.asset
    def nothing():
        pass

    left = dg.materialize([nothing], instance=instance).run_id
    instance.report_run_failed(instance.get_run_by_id(left), "The process died.")
    assert report(instance, left).failures == ["The process died."]


def test_orchestration_is_what_is_left_of_the_wall_time():
    assert RunReport("id", succeeded=True, seconds=10, work_seconds={"raw": 3, "marts": 4}).orchestration_seconds == 3
