"""Everything about one customer, read from the warehouse for the command line."""

from __future__ import annotations

import duckdb
import pandas as pd

from dmp_assets.platform.errors import UserError
from dmp_assets.profiles.customer_page import CustomerPage, customer_page
from dmp_assets.reports.customers_page import LISTED, NEIGHBOUR_MEASURE


def read_customer(connection: duckdb.DuckDBPyConnection, customer_id: str) -> CustomerPage:
    """Return what is known of a customer.

    Raises:
        UserError: there is no such customer.
    """

    def rows(sql: str) -> pd.DataFrame:
        return connection.execute(sql, [customer_id]).df()

    profile = rows("select * from profiles.customer_profiles where customer_id = ?")
    if profile.empty:
        ((example,),) = connection.execute("select min(customer_id) from profiles.customer_profiles").fetchall()
        raise UserError(f"There is no customer {customer_id} in profiles.customer_profiles; ids look like {example}.")
    recommendations = rows(
        f"select * from recommendations.customer_recommendations where customer_id = ? and rank <= {LISTED}"
    )
    neighbours = rows(
        "select * from similarity.customer_similarity "
        f"where customer_id = ? and measure = '{NEIGHBOUR_MEASURE}' and rank <= {LISTED}"
    )
    products = rows(
        """
        select product_id, product_type, brand, package_size from marts.dim_products
        where product_id in (select product_id from recommendations.customer_recommendations where customer_id = ?)
        """
    )
    return customer_page(
        profile.iloc[0],
        rows("select * from profiles.customer_tags where customer_id = ?"),
        recommendations=recommendations,
        neighbours=neighbours,
        products=products,
    )
