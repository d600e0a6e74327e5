import pandas as pd

from dmp_assets.platform.sections import Fact, FactGroup
from dmp_assets.recommendations.sections import CUSTOMER


def test_a_customers_lists_are_told_apart_with_the_reason_of_everything():
    lists = pd.DataFrame(
        {
            "list": ["buy_again", "buy_again", "discover"],
            "rank": [1, 2, 1],
            "product": ["TEA", "SOUP", "SUGAR"],
            "strategy": ["frequency", "frequency", "user_knn"],
            "reason": [
                "bought in 3 of the last 20 orders",
                "bought in 2 of the last 20 orders",
                "customers alike bought it",
            ],
        }
    )
    again, discover = CUSTOMER.facts({"lists": lists})
    assert [fact.label for fact in again.facts] == ["TEA", "SOUP"]
    assert discover == FactGroup(
        "Recommended: discover", [Fact("SUGAR", "number 1, by user knn", "customers alike bought it")]
    )


def test_a_customer_without_recommendations_has_no_list():
    assert (
        CUSTOMER.facts({"lists": pd.DataFrame(columns=pd.Index(["list", "rank", "product", "strategy", "reason"]))})
        == []
    )
