"""Every recommendation strategy on December 2017 after training to 30 November: NDCG@10 with intervals, and the time it takes."""

import datetime as dt
import time

from dmp_assets.recommendations.recommend import recommend
from dmp_assets.settings import get_settings
from dmp_assets.warehouse import Warehouse

PURCHASES = """
    select customer_id, product_id, order_id, order_on as ordered_on, store_id
    from marts.fct_order_lines where line_type <> 'coupon' order by all
"""
PRODUCTS = "select product_id, product_category, product_type, is_fuel from marts.dim_products order by product_id"
AS_OF = dt.date(2018, 1, 1)


def main() -> None:
    """Run on the built platform."""
    warehouse = Warehouse.from_settings(get_settings())
    purchases, products = warehouse.query(PURCHASES), warehouse.query(PRODUCTS)
    start = time.perf_counter()
    board = recommend(purchases, products, AS_OF).leaderboard
    print(f"Recommendations: training, leaderboard and served lists in {time.perf_counter() - start:.0f} s; NDCG@10:")
    shown = board[board["metric"] == "ndcg"].sort_values(["list", "value"], ascending=[True, False])
    for name, strategy, value, low, high, customers, is_champion in shown[
        ["list", "strategy", "value", "ci_low", "ci_high", "customers", "is_champion"]
    ].itertuples(index=False, name=None):
        mark = "  champion" if is_champion else ""
        print(f"  {name:8} {strategy:20} {value:.4f}  [{low:.4f}, {high:.4f}]  {customers} customers{mark}")


if __name__ == "__main__":
    main()
