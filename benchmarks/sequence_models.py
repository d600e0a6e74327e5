"""The sequence models on December 2017 after training to 30 November, beside the champions: NDCG@10, seconds, memory.

Needs the extra `deep` (`make deep`). `python -m benchmarks.sequence_models`, after a build.
"""

import datetime as dt
import resource
import time

from benchmarks.recommendations import print_board
from dmp_assets.analysis import inputs
from dmp_assets.analysis.interactions import day_number, encode
from dmp_assets.platform.settings import get_settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.recommendations import strategies
from dmp_assets.recommendations.leaderboard import leaderboard
from dmp_assets.recommendations.learned import candidate_features, ranker_scores, train_ranker
from dmp_assets.recommendations.names import GAIN, GAP, SELECTION_METRIC, SEQUENCE_STRATEGIES
from dmp_assets.recommendations.product_groups import product_groups
from dmp_assets.recommendations.recommend import HORIZON_DAYS, training_days
from dmp_assets.recommendations.segments import ALL_CUSTOMERS
from dmp_assets.recommendations.sequences import extra
from dmp_assets.recommendations.sequences.training import sequence_scores, train_sequence_models

AS_OF = dt.date(2018, 1, 1)
BESIDE = ("popularity", "personal_frequency", "decayed_frequency", "tifu_knn", "user_knn")


def main() -> None:
    """Run on the built platform; without the extra say what is missing."""
    if not extra.is_installed():
        print(extra.HOW_TO_INSTALL)
        return
    settings = get_settings()
    warehouse = Warehouse.from_settings(settings)
    history = encode(warehouse.query(inputs.PURCHASES))
    groups = product_groups(history, warehouse.query("select * from marts.dim_products order by product_id"))
    cutoff = day_number(AS_OF) - HORIZON_DAYS

    before = _megabytes()
    scores = {}
    for strategy in SEQUENCE_STRATEGIES:
        start, work = time.perf_counter(), time.process_time()
        models = train_sequence_models(history, cutoff, AS_OF, strategies=[strategy])
        trained, work = time.perf_counter(), time.process_time() - work
        scores |= sequence_scores(models, history, cutoff)
        print(
            f"{strategy}: trained in {trained - start:.0f} s ({work:.0f} s of one processor), "
            f"scored in {time.perf_counter() - trained:.0f} s; "
            f"{models['weights'].str.len().sum() / 1e6:.1f} MB stored"
        )
    print(f"Memory: at most {_megabytes():.0f} MB, {before:.0f} MB before PyTorch")

    days = training_days(history, cutoff, HORIZON_DAYS)
    features = {day: candidate_features(history, day, groups, n_jobs=settings.threads) for day in [*days, cutoff]}
    ranker = train_ranker(history, features, days, HORIZON_DAYS, seed=0, n_jobs=settings.threads)
    scores[strategies.LEARNED] = ranker_scores(ranker, features[cutoff], history.shape, n_jobs=settings.threads)
    scores |= {name: strategies.STRATEGIES[name](history, groups, cutoff, settings.threads) for name in BESIDE}
    board = leaderboard(history, scores, cutoff, AS_OF)
    for metric, title in (
        (SELECTION_METRIC, "NDCG@10"),
        (GAIN, "Ahead of the baseline"),
        (GAP, "Behind the champion"),
    ):
        print(f"{title}, with 95 % intervals:")
        print_board(board, metric)
    segments = board[board["metric"].eq(SELECTION_METRIC) & board["segment"].ne(ALL_CUSTOMERS)]
    print("NDCG@10 by segment:")
    print(segments.pivot_table("value", ["list", "strategy"], "segment").round(4).to_string())


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
