import datetime as dt
import shutil
from collections import Counter
from itertools import takewhile
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from dmp_assets.dbt.project_file import ProjectFile
from dmp_assets.platform.automation import schedules
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.project import PACKAGE_DIR
from dmp_assets.platform.settings import get_settings, store_time_zone


@pytest.fixture
def project(tmp_path, monkeypatch):
    shutil.copy(PACKAGE_DIR / "dbt_project.yml", tmp_path)
    monkeypatch.setenv("DMP_DBT_PROJECT_DIR", str(tmp_path))
    get_settings.cache_clear()
    yield ProjectFile(tmp_path)
    get_settings.cache_clear()


def ticks(schedule: dg.ScheduleDefinition, first: dt.date, days: int) -> list[dt.datetime]:
    """Return when the schedule daemon starts runs on so many local days."""
    zone = ZoneInfo(schedule.execution_timezone or "")
    begin, end = (dt.datetime.combine(first + dt.timedelta(day), dt.time(), zone) for day in (0, days))
    times = schedule_execution_time_iterator(
        begin.timestamp(), str(schedule.cron_schedule), schedule.execution_timezone
    )
    return [time.astimezone(zone) for time in takewhile(lambda time: time < end, times)]


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Asia/Kolkata", dt.date(2025, 6, 1)),  # half an hour off
        ("Europe/Berlin", dt.date(2025, 3, 24)),  # clocks go forward on Sunday, 30 March ...
        ("Europe/Berlin", dt.date(2025, 10, 20)),  # ... and back on Sunday, 26 October
        ("America/Santiago", dt.date(2025, 9, 1)),  # forward at midnight of Sunday, 7 September: there is no 00:00
        ("America/Santiago", dt.date(2025, 3, 31)),  # back at midnight of Sunday, 6 April: 23:00 comes twice
        ("America/New_York", dt.date(2025, 3, 3)),
    ],
)
def test_every_day_has_one_run_at_five_by_the_stores_clock_and_sunday_has_the_rebuild(zone, first):
    started = [(schedule.name, time) for schedule in schedules(zone) for time in ticks(schedule, first, 14)]
    days = Counter(time.date() for _, time in started)
    assert days == {first + dt.timedelta(day): 1 for day in range(14)}
    assert {time.time() for _, time in started} == {dt.time(5)}
    assert {time.isoweekday() for name, time in started if name == "weekly_rebuild"} == {7}
    assert {time.isoweekday() for name, time in started if name == "daily_refresh"} == {1, 2, 3, 4, 5, 6}


def test_five_in_kolkata_is_half_past_eleven_in_the_evening_before_by_utc():
    (time, *_) = ticks(schedules("Asia/Kolkata")[1], dt.date(2025, 6, 2), 1)
    assert time.astimezone(dt.UTC) == dt.datetime(2025, 6, 1, 23, 30, tzinfo=dt.UTC)


def test_the_clock_is_that_of_the_first_source_and_a_second_in_another_zone_does_not_move_it(project):
    project.set_time_zones("Asia/Kolkata")
    project.write()
    assert store_time_zone(get_settings()) == "Asia/Kolkata"
    project.add_time_zone("Europe/Berlin")
    project.write()
    assert store_time_zone(get_settings()) == "Asia/Kolkata"


def write_zones(project: ProjectFile, zones: str, events: str) -> None:
    text = project.text().replace("time_zones: [America/New_York]", f"time_zones: {zones}")
    project.path.write_text(text.replace("event_time_zone: America/New_York", f"event_time_zone: {events}"))


def test_without_stores_the_clock_is_that_of_the_events(project):
    write_zones(project, "[]", "Asia/Kolkata")
    assert store_time_zone(get_settings()) == "Asia/Kolkata"


def test_a_time_zone_that_there_is_not_is_named(project):
    write_zones(project, "[Mars/Olympus]", "UTC")
    with pytest.raises(UserError, match="Mars/Olympus is no IANA time zone"):
        store_time_zone(get_settings())
