"""The trained models: stored without pickle, compared without peeking, served like any strategy, absent without the extra."""

import base64
import io
import pickle
from collections.abc import Iterator
from datetime import date

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from dmp_assets.analysis.interactions import day_number, encode
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.gate import Gate
from dmp_assets.platform.tables import EMPTY_BECAUSE
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.recommendations.names import SELECTION_METRIC
from dmp_assets.recommendations.plots import plot_leaderboard
from dmp_assets.recommendations.recommend import HORIZON_DAYS, Trained, recommend, train
from dmp_assets.recommendations.schema import CUSTOMER_RECOMMENDATIONS, LEADERBOARD
from dmp_assets.recommendations.sequences import extra, training
from dmp_assets.recommendations.sequences.assets import SEQUENCE_MODELS, train_sequences
from dmp_assets.recommendations.sequences.schema import SEQUENCE_MODELS as SCHEMA
from dmp_assets.recommendations.sequences.training import (
    SEQUENCE_STRATEGIES,
    customer_states,
    no_sequence_models,
    read_arrays,
    sequence_scores,
    train_sequence_models,
    write_arrays,
)

AS_OF = date(2017, 7, 1)
CUTOFF = day_number(AS_OF) - HORIZON_DAYS


@pytest.fixture(scope="module", autouse=True)
def small_shop() -> Iterator[None]:
    """Lower the bar of the vocabulary to what thirty customers can buy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "MIN_CUSTOMERS", 5)
        yield


@pytest.fixture
def without_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra, "is_installed", lambda: False)


@pytest.fixture(scope="module")
def models(shop: pd.DataFrame) -> pd.DataFrame:
    pytest.importorskip("torch", reason="the extra `deep` is not installed: make deep")
    return train_sequence_models(encode(shop), CUTOFF, AS_OF, epochs=2)


def test_arrays_come_back_as_they_were_and_give_the_same_text_twice():
    arrays = {"weights": np.arange(6, dtype=np.float32).reshape(2, 3), "vocabulary": np.array(["p1", "p22"])}
    text = write_arrays(arrays)
    assert text == write_arrays(arrays)
    found = read_arrays(text)
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_a_stored_pickle_is_refused_and_not_run():
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    zipped = io.BytesIO()
    np.savez(zipped, harmless=np.zeros(1), evil=np.array([object()], dtype=object))
    for data in (pickle.dumps({"a": 1}), buffer.getvalue(), zipped.getvalue(), b"", b"neither"):
        with pytest.raises(ValueError, match=r"cannot be read .* train it again"):
            read_arrays(base64.b64encode(data).decode())
    with pytest.raises(ValueError, match="cannot be read"):
        read_arrays("not base64!")


def test_the_table_without_models_keeps_its_schema_and_scores_nothing(shop):
    SCHEMA.validate(no_sequence_models())
    assert sequence_scores(no_sequence_models(), encode(shop), CUTOFF) == {}


def test_without_the_extra_the_message_says_how_to_get_it(shop, without_extra):
    with pytest.raises(UserError, match=r"make deep.*pip install 'ai-dmp\[deep\]'"):
        train_sequence_models(encode(shop), CUTOFF, AS_OF)
    stored = no_sequence_models()
    stored.loc[0] = ["sasrec", "text", 1, 1, pd.Timestamp(2017, 5, 31), pd.Timestamp(AS_OF)]
    with pytest.raises(UserError, match="make deep"):
        sequence_scores(stored, encode(shop), CUTOFF)
    with pytest.raises(UserError, match="make deep"):
        customer_states(stored, encode(shop), CUTOFF, "sasrec")
    with pytest.raises(ValueError, match="there is no model caser; there are: sasrec"):
        customer_states(stored, encode(shop), CUTOFF)


def test_without_the_extra_the_asset_makes_an_empty_table_and_says_why(tmp_path, without_extra):
    warehouse = Warehouse(database=str(tmp_path / "warehouse.duckdb"))
    run = dg.materialize(
        [train_sequences],
        resources={"warehouse": warehouse, "gate": Gate()},
        instance=dg.DagsterInstance.ephemeral(),
    )
    assert all(check.passed for check in run.get_asset_check_evaluations())
    assert warehouse.row_counts() == {SEQUENCE_MODELS.full_name: 0}
    (made,) = run.get_asset_materialization_events()
    assert "`deep` is not installed" in str(made.materialization.metadata[EMPTY_BECAUSE].value)


def test_a_champion_that_is_not_among_the_models_is_named(shop, products, shop_trained):
    board = shop_trained.leaderboard.copy()
    board["strategy"] = board["strategy"].replace("learned_ranker", "sasrec")
    board["is_champion"] = board["strategy"].eq("sasrec")
    with pytest.raises(ValueError, match="sasrec is to fill a list, but is not among the sequence models"):
        recommend(shop, products, AS_OF, Trained(board, shop_trained.ranker))


def test_a_model_that_knows_the_test_period_is_refused(shop, monkeypatch):
    monkeypatch.setattr(extra, "is_installed", lambda: True)
    stored = no_sequence_models()
    stored.loc[0] = ["sasrec", "text", 1, 1, pd.Timestamp(AS_OF), pd.Timestamp(AS_OF)]
    with pytest.raises(
        ValueError, match="sasrec was trained on purchases up to 2017-07-01, after the cutoff 2017-05-31"
    ):
        sequence_scores(stored, encode(shop), CUTOFF)


def test_models_are_trained_alike_twice_and_know_nothing_after_the_cutoff(shop, models):
    SCHEMA.validate(models)
    assert tuple(models["strategy"]) == SEQUENCE_STRATEGIES
    is_known = pd.to_datetime(shop["ordered_on"]) < pd.Timestamp(AS_OF) - pd.Timedelta(days=HORIZON_DAYS)
    assert is_known.sum() < len(shop)
    pd.testing.assert_frame_equal(train_sequence_models(encode(shop[is_known]), CUTOFF, AS_OF, epochs=2), models)


def test_scores_are_shares_of_all_purchases_and_every_known_product_is_a_candidate(shop, models):
    history = encode(shop)
    bought = history.before(CUTOFF).order_counts()
    for strategy, scores in sequence_scores(models, history, CUTOFF).items():
        assert strategy in SEQUENCE_STRATEGIES
        assert scores.has_sorted_indices
        assert (scores.data > 0).all()
        assert scores.sum(axis=1).max() <= 1 + 1e-5
        assert (scores.multiply(bought > 0)).nnz == bought.nnz


def test_what_happens_later_changes_no_score(shop, models):
    history = encode(shop)
    later = encode(
        shop.assign(ordered_on=shop["ordered_on"].where(shop["ordered_on"] < date(2017, 6, 20), date(2017, 6, 30)))
    )
    for strategy, scores in sequence_scores(models, history, CUTOFF).items():
        np.testing.assert_array_equal(scores.toarray(), sequence_scores(models, later, CUTOFF)[strategy].toarray())


def test_every_customer_has_a_state_that_knows_nothing_of_the_future(shop, models):
    history = encode(shop)
    past = encode(shop[pd.to_datetime(shop["ordered_on"]) < pd.Timestamp(AS_OF) - pd.Timedelta(days=HORIZON_DAYS)])
    for strategy in SEQUENCE_STRATEGIES:
        states = customer_states(models, history, CUTOFF, strategy)
        assert list(states["customer_id"]) == list(past.customers)
        assert np.isfinite(states.drop(columns="customer_id").to_numpy()).all()
        assert states.drop(columns="customer_id").std().max() > 0
        pd.testing.assert_frame_equal(customer_states(models, past, CUTOFF, strategy), states)


def test_they_compete_in_the_leaderboard_and_a_champion_serves(shop, products, models):
    trained = train(shop, products, AS_OF, sequence_models=models)
    LEADERBOARD.validate(trained.leaderboard)
    rows = trained.leaderboard[trained.leaderboard["metric"] == SELECTION_METRIC]
    assert set(SEQUENCE_STRATEGIES) <= set(rows.loc[rows["list"] == "novel", "strategy"])
    assert plot_leaderboard(trained.leaderboard).axes
    board = trained.leaderboard.assign(is_champion=trained.leaderboard["strategy"] == "caser")
    lists = recommend(shop, products, AS_OF, Trained(board, trained.ranker, models))
    CUSTOMER_RECOMMENDATIONS.validate(lists)
    assert set(lists["strategy"]) == {"caser"}


def test_other_layers_than_the_stored_ones_are_told(shop, models):
    broken = models.assign(
        weights=[
            write_arrays({**read_arrays(text), "repeat_bias": np.zeros(3, np.float32)}) for text in models["weights"]
        ]
    )
    with pytest.raises(ValueError, match=r"the stored caser has other layers .* train it again"):
        sequence_scores(broken, encode(shop), CUTOFF)


def test_too_little_history_gives_no_models(purchases_of, monkeypatch):
    monkeypatch.setattr(extra, "is_installed", lambda: True)
    one = encode(purchases_of(("c1", "o1", 100, "milk")))
    for day in (0, 101):
        models = train_sequence_models(one, day_number(date(2017, 1, 1)) + day, AS_OF)
        pd.testing.assert_frame_equal(models, no_sequence_models())


def test_one_customer_with_one_order_of_one_product_gives_a_model(purchases_of):
    pytest.importorskip("torch", reason="the extra `deep` is not installed: make deep")
    history = encode(purchases_of(("c1", "o1", 0, "milk"), ("c1", "o2", 60, "eggs")))
    end = day_number(date(2017, 1, 1)) + 61
    models = train_sequence_models(history, end, date(2017, 3, 3), strategies=["gru4rec"], epochs=1)
    (scores,) = sequence_scores(models, history, end).values()
    assert np.isfinite(scores.data).all()
    assert scores.nnz == 2
