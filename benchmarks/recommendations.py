"""Every recommendation strategy on December 2017 after training to 30 November: NDCG@10 with intervals, and the time it takes.

Beside them the best method known on this data before, a LightGBM ranker over the products bought before that is trained on one
cutoff: how far the served ranker is ahead of it, by a paired bootstrap over customers. The best method known for new products,
user-kNN on the last 84 days (published with 0.055, 0.050 here), is one of the strategies: `ndcg_gap` in the leaderboard says how
far it is behind.
"""

import datetime as dt
import time

import pandas as pd

from dmp_assets.analysis import inputs
from dmp_assets.analysis.interactions import day_number, encode
from dmp_assets.platform.settings import get_settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.recommendations.exclusions import load_exclusions
from dmp_assets.recommendations.leaderboard import leaderboard
from dmp_assets.recommendations.learned import candidate_features, ranker_scores, train_ranker
from dmp_assets.recommendations.names import GAP
from dmp_assets.recommendations.product_groups import product_groups
from dmp_assets.recommendations.recommend import HORIZON_DAYS, recommend, recommend_products, train, training_days
from dmp_assets.recommendations.segments import ALL_CUSTOMERS
from dmp_assets.recommendations.strategies import BASELINES, LEARNED, STRATEGIES

AS_OF = dt.date(2018, 1, 1)
KNOWN = "repeat_ranker_one_cutoff"


def main() -> None:
    """Run on the built platform."""
    settings = get_settings()
    warehouse = Warehouse.from_settings(settings)
    purchases = warehouse.query(inputs.PURCHASES)
    products = warehouse.query("select * from marts.dim_products order by product_id")
    exclusions = load_exclusions(settings.rules_dir / "exclusions.yml")
    n_jobs = settings.threads

    start = time.perf_counter()
    trained = train(purchases, products, AS_OF, exclusions=exclusions, n_jobs=n_jobs)
    print(f"Recommendations: comparison and training in {time.perf_counter() - start:.0f} s")
    start = time.perf_counter()
    recommend(purchases, products, AS_OF, trained, exclusions=exclusions, n_jobs=n_jobs)
    print(f"Lists of the customers in {time.perf_counter() - start:.0f} s")
    start = time.perf_counter()
    recommend_products(purchases, products, AS_OF, trained.leaderboard, exclusions=exclusions)
    print(f"Lists beside the products in {time.perf_counter() - start:.0f} s; NDCG@10:")
    print_board(trained.leaderboard, "ndcg")

    history = encode(purchases)
    groups = product_groups(history, products)
    cutoff = day_number(AS_OF) - HORIZON_DAYS
    days = training_days(history, cutoff, HORIZON_DAYS)
    features = {day: candidate_features(history, day, groups, n_jobs=n_jobs) for day in [*days, cutoff]}
    scores = {name: STRATEGIES[name](history, groups, cutoff, n_jobs) for name in sorted(set(BASELINES.values()))}
    for name, train_days, kinds in ((LEARNED, days, ["repeat", "novel"]), (KNOWN, days[:1], ["repeat"])):
        ranker = train_ranker(history, features, train_days, HORIZON_DAYS, seed=0, n_jobs=n_jobs)
        ranker = ranker[ranker["kind"].isin(kinds)]
        scores[name] = ranker_scores(ranker, features[cutoff], history.shape, n_jobs=n_jobs)
    board = leaderboard(history, scores, cutoff, AS_OF)
    print(f"Beside the best known before ({KNOWN}), NDCG@10 and how far it is behind the champion:")
    for metric in ("ndcg", GAP):
        print_board(board[board["strategy"].isin([LEARNED, KNOWN])], metric)


def print_board(board: pd.DataFrame, metric: str) -> None:
    """Print the rows of a metric over all customers, best first."""
    shown = board[board["metric"].eq(metric) & board["segment"].eq(ALL_CUSTOMERS)]
    for name, strategy, value, low, high, customers, is_champion in shown.sort_values(
        ["list", "value"], ascending=[True, False]
    )[["list", "strategy", "value", "ci_low", "ci_high", "customers", "is_champion"]].itertuples(
        index=False, name=None
    ):
        mark = "  champion" if is_champion else ""
        print(f"  {name:16} {strategy:24} {value:.4f}  [{low:.4f}, {high:.4f}]  {customers} customers{mark}")


if __name__ == "__main__":
    main()
