"""Which measures are served, what each is for, and the evidence by which to choose.

Products: the default is the measure with the largest share of best neighbours of the same product type, of those that
do not see the type; content measures see it, so their share says nothing and they are for products with few buyers.
Customers: the default is the measure whose neighbours best tell which products a customer has bought; it is decided on
purchases after a cutoff (`benchmarks/similarity_quality.py`), because here every measure has seen them. On the grocery
data, 28 days held out, the 20 nearest had bought a product that is new to the customer 2.60 times as often as customers
at large by BM25, 2.60 by binary cosine, 2.46 by TF-IDF and 2.26 by Pearson.
"""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from dmp_assets.analysis.product_text import UNKNOWN


@dataclass(frozen=True)
class ServedMeasure:
    """One measure of a served table.

    Attributes:
        entity: 'customer' or 'product'.
        name: as in the column `measure`.
        description: what it compares, its range, what `common_count` counts, what it is for.
        is_default: whether it is the one to take if nothing speaks for another.
        sees_type: whether it is computed from the product type, so that agreement in type is no evidence.
        needs_ratings: whether it is there only where a source has explicit ratings.
    """

    entity: str
    name: str
    description: str
    is_default: bool = False
    sees_type: bool = False
    needs_ratings: bool = False


MEASURES = (
    ServedMeasure(
        "customer",
        "pearson_significance_50",
        "Correlation of ln(1 + orders) over the products that both bought, times min(n, 50) / 50; -1 to 1. "
        "common_count n: products in common. For whether two agree in what they buy often.",
    ),
    ServedMeasure(
        "customer",
        "cosine_binary",
        "Cosine of the sets of products bought, 0 to 1. common_count: products in common.",
    ),
    ServedMeasure(
        "customer",
        "cosine_tf_idf",
        "Cosine of purchase counts weighted (1 + ln tf) ln(N / df), 0 to 1. common_count: products in common that "
        "not everybody bought. For shared rare products.",
    ),
    ServedMeasure(
        "customer",
        "cosine_bm25",
        "Cosine of purchase counts with Okapi BM25 weights, 0 to 1. common_count: products in common. For customers "
        "who will buy the same new products.",
        is_default=True,
    ),
    ServedMeasure(
        "customer",
        "rated_pearson_significance_50",
        "Correlation of explicit ratings over the products that both rated, times min(n, 50) / 50; -1 to 1. common_count n: "
        "products that both rated. For whether two like the same.",
        needs_ratings=True,
    ),
    ServedMeasure(
        "product",
        "rated_adjusted_cosine_significance_50",
        "Cosine of explicit ratings about each customer's mean over the customers who rated both, times min(n, 50) / 50; -1 to "
        "1. common_count n: customers who rated both. For products that are liked together.",
        needs_ratings=True,
    ),
    ServedMeasure(
        "product",
        "adjusted_cosine_significance_50",
        "Cosine of ln(1 + orders) about each customer's mean over the customers who bought both, times "
        "min(n, 50) / 50; -1 to 1. common_count n: customers of both.",
    ),
    ServedMeasure(
        "product",
        "cosine_binary",
        "Cosine of the sets of customers, 0 to 1. common_count: customers of both. For products that the same "
        "customers buy: varieties and substitutes.",
        is_default=True,
    ),
    ServedMeasure(
        "product",
        "lift_npmi",
        "Co-purchase lift, its lower 95 % limit, as normalised pointwise mutual information: -1 never together, 0 as by "
        "chance, 1 always together. common_count: orders with both. For cross-selling within one basket.",
    ),
    ServedMeasure(
        "product",
        "content_tf_idf",
        "Cosine of TF-IDF vectors of department, category, type, brand, manufacturer and package, 0 to 1. "
        "common_count: customers of both, often 0. For products with few or no buyers.",
        sees_type=True,
    ),
    ServedMeasure(
        "product",
        "content_lsa",
        "Cosine of the TF-IDF vectors on their first 64 singular vectors, -1 to 1. common_count: customers of both, "
        "often 0. As content_tf_idf, also across different words.",
        sees_type=True,
    ),
)


def similarity_measures(
    customers: pd.DataFrame, products: pd.DataFrame, attributes: pd.DataFrame, customer_count: int, as_of_on: date
) -> pd.DataFrame:
    """Return one row per served measure with its extent and evidence; of explicit ratings only where there are some.

    Args:
        customers: the table customer_similarity.
        products: the table product_similarity.
        attributes: product_id, product_type of every product that could have neighbours.
        customer_count: customers who could have neighbours.
        as_of_on: date that the table is labelled with.

    Returns:
        entity, measure, description, is_symmetric, is_default, neighbour_count (most per row), row_count, covered_share
        (of customers or products with at least one neighbour), median_similarity, same_type_share (of best neighbours
        of the same product type, where both are known; missing for customers, without types and for measures that see
        them), chance_same_type_share (of pairs of neighbours drawn at random from those listed, missing where the former is),
        as_of_on.

    Raises:
        ValueError: if a served measure is not described in MEASURES.
    """
    unknown = (set(customers["measure"]) | set(products["measure"])) - {measure.name for measure in MEASURES}
    if unknown:
        raise ValueError(f"measures without a description in MEASURES: {', '.join(sorted(unknown))}")
    product_type = attributes.set_index("product_id")["product_type"]
    rows = []
    for measure in MEASURES:
        table, whole = (customers, customer_count) if measure.entity == "customer" else (products, len(product_type))
        id_name = f"{measure.entity}_id"
        listed = table[table["measure"] == measure.name]
        if listed.empty and measure.needs_ratings:
            continue
        best = listed[listed["rank"] == 1]
        same = chance = float("nan")
        if measure.entity == "product" and not measure.sees_type and len(best):
            types, others = best[id_name].map(product_type), best[f"neighbour_{id_name}"].map(product_type)
            is_known = types.ne(UNKNOWN) & others.ne(UNKNOWN)
            types, others = types[is_known], others[is_known]
            same = float((types == others).mean())
            chance = float(types.map(others.value_counts(normalize=True)).fillna(0.0).mean())
        rows.append(
            {
                "entity": measure.entity,
                "measure": measure.name,
                "description": measure.description,
                "is_symmetric": True,
                "is_default": measure.is_default,
                "neighbour_count": int(listed["rank"].max()) if len(listed) else 0,
                "row_count": len(listed),
                "covered_share": len(best) / max(whole, 1),
                "median_similarity": float(listed["similarity"].median()) if len(listed) else float("nan"),
                "same_type_share": same,
                "chance_same_type_share": chance,
                "as_of_on": as_of_on,
            }
        )
    return pd.DataFrame(rows).astype({"as_of_on": "datetime64[us]"})
