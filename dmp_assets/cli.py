"""The ``dmp`` command. Exit codes: 0 done, 1 a build or check failed, 2 a setting, file or argument is wrong."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dmp_assets.activation import cli as activation_cli
from dmp_assets.audiences import cli as audiences_cli
from dmp_assets.collector import cli as collector_cli
from dmp_assets.identity import cli as identity_cli
from dmp_assets.onboarding import cli as onboarding_cli
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.errors import user_errors as _user_errors
from dmp_assets.platform.locks import one_build, this_command
from dmp_assets.platform.settings import Settings, get_settings
from dmp_assets.platform.terminal import AsJson, print_json
from dmp_assets.privacy import cli as privacy_cli
from dmp_assets.runs import cli as runs_cli
from dmp_assets.runs.start import opened_instance, prepare, swept_instance
from dmp_assets.sources import cli as sources_cli

if TYPE_CHECKING:
    from dagster import DagsterInstance, Definitions

    from dmp_assets.platform.domain import Domain
    from dmp_assets.reports.customer_facts import CustomerFacts
    from dmp_assets.runs.report import RunReport

app = typer.Typer(
    name="dmp",
    help="The AI DMP: build, check, publish and inspect the customer-data platform.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _start() -> None:
    # What code has to say while it waits.
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.getLogger("dmp").addHandler(handler)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The folder of the new project, such as my-shop.")] = Path(),
) -> None:
    """Make a project of your own: the few files that are yours to edit, in a new or empty folder."""
    from dmp_assets.onboarding.new_project import create_project

    with _user_errors():
        for path in create_project(folder):
            typer.echo(f"wrote {path}")
    typer.echo(
        f"Now:{'' if folder == Path() else f' `cd {folder}`, then'} `dmp add-source` for your own data, or `dmp demo`."
    )


@app.command()
def build(
    force: Annotated[bool, typer.Option("--force", help="Build even if nothing changed since the last build.")] = False,
    layer: Annotated[str | None, typer.Option(help="Rebuild only this layer, from what is upstream of it.")] = None,
    as_of: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Only what happened before this date counts; default: DMP_AS_OF."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Load, transform, check and publish the whole graph, then print what was done."""
    with _user_errors():
        settings = prepare()
        if as_of:
            settings = settings.model_copy(update={"as_of": as_of.date()})
        from dmp_assets.definitions import domains
        from dmp_assets.platform.automation import REBUILD, REFRESH
        from dmp_assets.runs.fingerprint import fingerprint, finished_run
        from dmp_assets.runs.made import changed_since_made, refuse_damage
        from dmp_assets.runs.report import report as report_of

        with swept_instance() as instance, one_build(settings.home, this_command()):
            offered = domains(settings)
            present = None if layer else fingerprint(settings, offered)
            refuse_damage(settings)
            done = finished_run(instance, settings, present) if present and not force else None
            changed = next(changed_since_made(settings), None) if done else None
            if changed:
                typer.echo(f"{changed} So everything is built again.", err=as_json)
            if done and not changed:
                report = report_of(instance, done)
                if not as_json:
                    typer.echo(
                        "Nothing changed since the last whole build, so nothing was built (--force builds anyway)."
                    )
            else:
                job_name = f"{REFRESH}_{layer}" if layer else REBUILD
                report = _run(instance, settings, job_name, offered, present, as_json=as_json)
            _print_report(report, settings, as_json=as_json)
    if not report.succeeded:
        raise typer.Exit(1)


