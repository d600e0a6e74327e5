from collections.abc import Iterator

import dagster as dg
import pytest

from dmp_assets.platform.gate import gate_of, gated, not_passed

CHECK = dg.AssetCheckKey(dg.AssetKey("orders"), "positive")


class Shop:
    """A graph of two steps, whose check passes or not as it is told."""

    def __init__(self, instance: dg.DagsterInstance, *, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR):
        self.instance = instance
        self.severity = severity

    def run(self, *selection: str, passes: bool = True) -> dg.ExecuteInProcessResult:
        @dg.multi_asset(
            specs=[dg.AssetSpec("orders")],
            check_specs=[dg.AssetCheckSpec("positive", asset="orders", blocking=True)],
        )
        def make_orders() -> Iterator[dg.MaterializeResult]:
            outcome = dg.AssetCheckResult(
                asset_key="orders", check_name="positive", passed=passes, severity=self.severity, description="2 rows"
            )
            yield dg.MaterializeResult(asset_key="orders", check_results=[outcome])

        @dg.multi_asset(specs=[dg.AssetSpec("profiles", deps=["orders"])])
        @gated
        def make_profiles() -> Iterator[dg.MaterializeResult]:
            yield dg.MaterializeResult(asset_key="profiles")

        @dg.multi_asset(specs=[dg.AssetSpec("page", deps=["profiles"])])
        @gated
        def make_page() -> Iterator[dg.MaterializeResult]:
            yield dg.MaterializeResult(asset_key="page")

        assets = [make_orders, make_profiles, make_page]
        definitions = dg.Definitions(
            assets=assets,
            resources={"gate": gate_of(assets)},
            jobs=[dg.define_asset_job("job", list(selection))],
            executor=dg.in_process_executor,
        )
        return definitions.resolve_job_def("job").execute_in_process(instance=self.instance, raise_on_error=False)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def message(run: dg.ExecuteInProcessResult) -> str:
    (failure,) = run.filter_events(lambda event: event.is_step_failure)
    error = failure.step_failure_data.error
    while error and error.cause:
        error = error.cause
    return error.message if error else ""


def test_what_is_downstream_of_a_failed_check_is_refused_in_a_later_run_too_however_far(instance):
    shop = Shop(instance)
    assert shop.run("orders", "profiles", "page").success
    shop.run("orders", passes=False)
    for later in ("profiles", "page"):
        run = shop.run(later)
        assert not run.success
        assert "check orders:positive failed (2 rows)" in message(run)
        assert "dmp build" in message(run)


def test_a_pass_opens_the_gate_again(instance):
    shop = Shop(instance)
    shop.run("orders", passes=False)
    assert not shop.run("profiles").success
    shop.run("orders")
    assert shop.run("profiles", "page").success


def test_a_check_that_was_never_run_is_no_pass(instance):
    run = Shop(instance).run("profiles")
    assert "check orders:positive has never been run" in message(run)


def test_a_check_that_only_warns_stops_nothing(instance):
    shop = Shop(instance, severity=dg.AssetCheckSeverity.WARN)
    shop.run("orders", passes=False)
    assert shop.run("profiles").success


def plan(instance: dg.DagsterInstance, *, starts: bool) -> None:
    """Leave what a run leaves that was killed: the check is planned, and its step has begun or not."""

    @dg.multi_asset(
        specs=[dg.AssetSpec("orders")],
        check_specs=[dg.AssetCheckSpec("positive", asset="orders", blocking=True)],
    )
    def make_orders() -> Iterator[dg.MaterializeResult]:
        yield dg.MaterializeResult(asset_key="orders")

    job = dg.Definitions(assets=[make_orders], jobs=[dg.define_asset_job("job", "*")]).resolve_job_def("job")
    run = instance.create_run_for_job(job, asset_selection=None)
    instance.report_run_canceled(run)
    if starts:
        event = dg.DagsterEvent(event_type_value="STEP_START", job_name="job", step_key="make_orders", message="began")
        instance.report_dagster_event(event, run_id=run.run_id)


def test_a_run_that_broke_off_within_a_step_leaves_its_check_without_outcome(instance):
    Shop(instance).run("orders")
    plan(instance, starts=True)
    ((_, refused),) = not_passed(instance, [CHECK], "another run")
    assert "check orders:positive has no outcome, since run" in refused


def test_a_run_that_never_came_to_a_step_leaves_the_last_outcome(instance):
    Shop(instance).run("orders")
    plan(instance, starts=False)
    assert list(not_passed(instance, [CHECK], "another run")) == []
