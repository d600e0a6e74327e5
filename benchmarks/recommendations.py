"""Every recommendation strategy on December 2017 after training to 30 November: NDCG@10 with intervals, and the time it takes."""

import datetime as dt
import time

from dmp_assets import inputs
from dmp_assets.recommendations.recommend import recommend, train
from dmp_assets.settings import get_settings
from dmp_assets.warehouse import Warehouse

PRODUCTS = "select * from marts.dim_products order by product_id"
AS_OF = dt.date(2018, 1, 1)


def main() -> None:
    """Run on the built platform."""
    settings = get_settings()
    warehouse = Warehouse.from_settings(settings)
    purchases, products = warehouse.query(inputs.PURCHASES), warehouse.query(PRODUCTS)
    start = time.perf_counter()
    trained = train(purchases, products, AS_OF, n_jobs=settings.threads)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    recommend(purchases, products, AS_OF, trained, n_jobs=settings.threads)
    print(
        f"Recommendations: comparison and training {seconds:.0f} s, lists {time.perf_counter() - start:.0f} s; NDCG@10:"
    )
    board = trained.leaderboard
    shown = board[board["metric"] == "ndcg"].sort_values(["list", "value"], ascending=[True, False])
    for name, strategy, value, low, high, customers, is_champion in shown[
        ["list", "strategy", "value", "ci_low", "ci_high", "customers", "is_champion"]
    ].itertuples(index=False, name=None):
        mark = "  champion" if is_champion else ""
        print(f"  {name:8} {strategy:20} {value:.4f}  [{low:.4f}, {high:.4f}]  {customers} customers{mark}")


if __name__ == "__main__":
    main()
