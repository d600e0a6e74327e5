"""Shopping habits: favourite departments and the favourite part of the day."""

import numpy as np
import pandas as pd

from dmp_assets.analysis.product_text import UNKNOWN

# Parts of the day in store-local hours: morning 6-12, afternoon 12-17, evening 17-22, night 22-6. A tie goes to the
# earlier.
DAY_PARTS: tuple[str, ...] = ("morning", "afternoon", "evening", "night")


def favourite_departments(department_sales: pd.DataFrame, *, top: int = 3) -> pd.DataFrame:
    """Rank the departments where each customer spends most.

    `department_sales` has one row per customer and department: customer_id, department, sales_amount (currency). Rows
    of a missing or 'Unknown' department or without positive sales say nothing about taste and are left out, of the shares too.
    Returns one row per customer who has any such row, sorted by customer_id: customer_id and, for rank 1 to `top`,
    favourite_department_<rank> and favourite_department_<rank>_share (0 to 1, of the customer's sales). A customer
    with fewer departments has nulls in the later ranks. Ties go to the department first in the alphabet.
    """
    is_known = department_sales["department"].notna() & department_sales["department"].ne(UNKNOWN)
    bought = department_sales[is_known & (department_sales["sales_amount"] > 0)]
    bought = bought.groupby(["customer_id", "department"], as_index=False)["sales_amount"].sum()
    bought["share"] = bought["sales_amount"] / bought.groupby("customer_id")["sales_amount"].transform("sum")
    bought = bought.sort_values(["customer_id", "sales_amount", "department"], ascending=[True, False, True])
    bought["rank"] = bought.groupby("customer_id").cumcount() + 1

    table = pd.DataFrame({"customer_id": bought["customer_id"].unique()})
    for rank in range(1, top + 1):
        name = f"favourite_department_{rank}"
        ranked = bought.loc[bought["rank"] == rank, ["customer_id", "department", "share"]]
        table = table.merge(ranked, on="customer_id", how="left")
        table = table.rename(columns={"department": name, "share": f"{name}_share"})
    return table


def favourite_day_part(features: pd.DataFrame) -> pd.Series:
    """Name the part of the day with most of each customer's orders: text, on the index of `features`.

    `features` has customer_id, morning_share, afternoon_share, evening_share and night_share (0 to 1, of orders). Null where all
    customers of a namespace (what stands before their ids) have all their orders at night: their source has days, which begin at
    midnight, and no times.
    Raises ValueError where a share is missing.
    """
    shares = features[[f"{part}_share" for part in DAY_PARTS]]
    if shares.isna().to_numpy().any():
        raise ValueError("the shares of orders by part of the day must not be missing")
    parts = pd.Series(np.array(DAY_PARTS, dtype=object)[shares.to_numpy().argmax(axis=1)], index=features.index)
    namespace = features["customer_id"].str.partition(":")[0]
    has_days_only = (features["night_share"] == 1).groupby(namespace).transform("all")
    return parts.mask(has_days_only.astype(bool), None)
