"""Schemas of the served tables.

Types are those of the stored table read back from DuckDB; the functions in `tables.py` return the same ones.
"""

import pandas as pd
import pandera.pandas as pa


def _similarity_schema(what: str, co_rated: pa.Column, count_name: str, description: str) -> pa.DataFrameSchema:
    """Return the schema of a neighbour table whose rows are about a `what`, 'customer' or 'product'."""
    id_name, neighbour_name = f"{what}_id", f"neighbour_{what}_id"

    def is_not_its_own_neighbour(table: pd.DataFrame) -> pd.Series:
        return table[id_name] != table[neighbour_name]

    def has_ranks_from_1_without_gaps(table: pd.DataFrame) -> pd.Series:
        in_order = table.sort_values([id_name, "rank"], kind="stable")
        return (in_order.groupby(id_name).cumcount() + 1 == in_order["rank"]).reindex(table.index)

    def has_similarity_falling_with_rank(table: pd.DataFrame) -> pd.Series:
        in_order = table.sort_values([id_name, "rank"], kind="stable")
        return (~(in_order.groupby(id_name)["similarity"].diff() > 0)).reindex(table.index)

    return pa.DataFrameSchema(
        {
            id_name: pa.Column(str, description=f"The {what} whose neighbours these are."),
            neighbour_name: pa.Column(str, description=f"The similar {what}; never the {what} itself."),
            "rank": pa.Column(
                "int64",
                pa.Check.ge(1),
                description="Place of the neighbour, 1 for the most similar, without gaps; ties go to the lower id.",
            ),
            "measure": pa.Column(
                str,
                pa.Check.str_matches(r"^(pearson|adjusted_cosine)(_significance_[1-9]\d*)?$"),
                description="How similarity is computed. A suffix _significance_t says that it is multiplied by "
                f"min(n, t) / t, with n = {count_name}.",
            ),
            "similarity": pa.Column(
                "float64",
                pa.Check.in_range(-1, 1),
                description="Similarity from -1 to 1, higher is more alike, weighted as measure says; the ranks follow "
                f"it. The plain value is similarity / min(1, {count_name} / t).",
            ),
            count_name: co_rated,
            "as_of_on": pa.Column(
                "datetime64[us]", description="Only orders placed before this date (store-local) are counted."
            ),
        },
        checks=[
            pa.Check(is_not_its_own_neighbour, error=f"a {what} is its own neighbour"),
            pa.Check(has_ranks_from_1_without_gaps, error=f"ranks of a {what} do not run 1, 2, 3, … without gaps"),
            pa.Check(has_similarity_falling_with_rank, error="similarity rises with rank"),
        ],
        unique=[id_name, neighbour_name],
        strict=True,
        description=description,
    )


CUSTOMER_SIMILARITY = _similarity_schema(
    "customer",
    pa.Column("int64", pa.Check.ge(1), description="Products that both customers have bought."),
    "co_rated_count",
    "The customers most like each customer, by Pearson correlation of how often they bought the products that both "
    "have bought. One row per customer and neighbour; customers with little in common with anyone have none.",
)

PRODUCT_SIMILARITY = _similarity_schema(
    "product",
    pa.Column("int64", pa.Check.ge(1), description="Customers who have bought both products."),
    "co_rater_count",
    "The products most like each product, by adjusted cosine of how often their common customers bought them, relative "
    "to each customer's mean. One row per product and neighbour; products with few customers have none.",
)
