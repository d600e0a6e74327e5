import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.analysis.bootstrap import resamples
from dmp_assets.analysis.champions import not_beaten

CASES = 200
DRAWS = resamples(CASES, 0)
LOSS = np.random.default_rng(0).random(CASES)


def test_a_lead_within_noise_beats_nobody_and_one_beyond_it_does():
    noise = np.random.default_rng(1).normal(0, 0.3, CASES)
    near = LOSS + noise - noise.mean() + 0.001
    best, left = not_beaten({"far": LOSS + 0.1, "near": near, "best": LOSS}, DRAWS)
    assert (best, left) == ("best", ["near", "best"])
    assert not_beaten({"near": LOSS + 0.001, "best": LOSS}, DRAWS)[1] == ["best"]


@given(st.lists(st.sampled_from([0.0, 1e-16, -1e-16, 3e-16]), min_size=1, max_size=5), st.sampled_from([1e-6, 1, 1e9]))
def test_models_that_differ_in_the_last_bits_tie_whatever_the_unit(last_bits, unit):
    losses = {str(number): unit * LOSS * (1 + bits) for number, bits in enumerate(last_bits)}
    assert not_beaten(losses, DRAWS) == ("0", list(losses))


def test_without_any_loss_the_simplest_model_is_the_best():
    assert not_beaten({"simple": np.zeros(CASES), "complex": np.zeros(CASES)}, DRAWS)[0] == "simple"
