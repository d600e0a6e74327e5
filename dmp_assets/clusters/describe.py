"""What sets a cluster apart: its name, a sentence in plain words and its means in original units."""

from dataclasses import dataclass

import pandas as pd

from dmp_assets.clusters.methods import NOISE
from dmp_assets.platform.money import currency

NOISE_NAME = "Noise"
# A cluster mean this many standard deviations from the average customer is worth a word in the name, and this many a
# clause.
NAME_DIFFERENCE = 0.5
CLAUSE_DIFFERENCE = 0.25
# Customers who stay away this many standard deviations longer are "lapsed" first, whatever else is true of them.
LAPSED_DIFFERENCE = 1.0

# Means in the units of marts.customer_features, in the order of the served table.
SUMMARY_COLUMNS: tuple[str, ...] = (
    "recency_days",
    "frequency",
    "monetary_amount",
    "average_order_amount",
    "average_order_products",
    "discount_share",
    "private_label_share",
    "evening_share",
    "weekend_share",
    "favourite_store_share",
)


@dataclass(frozen=True)
class _Words:
    """How to speak of a feature: a word and a clause for less and for more than average, and how to write a mean.

    `number` formats the mean times `scale`; `unit` follows the first of two numbers.
    """

    theme: str
    low: str
    high: str
    low_clause: str
    high_clause: str
    number: str
    unit: str
    scale: float = 1.0

    def in_units(self, mean: float) -> str:
        return self.number.format(self.scale * mean, currency=currency())


_WORDS: dict[str, _Words] = {
    "recency_days": _Words(
        "activity", "recent", "lapsed", "ordered more recently", "have not ordered for longer", "{:.0f}", " days ago"
    ),
    "frequency": _Words(
        "activity", "occasional", "frequent", "order less often", "order more often", "{:.0f}", " orders"
    ),
    "monetary_amount": _Words(
        "activity", "low-spend", "high-spend", "spend less", "spend more", "{:,.0f} {currency}", ""
    ),
    "discount_share": _Words(
        "choice",
        "full-price",
        "discount",
        "take fewer discounts",
        "take more discounts",
        "{:.1f} %",
        " off list",
        100.0,
    ),
    "private_label_share": _Words(
        "choice",
        "national-brand",
        "private-label",
        "buy less private label",
        "buy more private label",
        "{:.0f} %",
        " of spend on it",
        100.0,
    ),
}


def standardised_differences(points: pd.DataFrame, clusters: pd.Series) -> pd.DataFrame:
    """Mean of every cluster in standard deviations from the average customer.

    `points` comes from `features.transform_features`; `clusters` is the cluster_id of these customers or some of them, by
    customer_id. Returns one row per cluster_id (ascending), one column per feature.
    """
    return points.loc[clusters.index].groupby(clusters.rename("cluster_id")).mean().sort_index()


def name_clusters(differences: pd.DataFrame) -> dict[int, str]:
    """Find a distinct, readable name for every cluster, from the features that set it apart most.

    `differences` comes from `standardised_differences`. A name is at most one word on activity and one on choice of
    products, each the theme's largest difference where it reaches NAME_DIFFERENCE ('Frequent private-label
    shoppers'), or 'Average shoppers'; from LAPSED_DIFFERENCE on, the word on activity is 'Lapsed'. Where names would
    be the same, the clusters concerned add their next largest differences until they part, and as the last resort
    their number.
    """
    ranked = {cluster: _ranked_features(differences.loc[cluster]) for cluster in differences.index.tolist()}
    words = {cluster: _name_features(features, differences.loc[cluster]) for cluster, features in ranked.items()}
    for _ in range(len(_WORDS)):
        for cluster in _ambiguous(_spell(words, differences)):
            unused = [feature for feature in ranked[cluster] if feature not in words[cluster]]
            words[cluster] = [*words[cluster], *unused[:1]]
    names = _spell(words, differences)
    return {
        cluster: f"{name} ({cluster + 1})" if cluster in _ambiguous(names) else name for cluster, name in names.items()
    }


def describe_cluster(differences: pd.Series, means: pd.Series, population: pd.Series) -> str:
    """One sentence: up to three largest differences that reach CLAUSE_DIFFERENCE, with both means.

    `differences`, `means` and `population` are indexed by feature; the last two are in original units. A feature
    whose plain means point the other way than the standardised ones (skewed data) is left out: the sentence would
    contradict itself.
    """
    clauses = []
    for feature in _ranked_features(differences):
        difference, words = differences[feature], _WORDS[feature]
        if abs(difference) < CLAUSE_DIFFERENCE or difference * (means[feature] - population[feature]) <= 0:
            continue
        clause = words.high_clause if difference > 0 else words.low_clause
        clauses.append(
            f"{clause} ({words.in_units(means[feature])}{words.unit} against {words.in_units(population[feature])})"
        )
    if not clauses:
        return "Close to the average customer in everything."
    clauses = clauses[:3]
    joined = clauses[0] if len(clauses) == 1 else f"{', '.join(clauses[:-1])} and {clauses[-1]}"
    return f"They {joined}."


