import datetime as dt

import dagster as dg
import pytest

from dmp_assets.platform.gate import not_passed
from dmp_assets.runs.retention import remove_old_runs

CHECK = dg.AssetCheckKey(dg.AssetKey("orders"), "positive")


def run(instance, *, passes=True, stops=False):
    @dg.asset(check_specs=[dg.AssetCheckSpec("positive", asset="orders", blocking=True)])
    def orders():
        if stops:
            raise KeyboardInterrupt
        yield dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=passes)])

    try:
        return dg.materialize([orders], instance=instance, raise_on_error=False).run_id
    except KeyboardInterrupt:
        return instance.get_runs(limit=1)[0].run_id


def later(days=31):
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=days)


def known(instance):
    return {run.run_id for run in instance.get_runs()}


def test_old_runs_go_with_their_files_and_the_last_that_made_something_stays(instance, settings):
    old, last = run(instance), run(instance)
    assert remove_old_runs(instance, settings, later(29)) == 0
    assert remove_old_runs(instance, settings, later()) == 1
    assert known(instance) == {last}
    assert [path for path in settings.dagster_home.rglob("*") if old in path.name] == []
    assert instance.get_latest_materialization_event(dg.AssetKey("orders")).run_id == last
    assert remove_old_runs(instance, settings, later()) == 0


@pytest.mark.parametrize("passes", [True, False])
def test_the_gate_answers_as_before(instance, settings, passes):
    for outcome in (not passes, passes):
        run(instance, passes=outcome)
    run(instance, stops=True)
    before = list(not_passed(instance, [CHECK]))
    assert before or passes
    remove_old_runs(instance, settings, later())
    assert list(not_passed(instance, [CHECK])) == before


def test_a_run_that_is_at_work_is_never_removed(instance, settings):
    first = run(instance)
    run(instance)
    instance.run_storage.add_run_tags(first, {"a": "b"})

    @dg.job
    def waiting():
        pass

    at_work = instance.create_run_for_job(waiting, status=dg.DagsterRunStatus.STARTED).run_id
    remove_old_runs(instance, settings, later())
    assert at_work in known(instance)
