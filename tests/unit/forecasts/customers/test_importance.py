import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dmp_assets.forecasts.customers.importance import partial_dependence, permutation_importance

FRAME = pd.DataFrame(np.random.default_rng(1).random((300, 3)), columns=pd.Index(["much", "little", "none"]))


def amount(rows: pd.DataFrame) -> np.ndarray:
    return (5 * rows["much"] + rows["little"]).to_numpy()


def chance(rows: pd.DataFrame) -> np.ndarray:
    return 1 / (1 + np.exp(-amount(rows)))


@pytest.mark.parametrize(("predict", "kind"), [(amount, "mean"), (amount, "median"), (chance, "probability")])
def test_features_are_ordered_by_how_much_they_move_the_predictions(predict, kind):
    found = permutation_importance(predict, FRAME, kind)
    assert found["feature"].tolist() == ["much", "little", "none"]
    assert found["rank"].tolist() == [1, 2, 3]
    assert found["importance"].iloc[2] == 0


@pytest.mark.parametrize("kind", ["mean", "median", "probability"])
def test_the_last_bits_of_a_prediction_are_no_importance(kind):
    """A product of another number of rows adds up in another order, on another processor in yet another."""
    random = np.random.default_rng(0)

    def predict(rows: pd.DataFrame) -> np.ndarray:
        return chance(rows) * (1 + random.choice([-1e-15, 0, 1e-15], len(rows)))

    found = permutation_importance(predict, FRAME.assign(also_none=0.5), kind).set_index("feature")
    assert found.loc[["also_none", "none"], "importance"].tolist() == [0, 0]
    assert found.loc[["also_none", "none"], "rank"].tolist() == [3, 4]


@given(
    arrays.arrays(float, 20, elements=st.floats(0.1, 0.9)),
    arrays.arrays(float, 20, elements=st.sampled_from([-2e-9, 0, 2e-9])),
    st.sampled_from(["mean", "median", "probability"]),
)
def test_no_importance_is_below_0_however_little_the_predictions_move(usual, moves, kind):
    rows = pd.DataFrame({"usual": usual, "moved": np.arange(20.0)})

    def predict(rows: pd.DataFrame) -> np.ndarray:
        return np.clip(rows["usual"] + moves[rows["moved"].astype(int)], 0, 1).to_numpy()

    found = permutation_importance(predict, rows, kind)
    assert (found[["importance", "importance_sd"]] >= 0).all(axis=None)


def test_the_same_seed_gives_the_same_table():
    pd.testing.assert_frame_equal(
        permutation_importance(amount, FRAME, "mean"), permutation_importance(amount, FRAME, "mean")
    )


def test_partial_dependence_is_the_line_of_a_linear_model():
    found = partial_dependence(amount, FRAME, ["much"])
    slope = np.polyfit(found["value"], found["mean_prediction"], 1)[0]
    assert slope == pytest.approx(5)


def test_constant_features_have_one_point_and_unknown_ones_none():
    frame = FRAME.assign(little=2.0, none=np.nan)
    found = partial_dependence(amount, frame, ["little", "none"])
    assert found["feature"].tolist() == ["little"]
    assert partial_dependence(amount, frame, ["none"]).empty
    assert np.isfinite(permutation_importance(amount, frame[:1], "mean")["importance"]).all()