@app.command()
def rebuild(
    from_archive: Annotated[
        bool,
        typer.Option("--from-archive", help="Make the warehouse again from the archive of events and the sources."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a warehouse that is lost or damaged again, with identity and consents; the present one becomes warehouse.duckdb.before.

    Rows that were corrected with `dmp quarantine replay` are corrected again after it: neither archive nor sources have them.
    """
    with _user_errors():
        if not from_archive:
            raise UserError("Say --from-archive: that is what the warehouse is made again from.")
        settings = prepare()
        from dmp_assets.collector.archive import restore_archive, set_aside

        with one_build(settings.home, this_command()):
            aside = set_aside(settings.warehouse_path)
            segments = restore_archive(settings)
        if aside:
            typer.echo(f"The warehouse of before is {aside}.", err=as_json)
        typer.echo(f"{segments} segments of events are loaded again.", err=as_json)
    build(force=True, as_json=as_json)


@app.command()
def demo(as_json: AsJson = False) -> None:
    """Build with a year of real grocery data: make the demo a source of this project, if it is none yet, and build."""
    with _user_errors():
        from dmp_assets.dbt.project_file import ProjectFile
        from dmp_assets.demo.enable import enable_demo

        settings = get_settings()
        project = ProjectFile(settings.dbt_project_dir)
        if enable_demo(project):
            typer.echo(f"The demo is now a source of {project.path}.", err=as_json)
    build(as_json=as_json)


@app.command()
def docs() -> None:
    """Publish the dbt docs, the pages and the Parquet files again, without rebuilding the tables."""
    build(layer="published")


@app.command()
def refresh(as_json: AsJson = False) -> None:
    """Bring everything that is served up to date with what the last build trained and chose; for every day between two builds."""
    with _user_errors():
        settings = prepare()
        from dmp_assets.definitions import domains
        from dmp_assets.platform.automation import REFRESH

        with swept_instance() as instance, one_build(settings.home, this_command()):
            report = _run(instance, settings, REFRESH, domains(settings), as_json=as_json)
            _print_report(report, settings, as_json=as_json)
    if not report.succeeded:
        raise typer.Exit(1)


@app.command()
def summary(as_json: AsJson = False) -> None:
    """Print what the newest whole build did: rows, checks, time per layer, what failed."""
    with _user_errors():
        settings = prepare()
        from dmp_assets.runs.report import newest_run, report

        with swept_instance() as instance:
            newest = newest_run(instance)
            if newest is None:
                raise UserError("There is no build yet: run `dmp demo` or `dmp build`.")
            _print_report(report(instance, newest), settings, as_json=as_json)


@app.command()
def health(
    alert: Annotated[
        bool, typer.Option("--alert", help="Send what is wrong to those whom DMP_ALERT_* name, as the daemon does.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong: disk, files, runs, checks, late assets, refused data. Exit code 0 well, 1 late or odd, 2 broken."""
    with _user_errors():
        settings = get_settings()
        from dmp_assets.runs import health as check
        from dmp_assets.runs.alerts import send_alerts

        now = dt.datetime.now(dt.UTC)
        found = list(check.history(settings))
        if found:
            found += [*check.disk(settings), *check.files(settings)]
        else:
            settings = prepare()
            from dmp_assets.runs.watched import read_watched

            with opened_instance() as instance:
                found = check.findings(settings, instance, read_watched(settings, lambda: _graph(settings)), now)
        told = send_alerts(settings, found, now) if alert else []
    if as_json:
        print_json(check.as_json(found))
    else:
        for finding in found:
            typer.secho(finding.text, fg=typer.colors.RED if finding.is_urgent else typer.colors.YELLOW)
        if not found:
            typer.echo("All is well.")
        if alert:
            typer.echo(f"{len(told)} alert(s) were sent.")
    raise typer.Exit(check.level(found))


@app.command()
def customer(
    customer_id: Annotated[str, typer.Argument(help="The customer, such as cj:1609, or any id that is theirs.")],
    as_json: AsJson = False,
) -> None:
    """Print everything about one customer, and why."""
    with _user_errors():
        settings = get_settings()
        from dmp_assets.definitions import domains
        from dmp_assets.platform.warehouse import Warehouse
        from dmp_assets.reports.customer_facts import read_customer

        sections = [section for domain in domains(settings) for section in domain.customer_sections]
        with Warehouse.from_settings(settings).read() as connection:
            known = read_customer(sections, connection, customer_id)
    if as_json:
        print_json(dataclasses.asdict(known))
    else:
        _print_customer(known)


@app.command(name="hash")
def hash_tables(as_json: AsJson = False) -> None:
    """Print a hash of every table's content, load times left out: two equal builds print the same."""
    with _user_errors():
        settings = get_settings()
        from dmp_assets.platform.warehouse import Warehouse, table_hashes

        with Warehouse.from_settings(settings).read() as connection:
            hashes = table_hashes(connection)
    if as_json:
        print_json(hashes)
    else:
        for table, value in hashes.items():
            typer.echo(f"{value:>28}  {table}")


app.command()(runs_cli.setup)
app.command()(runs_cli.dev)
app.command()(runs_cli.webserver)
app.command()(runs_cli.daemon)
app.command()(runs_cli.clean)
app.command()(onboarding_cli.add_source)
app.command()(onboarding_cli.presets)
app.command()(onboarding_cli.rename_source)
app.command()(onboarding_cli.remove_source)
app.command()(sources_cli.sources)
app.add_typer(sources_cli.app, name="quarantine")
app.add_typer(collector_cli.keys_app, name="keys")
app.command()(collector_cli.collect)
app.add_typer(privacy_cli.app, name="vault")
app.add_typer(identity_cli.app, name="identity")
app.add_typer(audiences_cli.app, name="audience")
app.command()(activation_cli.activate)
app.command()(activation_cli.destinations)
app.command()(activation_cli.deliveries)
app.add_typer(activation_cli.suppress_app, name="suppress")


def _print_customer(known: CustomerFacts) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    console.print(f"Customer {known.customer_id}, as of {known.as_of_on}")
    for group in known.groups:
        table = Table(title=group.heading, title_justify="left", show_header=False)
        for fact in group.facts:
            table.add_row(Text(fact.label), Text(fact.value), Text(fact.why))
        console.print(table)


def _run(
    instance: DagsterInstance,
    settings: Settings,
    job_name: str,
    offered: Sequence[Domain],
    fingerprint: str | None = None,
    *,
    as_json: bool,
) -> RunReport:
    """Run a job and show its progress; where the answer is JSON, on the error stream."""
    from dmp_assets.definitions import build_defs
    from dmp_assets.runs.execute import run_job
    from dmp_assets.runs.watch import watch
    from dmp_assets.runs.watched import read_watched

    start = time.monotonic()
    with contextlib.redirect_stdout(sys.stderr if as_json else sys.stdout):
        report = run_job(
            instance,
            settings,
            job_name,
            lambda line: typer.echo(f"[{time.monotonic() - start:6.1f} s] {line}"),
            graph=lambda loggers: build_defs(settings, offered, loggers=loggers),
            fingerprint=fingerprint,
        )
    watch(instance, settings, lambda: read_watched(settings, lambda: _graph(settings)))
    return report


def _graph(settings: Settings) -> Definitions:
    from dmp_assets.definitions import build_defs

    return build_defs(settings)


def _print_report(report: RunReport, settings: Settings, *, as_json: bool) -> None:
    from dmp_assets.platform.warehouse import Warehouse
    from dmp_assets.runs.report import published_files
    from dmp_assets.sources.notes import open_notes
    from dmp_assets.sources.totals import rejected_shares

    rejected, notes = [], []
    if Path(settings.warehouse_path).exists():
        # Where another process holds the warehouse, the run has said so.
        with contextlib.suppress(UserError), Warehouse.from_settings(settings).read() as connection:
            rejected = rejected_shares(connection)
            notes = open_notes(connection, settings)
    files = [str(path) for path in published_files(settings)]
    if as_json:
        facts = dataclasses.asdict(report) | {"orchestration_seconds": report.orchestration_seconds, "published": files}
        facts |= {"rejected": rejected, "open": notes}
        print_json(facts)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title="What the build did", title_justify="left")
    table.add_column("layer")
    for heading in ("tables", "rows", "work, s"):
        table.add_column(heading, justify="right")
    for layer, seconds in report.work_seconds.items():
        counts = [rows for name, rows in report.rows.items() if name.startswith(f"{layer}/")]
        table.add_row(layer, str(len(counts)), f"{sum(rows or 0 for rows in counts):,}", f"{seconds:.1f}")
    table.add_section()
    table.add_row("orchestration", "", "", f"{report.orchestration_seconds:.1f}")
    table.add_row(
        "wall time",
        str(len(report.rows)),
        f"{sum(rows or 0 for rows in report.rows.values()):,}",
        f"{report.seconds:.1f}",
    )
    console = Console()
    console.print(table)
    checks = ", ".join(f"{report.checks[outcome]} {outcome}" for outcome in ("passed", "warned", "failed"))
    console.print(f"Checks: {checks}.")
    for sentence in [*rejected, *notes]:
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    for failure in report.failures:
        console.print(failure, style="red", markup=False, highlight=False, soft_wrap=True)
    if report.succeeded:
        console.print("\nWhere to look next:")
        for file in files:
            console.print(f"  {file}", soft_wrap=True)
        console.print("  dmp dev    the Dagster UI on http://localhost:3000, with this run's history")
