"""A sync sends what differs, to whom it may, and says what became of each row."""

import pytest

from dmp_assets.activation import sync as module
from dmp_assets.activation.records import WORDS
from dmp_assets.activation.state import one_sync, opened
from dmp_assets.platform.errors import UserError
from dmp_assets.privacy.keys import read_keys
from dmp_assets.privacy.vault import open_vault
from tests.unit.activation.world import World, sha


def sent(server, action: str = "add") -> list[str]:
    return sorted(m["customer_id"] for body in server.bodies() if body["action"] == action for m in body["members"])


@pytest.fixture
def fans(world: World, hook) -> World:
    return world.destinations(hook).crowd([1, 2, 3]).build()


def test_the_first_sync_sends_everyone_and_the_second_nobody(fans: World, server):
    report = fans.send()
    assert (report.state, report.fates) == ("done", {"sent": 3})
    assert sent(server) == ["shop:1", "shop:2", "shop:3"]
    emails = {member["customer_id"]: member["email"] for member in server.bodies()[0]["members"]}
    assert emails["shop:1"] == "p1@example.org"
    again = fans.send()
    assert (again.fates, again.planned.plan.unchanged, len(server.calls)) == ({}, 3, 1)


def test_only_the_difference_is_sent_removals_first(fans: World, server):
    fans.send()
    server.calls.clear()
    fans.person(2, email="new2@example.org").person(4, email="p4@example.org").build().audience(
        "shop:2", "shop:3", "shop:4"
    )
    planned = fans.send().planned.plan
    assert (len(planned.adds), len(planned.changes), len(planned.removes), planned.unchanged) == (1, 1, 1, 1)
    assert [body["action"] for body in server.bodies()] == ["remove", "add"]
    assert (sent(server, "remove"), sent(server)) == (["shop:1"], ["shop:2", "shop:4"])


def test_a_dry_run_says_what_would_be_sent_and_writes_and_sends_nothing(fans: World, server):
    before = sorted(fans.settings.home.rglob("*"))
    planned = fans.activation().dry_run()
    assert (len(planned.plan.adds), planned.members, planned.audience.left_out) == (3, 3, 2)
    assert not server.calls
    assert sorted(fans.settings.home.rglob("*")) == before


def test_who_is_left_out_is_named_with_the_reason(world: World, server):
    entry = {"name": "there", "kind": "mailchimp", "url": server.url, "list_id": "x", "key_variable": "CHIMP_KEY"}
    world.destinations(entry).crowd([1, 2, 3]).person(4, first_name="Ann").person(5, email="ann@").person(
        6, email="p1@example.org"
    )
    world.refused, world.unprofiled = {"shop:2"}, {"shop:3"}
    world.owners = {world.identifier("email", "p1@example.org"): "shop:1"}
    world.build()
    with opened(world.settings) as state:
        state.suppress([("shop:1", "customer")], "asked", "me")
    report = world.send()
    assert dict(report.planned.left_out) == {
        "shop:1": "suppressed",
        "shop:2": "no_consent",
        "shop:3": "no_consent",
        "shop:4": "no_identifier",
        "shop:5": "malformed",
        "shop:6": "no_identifier",
    }
    assert not server.calls
    assert ("shop:5", "skip", "skipped", WORDS["malformed"]) in world.fates()


def test_two_members_with_one_address_get_one_row(world: World, server):
    entry = {"name": "there", "kind": "mailchimp", "url": server.url, "list_id": "x", "key_variable": "CHIMP_KEY"}
    world.destinations(entry).person(1, email="home@example.org").person(2, email="home@example.org").build()
    with_both = {"shop:1", "shop:2"}
    report = world.send()
    assert report.fates == {"sent": 1}
    assert set(report.planned.left_out) < with_both


def test_a_withdrawn_consent_is_respected_and_the_person_is_removed(fans: World, server):
    fans.send()
    server.calls.clear()
    fans.refused = {"shop:2"}
    fans.build()
    assert fans.send().planned.left_out == {"shop:2": "no_consent"}
    assert (sent(server, "remove"), sent(server)) == (["shop:2"], [])


