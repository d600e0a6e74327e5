"""Schemas of the served tables.

Types are those of the stored table read back from DuckDB; the functions in `tables.py` return the same ones.
"""

import re

import numpy as np
import pandas as pd
import pandera.pandas as pa

from dmp_assets.platform.emptiness import may_be_empty
from dmp_assets.platform.tables import PRIMARY_KEY

_AS_OF_ON = pa.Column("datetime64[us]", description="Only orders placed before this date (store-local) are counted.")


def _codes(values: pd.Series) -> np.ndarray:
    return pd.factorize(values)[0]


def _similarity_schema(
    what: str, measures: str, common_count: pa.Column, description: str, reason: str
) -> pa.DataFrameSchema:
    """Return the schema of a neighbour table whose rows are about a `what`, 'customer' or 'product'.

    `reason` is why it may be without rows.

    The checks work on numbers instead of strings: product_similarity has two million rows, and Pandera's own uniqueness
    of three columns of strings would take longer than finding the neighbours. For the same reason they are `object`: `str`
    looks at every value, and a VARCHAR column of the warehouse holds nothing else.
    """
    id_name, neighbour_name = f"{what}_id", f"neighbour_{what}_id"

    def is_known_measure(names: pd.Series) -> pd.Series:
        return names.isin([name for name in names.unique() if re.match(measures, str(name))])

    def is_not_its_own_neighbour(table: pd.DataFrame) -> pd.Series:
        return table[id_name] != table[neighbour_name]

    def in_order(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the positions of the rows by id, measure and rank, and the number of the list of each, and the rank."""
        number = _codes(table[id_name]) * (table["measure"].nunique() + 1) + _codes(table["measure"])
        order = np.lexsort((table["rank"].to_numpy(), number))
        return order, number[order], table["rank"].to_numpy()[order]

    def has_ranks_from_1_without_gaps(table: pd.DataFrame) -> pd.Series:
        order, number, rank = in_order(table)
        place = np.arange(1, number.size + 1) - np.searchsorted(number, number)
        return pd.Series(place == rank, index=table.index[order]).reindex(table.index)

    def has_similarity_falling_with_rank(table: pd.DataFrame) -> pd.Series:
        order, number, _ = in_order(table)
        similarity = table["similarity"].to_numpy()[order]
        rises = np.concatenate([[False], (np.diff(similarity) > 0) & (np.diff(number) == 0)])[: order.size]
        return pd.Series(~rises, index=table.index[order]).reindex(table.index)

    def has_no_neighbour_twice(table: pd.DataFrame) -> pd.Series:
        both = pd.concat([table[id_name], table[neighbour_name]], ignore_index=True)
        codes = _codes(both).astype(np.int64)
        pair = codes[: len(table)] * (codes.max(initial=0) + 1) + codes[len(table) :]
        key = pair * (table["measure"].nunique() + 1) + _codes(table["measure"])
        return ~pd.Series(key, index=table.index).duplicated()

    return pa.DataFrameSchema(
        {
            id_name: pa.Column(object, description=f"The {what} whose neighbours these are."),
            neighbour_name: pa.Column(object, description=f"The similar {what}; never the {what} itself."),
            "rank": pa.Column(
                "int64",
                pa.Check.ge(1),
                description="Place of the neighbour by this measure, 1 for the most similar, without gaps; ties go to the "
                "lower id (content measures: to the product with more customers, then to the lower id).",
            ),
            "measure": pa.Column(
                object,
                pa.Check(is_known_measure, error=f"measure matches {measures}"),
                description="How similarity is computed; similarity.similarity_measures says what each is for. A suffix "
                "_significance_t says that it is multiplied by min(n, t) / t, with n = common_count.",
            ),
            "similarity": pa.Column(
                "float64",
                pa.Check.in_range(-1, 1),
                description="Similarity from -1 to 1, higher is more alike; the ranks follow it. Not comparable between "
                "measures.",
            ),
            "common_count": common_count,
            "as_of_on": _AS_OF_ON,
        },
        checks=[
            pa.Check(is_not_its_own_neighbour, error=f"a {what} is its own neighbour"),
            pa.Check(has_ranks_from_1_without_gaps, error=f"ranks of a {what} do not run 1, 2, 3, … without gaps"),
            pa.Check(has_similarity_falling_with_rank, error="similarity rises with rank"),
            pa.Check(has_no_neighbour_twice, error=f"a {what} has a neighbour twice by one measure"),
        ],
        strict=True,
        ordered=True,
        metadata={**may_be_empty(reason), PRIMARY_KEY: [id_name, "measure", neighbour_name]},
        description=description,
    )


CUSTOMER_SIMILARITY = _similarity_schema(
    "customer",
    r"^((rated_)?pearson(_significance_[1-9]\d*)?|cosine_(binary|tf_idf|bm25))$",
    pa.Column("int64", pa.Check.ge(1), description="Products that both customers have bought, or rated."),
    "The customers most like each customer, by Pearson correlation of how often they bought the products that both "
    "have bought, or of their ratings where a source has some, and by cosine of their purchases (binary, TF-IDF, BM25). "
    "One row per customer, measure and neighbour; "
    "customers with little in common with anyone have none.",
    "no two customers have enough products in common",
)

PRODUCT_SIMILARITY = _similarity_schema(
    "product",
    r"^((rated_)?adjusted_cosine(_significance_[1-9]\d*)?|cosine_binary|lift_npmi|content_(tf_idf|lsa))$",
    pa.Column(
        "int64",
        pa.Check.ge(0),
        description="What supports the pair: customers who have bought, or rated, both products; for lift_npmi orders that hold "
        "both. 0 only for content measures: like in text, never bought by one customer.",
    ),
    "The products most like each product: by adjusted cosine of how often their common customers bought them, by cosine "
    "of their customers, by lift in one basket, and by their texts. One row per product, measure and neighbour; products "
    "with few customers have neighbours by text only.",
    "no two products have enough customers, orders or words in common",
)

_SHARE = pa.Check.in_range(0, 1)

SIMILARITY_MEASURES = pa.DataFrameSchema(
    {
        "entity": pa.Column(str, pa.Check.isin(["customer", "product"]), description="What is compared."),
        "measure": pa.Column(str, description="Name of the measure, as in the similarity tables."),
        "description": pa.Column(str, description="What it compares, its range, what common_count counts, its use."),
        "is_symmetric": pa.Column(
            bool, description="Whether similarity(a, b) = similarity(b, a) where both are listed."
        ),
        "is_default": pa.Column(bool, description="Whether to take it if nothing speaks for another; one per entity."),
        "neighbour_count": pa.Column(
            "int64", pa.Check.ge(0), description="Neighbours per customer or product at most."
        ),
        "row_count": pa.Column("int64", pa.Check.ge(0), description="Rows of the measure in its similarity table."),
        "covered_share": pa.Column(
            "float64", _SHARE, description="Share of customers or recommendable products with a neighbour, 0 to 1."
        ),
        "median_similarity": pa.Column(
            "float64",
            pa.Check.in_range(-1, 1),
            nullable=True,
            description="Median of its similarities, -1 to 1. Null without rows.",
        ),
        "same_type_share": pa.Column(
            "float64",
            _SHARE,
            nullable=True,
            description="Share of best neighbours of the same product type, where both are known, 0 to 1. Null for customers, "
            "where no type is known and for measures that are computed from the type.",
        ),
        "chance_same_type_share": pa.Column(
            "float64",
            _SHARE,
            nullable=True,
            description="The same share if the best neighbours were shuffled, 0 to 1. Null where same_type_share is.",
        ),
        "as_of_on": _AS_OF_ON,
    },
    unique=["entity", "measure"],
    strict=True,
    ordered=True,
    description="Which similarity measures there are, what each is for and how good it is. One row per entity and measure.",
)
