import pandas as pd
import pytest

from dmp_assets.profiles.plots import plot_frequency_and_spend, plot_recency_frequency, plot_segment_sizes
from dmp_assets.profiles.profile import PROFILE_COLUMNS, PROFILE_ONLY, customer_profiles
from dmp_assets.profiles.schema import CUSTOMER_PROFILES, CUSTOMER_TAGS


def test_profiles_meet_their_contract(
    features: pd.DataFrame, customers: pd.DataFrame, department_sales: pd.DataFrame
) -> None:
    profiles = customer_profiles(features, customers, department_sales)
    CUSTOMER_PROFILES.validate(profiles, lazy=True)
    assert profiles["customer_id"].tolist() == features["customer_id"].tolist()
    assert list(CUSTOMER_PROFILES.columns) == list(PROFILE_COLUMNS)
    assert set(PROFILE_COLUMNS) - set(features.columns) == PROFILE_ONLY


def test_a_customer_of_one_order_has_no_gap_and_no_favourite_without_sales(
    features: pd.DataFrame, customers: pd.DataFrame, department_sales: pd.DataFrame
) -> None:
    first = customer_profiles(features, customers, department_sales).iloc[0]
    assert pd.isna(first["overdue_ratio"])
    assert pd.isna(first["favourite_department_1"])
    assert first["favourite_day_part"] == "evening"


def test_overdue_is_recency_in_usual_gaps(
    features: pd.DataFrame, customers: pd.DataFrame, department_sales: pd.DataFrame
) -> None:
    profiles = customer_profiles(features, customers, department_sales).set_index("customer_id")
    assert profiles.loc["cj:04", "overdue_ratio"] == pytest.approx(30 / 10)


def test_the_order_of_input_rows_does_not_matter(
    features: pd.DataFrame, customers: pd.DataFrame, department_sales: pd.DataFrame
) -> None:
    expected = customer_profiles(features, customers, department_sales)
    shuffled = customer_profiles(features[::-1], customers[::-1], department_sales[::-1])
    pd.testing.assert_frame_equal(expected, shuffled)


def test_one_customer_alone_is_a_defined_profile(
    features: pd.DataFrame, customers: pd.DataFrame, department_sales: pd.DataFrame
) -> None:
    profiles = customer_profiles(features.head(1), customers, department_sales)
    CUSTOMER_PROFILES.validate(profiles, lazy=True)
    assert profiles["rfm_score"].tolist() == ["333"]


def test_a_customer_unknown_to_the_dimension_is_refused(
    features: pd.DataFrame, customers: pd.DataFrame, department_sales: pd.DataFrame
) -> None:
    with pytest.raises(ValueError, match=r"missing from customers, such as \['cj:00'\]"):
        customer_profiles(features, customers[1:], department_sales)


def test_every_served_column_is_described() -> None:
    for schema in (CUSTOMER_PROFILES, CUSTOMER_TAGS):
        assert [name for name, column in schema.columns.items() if not column.description] == []


@pytest.mark.parametrize("plot", [plot_segment_sizes, plot_frequency_and_spend, plot_recency_frequency])
def test_charts_have_a_title_and_labelled_axes(
    plot, features: pd.DataFrame, customers: pd.DataFrame, department_sales: pd.DataFrame
) -> None:
    figure = plot(customer_profiles(features, customers, department_sales))
    figure.draw_without_rendering()
    assert figure.axes[0].get_title()
    assert figure.axes[0].get_xlabel()
