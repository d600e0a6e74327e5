"""Product types and categories as codes, aligned with the products of the purchases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dmp_assets.recommendations.interactions import Interactions


@dataclass(frozen=True)
class ProductGroups:
    """Group of each product.

    Attributes:
        types: int64, code of the product type, one per product; types of the same name in two categories are two.
        categories: int64, code of the product category, one per product.
        type_names: name of each type.
        is_fuel: bool, one per product.
    """

    types: np.ndarray
    categories: np.ndarray
    type_names: np.ndarray
    is_fuel: np.ndarray


def product_groups(purchases: Interactions, products: pd.DataFrame) -> ProductGroups:
    """Return the groups of the products bought.

    Args:
        purchases: whose products are looked up.
        products: product_id (unique), product_category, product_type (both text), is_fuel.

    Raises:
        ValueError: if a column is missing, a product_id is repeated, or a product bought is not in the table.
    """
    columns = ["product_id", "product_category", "product_type", "is_fuel"]
    missing = [column for column in columns if column not in products.columns]
    if missing:
        raise ValueError(f"the products lack {', '.join(missing)}")
    if products["product_id"].duplicated().any():
        raise ValueError("the products repeat a product_id; keep one row per product")
    table = products[columns].set_index("product_id")
    unknown = purchases.products[~pd.Index(purchases.products).isin(table.index)]
    if len(unknown):
        raise ValueError(f"{len(unknown)} products bought are not in the products, for example {unknown[0]}")
    table = table.loc[purchases.products]
    category = table["product_category"].fillna("Unknown").astype(str)
    types, names = pd.factorize(category + "\n" + table["product_type"].fillna("Unknown").astype(str), sort=True)
    categories, _ = pd.factorize(category, sort=True)
    return ProductGroups(
        types.astype(np.int64),
        categories.astype(np.int64),
        np.array([name.split("\n", 1)[1] for name in names]),
        table["is_fuel"].to_numpy(dtype=bool),
    )
