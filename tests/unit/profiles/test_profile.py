import pandas as pd
import pytest

from dmp_assets.profiles import plots, schema
from dmp_assets.profiles.profile import PROFILE_ONLY, customer_profiles
from dmp_assets.profiles.schema import CUSTOMER_PROFILES


@pytest.fixture
def frames(features, department_sales, order_days, clusters, interests, predictions) -> list[pd.DataFrame]:
    return [features, department_sales, order_days, clusters, interests, predictions]


def test_profiles_meet_their_contract(profiles: pd.DataFrame, features: pd.DataFrame) -> None:
    CUSTOMER_PROFILES.validate(profiles, lazy=True)
    assert profiles["customer_id"].tolist() == features["customer_id"].tolist()
    assert set(CUSTOMER_PROFILES.columns) - set(features.columns) == PROFILE_ONLY


def test_a_customer_of_one_order_has_no_gap_and_no_favourite_without_sales(profiles: pd.DataFrame) -> None:
    first = profiles.iloc[0]
    assert pd.isna(first["overdue_ratio"])
    assert pd.isna(first["favourite_department_1"])
    assert first["favourite_day_part"] == "evening"


def test_stage_tier_cluster_and_interests_stand_beside_the_scores(profiles: pd.DataFrame) -> None:
    last, first = profiles.iloc[-1], profiles.iloc[0]
    assert (last["lifecycle_stage"], last["usual_gap_days"], last["cluster_name"]) == ("new", 7, "Occasional shoppers")
    assert first["lifecycle_stage"] == "lapsed"
    assert (last["interest_1"], last["interest_2"], last["topic_1"]) == ("CHEESE", "BEEF", "cheese, deli, cheeses")
    assert last[["interest_3", "topic_2", "topic_3"]].isna().all()
    assert first[["interest_1", "topic_1"]].isna().all()
    assert (last["churn_probability"], last["expected_amount_28d"]) == (0.05, 180.0)
    assert last["expected_days_to_purchase"] == 3.5
    assert (last["expected_amount_84d"], last["campaign_response_probability"]) == (510, 0.2)
    assert first[["churn_probability", "expected_amount_28d", "expected_amount_84d"]].isna().all()


def test_the_order_of_input_rows_does_not_matter(frames: list[pd.DataFrame], profiles: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(profiles, customer_profiles(*(frame[::-1] for frame in frames)))


def test_one_customer_alone_without_interests_is_a_defined_profile(frames: list[pd.DataFrame]) -> None:
    features, department_sales, order_days, clusters, interests, predictions = frames
    one = features.head(1)
    alone = order_days[order_days["customer_id"].isin(one["customer_id"])]
    profiles = customer_profiles(one, department_sales, alone, clusters, interests.head(0), predictions.head(0))
    CUSTOMER_PROFILES.validate(profiles, lazy=True)
    assert profiles["rfm_score"].tolist() == ["333"]


@pytest.mark.parametrize(("position", "name"), [(2, "order_days"), (3, "clusters")])
def test_a_customer_that_an_input_does_not_know_is_refused(
    frames: list[pd.DataFrame], position: int, name: str
) -> None:
    frames[position] = frames[position][frames[position]["customer_id"] != "cj:00"]
    with pytest.raises(ValueError, match=rf"missing from {name}, such as \['cj:00'\]"):
        customer_profiles(*frames)


def test_every_served_column_is_described() -> None:
    for name in (
        "CUSTOMER_PROFILES",
        "CUSTOMER_TAGS",
        "CUSTOMER_INTERESTS",
        "PRODUCT_TOPICS",
        "TOPIC_TERMS",
        "TOPIC_PRODUCTS",
    ):
        columns = getattr(schema, name).columns
        assert [column for column, contract in columns.items() if not contract.description] == [], name


@pytest.mark.parametrize(
    "plot",
    [
        plots.plot_segment_sizes,
        plots.plot_lifecycle_stages,
        plots.plot_loyalty_tiers,
        plots.plot_frequency_and_spend,
        plots.plot_recency_frequency,
    ],
)
def test_charts_have_a_title_and_labelled_axes(plot, profiles: pd.DataFrame) -> None:
    figure = plot(profiles)
    figure.draw_without_rendering()
    assert figure.axes[0].get_title()
    assert figure.axes[0].get_xlabel()


def test_the_chart_of_interests_has_a_panel_per_source(interests: pd.DataFrame) -> None:
    figure = plots.plot_interests(interests)
    figure.draw_without_rendering()
    assert [axes.get_title() for axes in figure.axes] == ["Categories by behaviour", "Topics by content"]