def test_an_identifier_that_nobody_of_the_audience_has_any_more_is_removed_at_an_advertiser(world: World, server):
    entry = {
        "name": "there",
        "kind": "meta_custom_audience",
        "url": server.url,
        "audience_id": "9",
        "token_variable": "ADS_TOKEN",
    }
    world.purpose, world.channel = "advertising", "ads"
    world.destinations(entry).person(1, email=["a@example.org", "b@example.org"]).person(
        2, email="c@example.org"
    ).build()
    assert world.send().fates == {"sent": 3}
    # What was one person is two, of whom one is no member; and the merged one's address is a member's.
    world.owners = {
        world.identifier("email", "b@example.org"): "shop:3",
        world.identifier("email", "c@example.org"): "shop:1",
    }
    world.build().audience("shop:1")
    server.calls.clear()
    assert world.send().fates == {"sent": 1}
    (call,) = server.calls
    assert call.method == "DELETE"
    assert call.body["payload"]["data"] == [[sha("b@example.org")]]


def test_what_was_sent_is_removed_although_its_source_is_gone(fans: World, server):
    fans.send()
    with open_vault(fans.settings, read_keys(fans.settings)) as vault:
        vault.execute("delete from vault.identifiers")
    server.calls.clear()
    fans.audience("shop:3")
    report = fans.send()
    assert sent(server, "remove") == ["shop:1", "shop:2"]
    assert report.planned.plan.removes[0].customer_id in ("shop:1", "shop:2")


def test_the_vault_forgets_what_the_destination_has_no_more(fans: World):
    fans.send()
    fans.audience("shop:3")
    fans.send()
    with open_vault(fans.settings, read_keys(fans.settings)) as vault:
        ((rows,),) = vault.execute("select count(*) from vault.activated_rows").fetchall()
    assert rows == 1


def test_one_bad_row_costs_no_other_of_its_batch(fans: World, server):
    server.judge = lambda call: (
        (400, {"error": "bad address p2@example.org"}, {})
        if any(m["customer_id"] == "shop:2" for m in call.body["members"])
        else (200, {}, {})
    )
    report = fans.send()
    assert report.state == "done"
    assert report.fates == {"sent": 2, "rejected": 1}
    (words,) = report.rejected
    assert words.startswith("400")
    assert "[email]" in words
    assert "p2@" not in words
    assert {(customer, state) for customer, _, state, _ in fans.fates()} == {
        ("shop:1", "sent"),
        ("shop:2", "rejected"),
        ("shop:3", "sent"),
    }


def test_rows_that_the_answer_refuses_are_kept_with_its_words(fans: World, server):
    server.judge = lambda call: (
        200,
        {"rejected": [{"delivery_id": m["delivery_id"], "reason": "blocked"} for m in call.body["members"][:1]]},
        {},
    )
    report = fans.send()
    assert (report.fates, report.rejected) == ({"rejected": 1, "sent": 2}, {"blocked": 1})


def test_a_busy_or_broken_destination_is_tried_again_after_the_pause_that_it_asks_for(fans: World, server):
    waited = []
    server.answer(503)
    server.answer(429, Retry_After="7")
    patience = module.Patience(attempts=3, wait=waited.append)
    assert fans.send(patience=patience).state == "done"
    assert len(waited) == 2
    assert waited[1] == 7
    keys = {call.headers["idempotency-key"] for call in server.calls}
    assert (len(server.calls), len(keys)) == (3, 1)


def test_what_could_not_be_sent_is_in_the_outbox_for_the_next_run_under_the_same_key(fans: World, server):
    for _ in range(3):
        server.answer(500, {"error": "down"})
    report = fans.send()
    assert (report.state, report.fates) == ("unfinished", {"sending": 3})
    assert "500" in (report.reason or "")
    first = server.calls[-1]
    again = fans.send()
    assert (again.state, again.planned.plan.unchanged, len(again.planned.plan.adds)) == ("done", 3, 0)
    assert server.calls[-1].headers["idempotency-key"] == first.headers["idempotency-key"]
    assert server.calls[-1].body == first.body
    assert len(server.calls) == 4


def test_a_batch_that_may_have_arrived_is_not_sent_again_for_who_has_refused_since(fans: World, server):
    for _ in range(3):
        server.answer(502)
    fans.send()
    server.calls.clear()
    fans.refused = {"shop:1"}
    fans.build()
    assert fans.send().state == "done"
    assert (sent(server, "remove"), sent(server)) == (["shop:1"], ["shop:2", "shop:3"])


def test_a_destination_that_refuses_everything_is_told_with_its_words_and_left_alone(fans: World, server):
    server.answer(401, {"error": "wrong key"})
    report = fans.send()
    assert (report.state, len(server.calls)) == ("refused", 1)
    assert "wrong key" in (report.reason or "")
    assert fans.send().fates == {"sent": 3}


