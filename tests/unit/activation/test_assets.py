"""What was sent as tables, with a check on what was not, and the section of the report."""

import dagster as dg
import pytest

from dmp_assets.activation.assets import domain
from dmp_assets.activation.sections import SECTIONS
from dmp_assets.activation.state import opened
from dmp_assets.platform.gate import Gate
from dmp_assets.platform.warehouse import Warehouse
from tests.unit.activation.world import World


@pytest.fixture
def fans(world: World, hook) -> World:
    return world.destinations(hook).crowd([1, 2]).person(3, email="x").build()


def made(world: World) -> dict[str, dg.AssetCheckEvaluation]:
    """Make the tables, and return the outcomes of their checks."""
    warehouse = Warehouse.from_settings(world.settings)
    result = dg.materialize(
        list(domain(world.settings).assets),
        resources={"warehouse": warehouse, "settings": world.settings, "gate": Gate()},
    )
    assert result.success
    return {f"{each.asset_key.path[-1]}.{each.check_name}": each for each in result.get_asset_check_evaluations()}


def test_before_anything_is_sent_the_tables_are_empty_and_say_why(fans: World):
    outcomes = made(fans)
    assert all(each.passed for each in outcomes.values())
    assert Warehouse.from_settings(fans.settings).row_counts()["activation.syncs"] == 0
    assert not (fans.settings.home / "activation").exists(), "who only looks makes nothing"


def test_the_tables_hold_every_rows_fate(fans: World, server):
    server.judge = lambda call: (
        200,
        {
            "rejected": [
                {"delivery_id": m["delivery_id"], "reason": "no"}
                for m in call.body["members"]
                if m["customer_id"] == "shop:2"
            ]
        },
        {},
    )
    fans.send()
    with opened(fans.settings) as state:
        state.suppress([("shop:9", "customer")], "asked", "me")
    outcomes = made(fans)
    assert not outcomes["deliveries.everything_was_sent"].passed
    assert outcomes["deliveries.everything_was_sent"].description == "fans to there: 1 rejected (no)"
    query = Warehouse.from_settings(fans.settings).query
    rows = query("select customer_id, action, state from activation.deliveries order by 1")
    assert rows.to_dict("split")["data"] == [
        ["shop:1", "add", "sent"],
        ["shop:2", "add", "rejected"],
        ["shop:3", "add", "sent"],
    ]
    (sync,) = query("select * from activation.syncs").to_dict("records")
    assert (sync["state"], sync["added_count"], sync["audience_as_of_on"].year) == ("done", 3, 2025)
    (rate,) = query("select * from activation.match_rates where identifier = 'email'").to_dict("records")
    assert (rate["member_count"], rate["known_count"], rate["usable_count"]) == (3, 3, 2)
    assert rate["repair"].startswith("1: malformed e-mail address")
    assert list(query("select identifier_id from activation.suppressions")["identifier_id"]) == ["shop:9"]


def test_the_alarm_ends_when_a_later_sync_has_gone_on(fans: World, server):
    server.answer(401)
    fans.send()
    told = made(fans)["deliveries.everything_was_sent"]
    assert not told.passed
    assert "fans to there is refused: 401" in (told.description or "")
    fans.send()
    assert made(fans)["deliveries.everything_was_sent"].passed


def test_the_report_shows_syncs_reasons_and_match_rates(fans: World, server):
    fans.refused = {"shop:1"}
    fans.build()
    fans.send()
    made(fans)
    (section,) = SECTIONS
    query = Warehouse.from_settings(fans.settings).query
    content = section.build({name: query(sql) for name, sql in section.queries.items()})
    syncs, reasons, rates, to_correct = content.tables
    assert not to_correct.rows
    assert syncs.rows[0][1:6] == ["fans", "there", "done", "3", "2"]
    assert ["fans", "there", "skipped", "does not allow it", "1"] in [list(row) for row in reasons.rows]
    assert ["email", "2", "2", "1", "50.0%"] in [list(row)[2:7] for row in rates.rows]
    assert content.headlines[0].value == "2"


def test_who_was_sent_after_a_refusal_that_came_late_is_listed_until_removed(fans: World, server):
    fans.send()
    made(fans)
    warehouse = Warehouse.from_settings(fans.settings)
    with warehouse.write() as connection:
        connection.execute(
            "update marts.contact_permissions set is_allowed = false, decided_at = timestamp '2017-02-02' "
            "where customer_id = 'shop:1'"
        )
    (section,) = SECTIONS

    def to_correct() -> list[list[str]]:
        content = section.build({name: warehouse.query(sql) for name, sql in section.queries.items()})
        return [list(row)[:4] for row in content.tables[3].rows]

    assert to_correct() == [["fans", "there", "1", "2017-02-02 00:00"]]
    fans.send()
    made(fans)
    assert to_correct() == []


def test_what_is_sent_makes_the_next_build_due(fans: World, server):
    offered = domain(fans.settings)
    assert list(offered.depends_on()) == []
    fans.send()
    once = list(offered.depends_on())
    assert list(offered.depends_on()) == once
    fans.audience("shop:1")
    fans.send()
    assert list(offered.depends_on()) != once
