"""Robots by the kept list, none of the browsers that people use."""

from pathlib import Path

import duckdb
import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from tests import robots
from tests.unit.dbt.macros import PROJECT, macros

BROWSERS = Path(__file__).with_name("browsers.txt").read_text().splitlines()
"""Browsers of computers, phones, televisions, consoles and cars, in-app browsers, and what apps send."""


@pytest.fixture(scope="module")
def told():
    """Return a function that tells what a macro says of user agents."""
    found = macros("user_agents", "robots")

    def tell(macro: str, agents: list[str]) -> list[bool]:
        query = f"select {getattr(found, macro)('agent')} from (select unnest(?) as agent)"
        return [answer for (answer,) in duckdb.execute(query, [agents]).fetchall()]

    return tell


def test_nearly_all_robots_of_the_kept_list_are_robots(told):
    agents = [agent for entry in CRAWLER_USER_AGENTS_DATA for agent in entry.get("instances", [])]
    assert len(agents) > 2_000
    assert sum(told("is_bot", agents)) >= 0.98 * len(agents)


def test_no_browser_of_a_person_is_a_robot(told):
    assert len(BROWSERS) > 90
    assert [agent for agent, is_bot in zip(BROWSERS, told("is_bot", BROWSERS), strict=True) if is_bot] == []


def test_gateways_that_try_links_are_robots_and_programs_that_show_a_mail_are_none(told):
    gateways = [
        "Mozilla/5.0 (compatible; BarracudaCentral; Barracuda Sentinel)",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Proofpoint URL Defense",
        "Mimecast-ttp/1.0",
        "Mozilla/5.0 (Windows NT 10.0) SafeLinks",
    ]
    proxies = [
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    ]
    assert all(told("is_bot", gateways))
    # Apple's privacy proxy opens every mail, read or not.
    assert told("is_bot", ["Mozilla/5.0"]) == [True]
    assert not any(told("is_bot", proxies))
    assert all(told("is_mail_proxy", proxies))
    assert not any(told("is_mail_proxy", BROWSERS))


def test_what_a_server_sends_with_is_a_library_and_no_browser_is(told):
    libraries = [
        "python-requests/2.32.3",
        "node-fetch/1.0",
        "analytics-python/2.3.2",
        "axios/1.7",
        "curl/8.4.0",
        "Java/17.0.2",
    ]
    assert all(told("is_http_library", libraries))
    apps = {"okhttp/4.12.0"}
    assert not any(told("is_http_library", [agent for agent in BROWSERS if agent not in apps]))


def test_the_generated_list_is_that_of_the_package():
    assert robots.ROBOTS_FILE.read_text(encoding="utf-8") == robots.robots_sql()
    assert robots.ROBOTS_FILE.parent == PROJECT / "macros"


def test_what_the_list_leaves_to_the_setting_is_what_the_setting_says():
    assert f'bot_user_agent_pattern: "{robots.NAMES_ROBOT}"' in (PROJECT / "dbt_project.yml").read_text()


def test_what_is_left_out_of_the_list_is_on_it():
    assert robots.OF_PEOPLE.keys() <= {robots.plain(entry["pattern"]) for entry in CRAWLER_USER_AGENTS_DATA}
