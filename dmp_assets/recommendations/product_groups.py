"""Product types and categories as codes, aligned with the products of the purchases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.analysis.product_text import UNKNOWN, product_texts, product_types, type_name
from dmp_assets.recommendations.exclusions import NO_EXCLUSIONS, Exclusions, excluded_products


@dataclass(frozen=True)
class ProductGroups:
    """Group of each product.

    Attributes:
        types: int64, code of the product type, one per product; see `product_text.product_types`.
        categories: int64, code of the product category, one per product.
        type_names: name of each type.
        category_names: name of each category; products of unknown category share UNKNOWN.
        is_recommendable: bool, one per product.
        is_excluded: bool, one per product; never to be recommended, by `exclusions`.
        texts: words of each product, see `product_text.product_texts`.
    """

    types: np.ndarray
    categories: np.ndarray
    type_names: np.ndarray
    category_names: np.ndarray
    is_recommendable: np.ndarray
    is_excluded: np.ndarray
    texts: np.ndarray


def product_groups(
    purchases: Interactions, products: pd.DataFrame, exclusions: Exclusions = NO_EXCLUSIONS
) -> ProductGroups:
    """Return the groups of the products bought.

    Args:
        purchases: whose products are looked up.
        products: product_id (unique), product_category, product_type (both text). Further columns are used where they are
            there: those of `product_text.product_texts` for the texts, department by exclusions, is_recommendable.
        exclusions: what is never recommended.

    Raises:
        ValueError: if a column is missing, a product_id is repeated, or a product bought is not in the table.
        RuleError: if an exclusion names something that the products do not have.
    """
    columns = ["product_id", "product_category", "product_type"]
    missing = [column for column in columns if column not in products.columns]
    if missing:
        raise ValueError(f"the products lack {', '.join(missing)}")
    if products["product_id"].duplicated().any():
        raise ValueError("the products repeat a product_id; keep one row per product")
    table = products.set_index("product_id")
    unknown = purchases.products[~pd.Index(purchases.products).isin(table.index)]
    if len(unknown):
        raise ValueError(f"{len(unknown)} products bought are not in the products, for example {unknown[0]}")
    table = table.loc[purchases.products]
    types, names = pd.factorize(product_types(table), sort=True)
    categories, category_names = pd.factorize(table["product_category"].fillna(UNKNOWN).astype(str), sort=True)
    return ProductGroups(
        types.astype(np.int64),
        categories.astype(np.int64),
        np.array([type_name(name) for name in names], dtype=object),
        np.asarray(category_names, dtype=object),
        table["is_recommendable"].to_numpy(dtype=bool)
        if "is_recommendable" in table.columns
        else np.ones(len(table), dtype=bool),
        excluded_products(products, exclusions).loc[purchases.products].to_numpy(),
        product_texts(products).loc[purchases.products].to_numpy(),
    )
