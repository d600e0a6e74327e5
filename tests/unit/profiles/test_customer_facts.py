import pandas as pd
import pytest

from dmp_assets.platform.sections import Fact
from dmp_assets.profiles.customer_facts import customer_facts


@pytest.fixture
def tags(interests: pd.DataFrame) -> pd.DataFrame:
    rule = interests.head(1).assign(source="rule", category="value", tag="top_spender", evidence="$9 spent")
    return pd.concat([interests.assign(category="interest"), rule])


def known(profile: pd.DataFrame, tags: pd.DataFrame, **loyalty: object) -> dict[str, list[Fact]]:
    status = pd.DataFrame(
        [{"next_tier": None, "missing_amount": None, "missing_weeks": None, "held_weeks": None} | loyalty]
    )
    tags = tags[tags["customer_id"].isin(profile["customer_id"])]
    frames = {"profile": profile, "tags": tags, "loyalty": status if loyalty else status.head(0)}
    return {group.heading: list(group.facts) for group in customer_facts(frames)}


def test_it_is_said_what_is_known_and_why(profiles: pd.DataFrame, tags: pd.DataFrame) -> None:
    facts = known(profiles.tail(1), tags)
    assert list(facts) == ["Standing", "Buying", "Buys more than others", "Topics of interest", "Tags", "Household"]
    stage = facts["Standing"][0]
    assert (stage.label, stage.value) == ("Lifecycle stage", "new")
    assert stage.why == "last order 5 days ago, usually every 7.0 days; slipping after 14 days, lapsed after 28"
    assert facts["Tags"] == [Fact("top spender", "value", "$9 spent")]
    assert [fact.label for fact in facts["Buys more than others"]] == ["CHEESE", "BEEF"]


def test_of_a_customer_of_whom_little_is_known_nothing_is_made_up(profiles: pd.DataFrame, tags: pd.DataFrame) -> None:
    facts = known(profiles.head(1), tags.iloc[:0])
    assert [heading for heading, group in facts.items() if group] == ["Standing", "Buying", "Household"]
    texts = [text for group in facts.values() for fact in group for text in (fact.label, fact.value, fact.why)]
    assert not any("nan" in text.lower().split() or "none" in text.lower().split() for text in texts)


def test_the_date_of_a_return_is_shown(profiles: pd.DataFrame, tags: pd.DataFrame) -> None:
    back = profiles.tail(1).assign(lifecycle_stage="won_back", returned_on=pd.Timestamp("2017-12-20"))
    assert known(back, tags)["Standing"][0].why.startswith("back since 2017-12-20 after a long gap; ")


def test_the_next_tier_and_how_long_the_present_one_holds_are_said(profiles: pd.DataFrame, tags: pd.DataFrame) -> None:
    facts = known(profiles.tail(1), tags, next_tier="gold", missing_amount=12.5, missing_weeks=1.0, held_weeks=3.0)
    words = {fact.label: (fact.value, fact.why) for fact in facts["Standing"]}
    value, why = words["Next tier"]
    assert value == "gold"
    assert why.startswith("lacks ")
    assert why.endswith("in 26 weeks, and orders in 1 more week")
    assert words["Tier held for"] == ("3 weeks", "without another order")
    assert "Next tier" not in {fact.label for fact in known(profiles.tail(1), tags)["Standing"]}