def name_customers(assignments: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Build clusters.fitted_clusters: `assignments` of `centres.fitted_clusters` with cluster_name.

    Names are distinct within a method; noise is called NOISE_NAME. Columns: customer_id, method, cluster_id,
    cluster_name, distance_to_centre, as_of_on; the rows keep their order.
    """
    tables = []
    for _, members in assignments.groupby("method", sort=False):
        clusters = members.set_index("customer_id")["cluster_id"]
        names = name_clusters(standardised_differences(points, clusters[clusters != NOISE])) | {NOISE: NOISE_NAME}
        tables.append(members.assign(cluster_name=members["cluster_id"].map(names)))
    columns = ["customer_id", "method", "cluster_id", "cluster_name", "distance_to_centre", "as_of_on"]
    return pd.concat(tables)[columns]


def cluster_summaries(features: pd.DataFrame, points: pd.DataFrame, customer_clusters: pd.DataFrame) -> pd.DataFrame:
    """Build clusters.cluster_summaries: one row per method and cluster (noise too), in the order of the methods.

    `features` is marts.customer_features, `points` its transform, `customer_clusters` the result of `name_customers`.
    Columns: method, cluster_id, cluster_name, description, customer_count, customer_share, the means of
    SUMMARY_COLUMNS in their own units over the customers who have a value, as_of_on.
    """
    values = features.set_index("customer_id")[list(SUMMARY_COLUMNS)].astype(float)
    tables = [
        _method_summaries(values, points, members.set_index("customer_id"))
        for _, members in customer_clusters.groupby("method", sort=False)
    ]
    table = pd.concat(tables, ignore_index=True).assign(as_of_on=customer_clusters["as_of_on"].iloc[0])
    return table.astype({"as_of_on": "datetime64[us]"})


def _method_summaries(values: pd.DataFrame, points: pd.DataFrame, clusters: pd.DataFrame) -> pd.DataFrame:
    """One row per cluster of one method; all three frames are about the same customers, by customer_id."""
    means, population = values.groupby(clusters["cluster_id"]).mean(), values.mean()
    differences = standardised_differences(points, clusters["cluster_id"])
    table = clusters.groupby("cluster_id").agg(
        method=("method", "first"), cluster_name=("cluster_name", "first"), customer_count=("cluster_name", "size")
    )
    table["customer_share"] = table["customer_count"] / len(clusters)
    table["description"] = [
        describe_cluster(differences.loc[cluster], means.loc[cluster], population) for cluster in table.index
    ]
    heading = ["method", "cluster_id", "cluster_name", "description", "customer_count", "customer_share"]
    return table.join(means).reset_index()[[*heading, *SUMMARY_COLUMNS]]


def _ranked_features(differences: pd.Series) -> list[str]:
    """Features by size of difference, largest first; ties in the order of the features."""
    return sorted(_WORDS, key=lambda feature: -abs(float(differences[feature])))


def _name_features(ranked: list[str], differences: pd.Series) -> list[str]:
    if float(differences["recency_days"]) >= LAPSED_DIFFERENCE:
        ranked = ["recency_days", *ranked]
    first_of_theme: dict[str, str] = {}
    for feature in ranked:
        if abs(float(differences[feature])) >= NAME_DIFFERENCE:
            first_of_theme.setdefault(_WORDS[feature].theme, feature)
    return list(first_of_theme.values())


def _spell(words: dict[int, list[str]], differences: pd.DataFrame) -> dict[int, str]:
    """Activity before choice of products, as in 'Frequent discount shoppers'."""
    names = {}
    for cluster, features in words.items():
        in_order = [feature for feature in _WORDS if feature in features]
        adjectives = [
            _WORDS[feature].high if differences.loc[cluster, feature] > 0 else _WORDS[feature].low
            for feature in in_order
        ]
        names[cluster] = f"{' '.join(adjectives) or 'average'} shoppers".capitalize()
    return names


def _ambiguous(names: dict[int, str]) -> list[int]:
    taken = list(names.values())
    return [cluster for cluster, name in names.items() if taken.count(name) > 1]