def test_a_destination_that_is_not_there_is_unfinished(fans: World, hook, server):
    fans.destinations(hook | {"url": "http://127.0.0.1:9"})
    report = fans.send()
    assert report.state == "unfinished"
    assert "no answer" in (report.reason or "")
    fans.destinations(hook)
    assert fans.send().state == "done"
    assert sent(server) == ["shop:1", "shop:2", "shop:3"]


def test_a_redirection_is_not_followed(fans: World, server):
    server.answer(307, Location="http://127.0.0.1:9/elsewhere")
    report = fans.send()
    assert (report.state, len(server.calls)) == ("refused", 1)


def test_two_syncs_at_once_are_refused(fans: World, server):
    with one_sync(fans.settings, "there"), pytest.raises(UserError, match="Another process sends to there"):
        fans.send()
    assert not server.calls
    assert fans.send().state == "done"


def test_a_secret_that_is_missing_is_said_with_its_name_and_nothing_is_written(fans: World, server, monkeypatch):
    monkeypatch.delenv("HOOK_SECRET")
    with pytest.raises(UserError, match=r"destinations.yml, line \d+: destination 'there': .*HOOK_SECRET is not set"):
        fans.send()
    assert not (fans.settings.home / "activation").exists()
    assert not server.calls


def test_an_audience_of_another_channel_or_too_small_for_an_advertiser_is_refused(world: World, server):
    entry = {
        "name": "there",
        "kind": "meta_custom_audience",
        "url": server.url,
        "audience_id": "9",
        "token_variable": "ADS_TOKEN",
    }
    world.destinations(entry).crowd([1]).build()
    with pytest.raises(UserError, match=r"is for the channel email, and there .* takes ads"):
        world.send()
    world.purpose, world.channel, world.is_small = "advertising", "ads", True
    world.build()
    with pytest.raises(UserError, match="below its threshold"):
        world.send()
    assert not server.calls
    assert world.send(even_small=True).fates == {"sent": 1}


def test_an_audience_or_destination_that_does_not_exist_is_named_with_the_nearest(fans: World):
    activation = fans.activation()
    activation.audience = "fan"
    with pytest.raises(UserError, match="did you mean fans"):
        activation.run()
    with pytest.raises(UserError, match="did you mean there"):
        fans.activation("their")


def test_an_audience_whose_purpose_nobody_knows_is_refused(fans: World):
    fans.purpose = "curiosity"
    fans.audience("shop:1")
    with pytest.raises(UserError, match="is for curiosity by email"):
        fans.send()


def test_an_audience_without_a_purpose_is_sent_nowhere(fans: World, server):
    fans.purpose = None
    fans.audience("shop:1")
    with pytest.raises(UserError, match="give its file a purpose and a channel"):
        fans.send()
    assert not server.calls


def test_an_empty_audience_removes_everyone(fans: World, server):
    fans.send()
    fans.audience()
    report = fans.send()
    assert (report.fates, sent(server, "remove")) == ({"sent": 3}, ["shop:1", "shop:2", "shop:3"])


def test_a_clock_that_was_set_back_changes_nothing(fans: World, server, monkeypatch):
    fans.send()
    monkeypatch.setattr("dmp_assets.activation.state._now", lambda: "1999-01-01 00:00:00.000000")
    fans.audience("shop:1")
    assert fans.send().fates == {"sent": 2}
    assert fans.send().planned.plan.unchanged == 1
    with opened(fans.settings) as state:
        assert list(state.frame("select removed from syncs order by number")["removed"]) == [0, 2, 0]


def test_a_long_sync_asks_again_who_may_be_sent(fans: World, server, monkeypatch):
    monkeypatch.setattr("dmp_assets.activation.destinations.webhook.Webhook.batch_size", 1)

    def refuse(call):
        with opened(fans.settings) as state:
            state.suppress([("shop:2", "customer")], "asked", "me")
        return 200, {}, {}

    server.judge = refuse
    ticks = iter(range(0, 10_000, 100))
    report = fans.send(clock=lambda: float(next(ticks)))
    assert report.fates == {"sent": 2, "skipped": 1}
    assert "shop:2" not in sent(server)


def test_neither_state_nor_what_a_destination_repeats_holds_an_identifier(fans: World, server):
    server.judge = lambda call: (400, {"error": f"no: {call.headers['raw']}"}, {})
    fans.send()
    content = b"".join(path.read_bytes() for path in (fans.settings.home / "activation").iterdir())
    assert b"shop:1" in content
    assert b"@example.org" not in content
    assert b"the-hook_secret" not in content
