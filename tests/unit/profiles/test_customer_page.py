import pandas as pd
import pytest

from dmp_assets.profiles.customer_page import CustomerPage, Fact, customer_page, product_names


@pytest.fixture
def tags(interests: pd.DataFrame) -> pd.DataFrame:
    rule = interests.head(1).assign(source="rule", category="value", tag="top_spender", evidence="$9 spent")
    other = rule.assign(customer_id="cj:00", tag="big_basket")
    return pd.concat([interests.assign(category="interest"), rule, other])


def headings(page: CustomerPage) -> list[str]:
    return [group.heading for group in page.groups]


def test_a_page_says_what_is_known_and_why(profiles: pd.DataFrame, tags: pd.DataFrame) -> None:
    page = customer_page(profiles.iloc[-1], tags)
    facts = {group.heading: group.facts for group in page.groups}
    assert page.customer_id == "cj:09"
    assert headings(page) == ["Standing", "Buying", "Buys more than others", "Topics of interest", "Tags", "Household"]
    stage = facts["Standing"][0]
    assert (stage.label, stage.value) == ("Lifecycle stage", "new")
    assert stage.why == "last order 5 days ago, usually every 7.0 days; slipping after 14 days, lapsed after 28"
    assert facts["Tags"] == (Fact("top spender", "value", "$9 spent"),)
    assert [fact.label for fact in facts["Buys more than others"]] == ["CHEESE", "BEEF"]


def test_a_customer_of_whom_little_is_known_has_a_page_without_gaps(profiles: pd.DataFrame, tags: pd.DataFrame) -> None:
    page = customer_page(profiles.iloc[0], tags)
    assert headings(page) == ["Standing", "Buying", "Tags", "Household"]
    texts = [text for group in page.groups for fact in group.facts for text in (fact.label, fact.value, fact.why)]
    assert not any("nan" in text.lower().split() or "none" in text.lower().split() for text in texts)


def test_recommendations_and_neighbours_are_shown_where_they_are_given(
    profiles: pd.DataFrame, tags: pd.DataFrame
) -> None:
    recommendations = pd.DataFrame(
        {
            "customer_id": ["cj:09", "cj:09", "cj:01"],
            "list": ["discover", "buy_again", "discover"],
            "rank": [1, 1, 1],
            "product_id": ["p1", "p2", "p1"],
            "score": [0.5, 0.4, 0.3],
            "strategy": ["user_knn", "frequency", "user_knn"],
            "reason": ["customers alike bought it", "bought in 3 of the last 20 orders", "x"],
        }
    )
    neighbours = pd.DataFrame(
        {
            "customer_id": ["cj:09"],
            "neighbour_customer_id": ["cj:03"],
            "rank": [1],
            "measure": ["pearson"],
            "similarity": [0.25],
        }
    )
    products = pd.DataFrame(
        {"product_id": ["p1"], "product_type": ["TEA"], "brand": ["Private"], "package_size": ["20 CT"]}
    )
    page = customer_page(
        profiles.iloc[-1], tags, recommendations=recommendations, neighbours=neighbours, products=products
    )
    facts = {group.heading: group.facts for group in page.groups}
    assert facts["Recommended: discover"] == (
        Fact("TEA (Private, 20 CT)", "number 1, by user knn", "customers alike bought it"),
    )
    assert facts["Recommended: buy again"][0].label == "p2"
    assert facts["Similar customers"] == (Fact("cj:03", "0.250", "number 1 by pearson"),)


def test_the_date_of_a_return_is_shown(profiles: pd.DataFrame, tags: pd.DataFrame) -> None:
    back = profiles.iloc[-1].copy()
    back["lifecycle_stage"], back["returned_on"] = "won_back", pd.Timestamp("2017-12-20")
    assert customer_page(back, tags).groups[0].facts[0].why.startswith("back since 2017-12-20 after a long gap; ")


def test_products_are_named_by_what_is_known_of_them() -> None:
    products = pd.DataFrame(
        {
            "product_id": ["a", "b", "c"],
            "product_type": ["TEA", "SOUP", "Unknown"],
            "brand": [None, "Private", "Unknown"],
            "package_size": ["20 CT", None, "Unknown"],
        }
    )
    assert product_names(products).to_dict() == {"a": "TEA (20 CT)", "b": "SOUP (Private)", "c": "c"}
