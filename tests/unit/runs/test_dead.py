"""A run whose process died is found and marked failed; one that lives is left alone."""

import logging
import multiprocessing
import os
import signal

import dagster as dg
import pytest
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster._daemon.monitoring.run_monitoring import execute_run_monitoring_iteration

from dmp_assets.runs import dead
from dmp_assets.runs.dead import end_dead_runs
from dmp_assets.runs.executor import home_executor

# A run as the daemon, the UI or a sensor makes it: Dagster's own way, in a process of its own.
RUN = """
import os
import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dmp_assets.platform.settings import get_settings
from dmp_assets.runs.executor import home_executor

os.environ.update(environment)

@dg.op
def wait():
    test.send("at work")
    test.poll(None)

@dg.job(executor_def=home_executor(get_settings()))
def waiting():
    wait()

with dg.DagsterInstance.get() as instance:
    execute_run(InMemoryJob(waiting), instance.create_run_for_job(waiting, run_id=run_id), instance)
"""
RUN_ID = "5b4b7a3e-0f4c-4a9d-9f0a-2c3d4e5f6a7b"


@pytest.fixture(scope="module")
def processes():
    """Return what makes processes from one that has imported Dagster already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["alembic.command", "dagster._core.test_utils", "dmp_assets.runs.executor"])
    return context


@pytest.fixture
def running(settings, instance, processes):
    ours, theirs = processes.Pipe()
    process = processes.Process(
        target=exec, args=(RUN, {"environment": settings.environment(), "run_id": RUN_ID, "test": theirs})
    )
    process.start()
    theirs.close()
    assert ours.recv() == "at work"
    process.go_on = ours.close
    yield process
    process.kill()
    process.join()


def status(instance):
    return instance.get_run_by_id(RUN_ID).status


def monitor(instance):
    """Do what the daemon does every few seconds."""
    with create_test_daemon_workspace_context(EmptyWorkspaceTarget(), instance) as context:
        assert [error for error in execute_run_monitoring_iteration(context, logging.getLogger("test")) if error] == []


@pytest.mark.parametrize("sweep", [end_dead_runs, monitor])
def test_a_run_that_lives_is_left_alone_and_a_killed_one_is_failed_by_command_and_daemon(instance, running, sweep):
    sweep(instance)
    assert status(instance) == dg.DagsterRunStatus.STARTED
    running.kill()
    running.join()
    sweep(instance)
    assert status(instance) == dg.DagsterRunStatus.FAILURE
    assert end_dead_runs(instance) == []
    assert "died before it was done" in str([entry.message for entry in instance.all_logs(RUN_ID)])


def test_a_run_that_takes_too_long_is_ended_with_its_process(instance, running):
    instance.add_run_tags(RUN_ID, {"dagster/max_runtime": "0.1"})
    monitor(instance)
    running.join(30)
    # Whichever of the two wrote last: the monitor that ended it, or the process that was asked to end.
    assert status(instance) in (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def test_a_process_that_does_not_listen_is_killed(instance, running, monkeypatch):
    os.kill(running.pid, signal.SIGSTOP)
    monkeypatch.setattr(dead, "END_SECONDS", 0.3)
    assert instance.run_launcher.terminate(RUN_ID)
    running.join(30)
    assert running.exitcode == -signal.SIGKILL


@dg.job
def nothing():
    pass


@pytest.mark.parametrize(
    ("begun", "ended"),
    [
        (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.FAILURE),
        (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.FAILURE),
        (dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.FAILURE),
        (dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED),
        (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.SUCCESS),
    ],
)
def test_a_run_that_never_got_a_process_is_ended_once_its_start_is_over(instance, monkeypatch, begun, ended):
    """Such as one of an older version, or one whose process was killed while it started."""
    instance.create_run_for_job(nothing, run_id=RUN_ID, status=begun)
    end_dead_runs(instance)
    assert status(instance) == begun
    monkeypatch.setattr(dead, "START_SECONDS", -1)
    end_dead_runs(instance)
    assert status(instance) == ended


def test_runs_of_any_start_take_turns(settings, instance, running):
    waited = []

    @dg.op
    def make():
        assert waited

    @dg.job(executor_def=home_executor(settings))
    def turn():
        make()

    from threading import Timer

    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.execution.api import execute_run

    def go_on():
        waited.append(True)
        running.go_on()

    Timer(0.5, go_on).start()
    result = execute_run(InMemoryJob(turn), instance.create_run_for_job(turn), instance)
    assert result.success
    assert status(instance) == dg.DagsterRunStatus.SUCCESS
