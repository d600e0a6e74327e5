from datetime import date

import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.clusters import schema
from dmp_assets.clusters.centres import fitted_clusters
from dmp_assets.clusters.describe import (
    cluster_summaries,
    describe_cluster,
    name_clusters,
    name_customers,
    standardised_differences,
)
from dmp_assets.clusters.features import CLUSTER_FEATURES
from dmp_assets.clusters.methods import Fit
from dmp_assets.clusters.numbering import number_clusters
from dmp_assets.clusters.plots import plot_cluster_profiles, plot_dendrogram, plot_projection
from dmp_assets.clusters.schema import CLUSTER_SUMMARIES, CUSTOMER_CLUSTERS

AS_OF = date(2018, 1, 1)
COLUMNS = [feature.column for feature in CLUSTER_FEATURES]


def differences(rows: list[tuple[float, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def test_names_come_from_the_largest_difference_of_each_theme() -> None:
    names = name_clusters(
        differences(
            [
                (-0.5, 1.0, 0.8, -0.4, 1.4),
                (0.2, -0.7, -0.6, 0.1, -0.1),
                (1.6, -1.7, -1.8, 0.0, 0.1),
                (-0.2, 0.1, 0.2, 1.5, 0.3),
                (0.1, 0.0, -0.1, 0.2, 0.1),
            ]
        )
    )
    assert names == {
        0: "Frequent private-label shoppers",
        1: "Occasional shoppers",
        2: "Lapsed shoppers",
        3: "Discount shoppers",
        4: "Average shoppers",
    }


def test_clusters_of_the_same_name_add_what_parts_them() -> None:
    names = name_clusters(differences([(0, 0.9, 0.1, 0.4, 0), (0, 0.9, 0.1, -0.4, 0)]))
    assert names == {0: "Frequent discount shoppers", 1: "Frequent full-price shoppers"}


def test_clusters_that_nothing_parts_get_numbers() -> None:
    names = name_clusters(differences([(0.0,) * 5, (0.0,) * 5]))
    assert len(set(names.values())) == 2
    assert all(name.endswith(f"({cluster + 1})") for cluster, name in names.items())


@given(st.lists(st.tuples(*[st.floats(-3, 3)] * 5), min_size=1, max_size=8))
def test_names_are_always_distinct(rows: list[tuple[float, ...]]) -> None:
    names = name_clusters(differences(rows))
    assert list(names) == list(range(len(rows)))
    assert len(set(names.values())) == len(rows)


def test_a_description_gives_the_largest_differences_with_both_means() -> None:
    means = pd.Series([99, 7, 151, 0.15, 0.28], index=COLUMNS)
    population = pd.Series([22, 63, 1861, 0.16, 0.27], index=COLUMNS)
    sentence = describe_cluster(pd.Series([1.6, -1.7, -1.8, -0.1, 0.1], index=COLUMNS), means, population)
    assert sentence == (
        "They spend less (151 USD against 1,861 USD), order less often (7 orders against 63) "
        "and have not ordered for longer (99 days ago against 22)."
    )


@pytest.mark.parametrize("difference", [0.1, -0.9])
def test_a_description_never_contradicts_its_numbers(difference: float) -> None:
    means = pd.Series(2.0, index=COLUMNS)
    sentence = describe_cluster(pd.Series(difference, index=COLUMNS), means, pd.Series(1.0, index=COLUMNS))
    assert sentence == "Close to the average customer in everything."


@pytest.fixture
def customers(features: pd.DataFrame, points: pd.DataFrame, fits: dict[str, Fit]) -> pd.DataFrame:
    return name_customers(fitted_clusters(points, number_clusters(fits, points, features), AS_OF), points)


def test_served_tables_meet_their_contracts(
    features: pd.DataFrame, points: pd.DataFrame, customers: pd.DataFrame
) -> None:
    CUSTOMER_CLUSTERS.validate(customers, lazy=True)
    summaries = cluster_summaries(features, points, customers)
    CLUSTER_SUMMARIES.validate(summaries, lazy=True)
    assert summaries["cluster_name"].tolist() == [
        "High-spend private-label shoppers",
        "Recent discount shoppers",
        "Lapsed shoppers",
        "Noise",
    ]
    assert summaries["method"].tolist() == ["kmeans"] * 3 + ["hdbscan"]
    assert summaries["cluster_id"].tolist() == [0, 1, 2, -1]
    assert summaries["customer_count"].tolist() == [40, 40, 40, 120]
    assert summaries["description"].str.len().gt(20).all()


def test_means_are_over_the_customers_who_have_a_value(
    features: pd.DataFrame, points: pd.DataFrame, customers: pd.DataFrame
) -> None:
    features.loc[features["group"] == "lapsed", "discount_share"] = None
    summaries = cluster_summaries(features, points, customers)
    CLUSTER_SUMMARIES.validate(summaries, lazy=True)
    assert summaries["discount_share"].isna().tolist() == [False, False, True, False]


def test_one_cluster_of_all_is_average(features: pd.DataFrame, points: pd.DataFrame, customers: pd.DataFrame) -> None:
    noise = customers[customers["method"] == "hdbscan"]
    summary = cluster_summaries(features, points, name_customers(noise.assign(cluster_id=0), points)).iloc[0]
    assert summary["cluster_name"] == "Average shoppers"
    assert summary["description"] == "Close to the average customer in everything."
    assert (standardised_differences(points, pd.Series(0, index=points.index)).abs() < 1e-9).all(axis=None)


def test_every_served_column_is_described() -> None:
    for contract in vars(schema).values():
        if isinstance(contract, pa.DataFrameSchema):
            assert [name for name, column in contract.columns.items() if not column.description] == []


@pytest.mark.parametrize("plot", [plot_projection, plot_cluster_profiles])
def test_charts_draw_every_cluster(plot, points: pd.DataFrame, customers: pd.DataFrame) -> None:
    figure = plot(points, customers)
    figure.draw_without_rendering()
    assert figure.axes[0].get_title()


@pytest.mark.parametrize("customer_count", [2, 120])
def test_the_dendrogram_counts_every_customer(points: pd.DataFrame, customer_count: int) -> None:
    figure = plot_dendrogram(points.head(customer_count), branches=5)
    figure.draw_without_rendering()
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert len(labels) == min(5, customer_count)
    assert sum(int(label[1:-1]) if label.startswith("(") else 1 for label in labels) == customer_count
