import numpy as np
import pandas as pd
import pytest

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
    assert found["importance"].iloc[2] == pytest.approx(0, abs=1e-12)
    assert (found["importance"] >= -1e-12).all()


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
