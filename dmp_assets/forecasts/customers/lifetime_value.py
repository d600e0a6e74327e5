"""Lifetime value from when customers came and what they spent: BG/NBD with Gamma-Gamma.

BG/NBD (Fader, Hardie & Lee 2005, "Counting Your Customers the Easy Way"): while active a customer orders at a rate that is
gamma distributed (r, alpha) among customers, and after each order leaves for good with a probability that is beta distributed
(a, b). Gamma-Gamma (Fader & Hardie 2013): the mean amount of an order varies among customers (p, q, gamma). Both are fitted by
maximum likelihood. Of a customer they need the repeat orders x, the age at the last one t_x and the age T, in one unit of time,
and the mean amount of an order.

On the demo data they order customers worse than the learned models: forecasts.prediction_leaderboard says by how much.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

ROWS = 5_000
"""Of the newest rows, about two as-of dates, the parameters are found: with 16,600 rows it took 2.5 s, as long as two boostings."""

BG_NBD_FEATURES = ("frequency", "recency_days", "tenure_days", "average_order_amount")

_LARGEST_LOG = 8.0


@dataclass(frozen=True)
class BgNbd:
    """Parameters of BG/NBD; r and alpha of the order rate (1/alpha in 1/time), a and b of leaving after an order."""

    r: float
    alpha: float
    a: float
    b: float

    def log_likelihood(self, x: np.ndarray, t_x: np.ndarray, age: np.ndarray) -> float:
        """Return the sum over customers (Fader, Hardie & Lee 2005, equation 6)."""
        from scipy.special import betaln, gammaln

        still = -(self.r + x) * np.log(self.alpha + age)
        gone = np.log(self.a) - np.log(self.b + np.maximum(x, 1) - 1) - (self.r + x) * np.log(self.alpha + t_x)
        return float(
            (
                gammaln(self.r + x)
                - gammaln(self.r)
                + self.r * np.log(self.alpha)
                + betaln(self.a, self.b + x)
                - betaln(self.a, self.b)
                + np.logaddexp(still, np.where(x > 0, gone, -np.inf))
            ).sum()
        )

    def probability_alive(self, x: np.ndarray, t_x: np.ndarray, age: np.ndarray) -> np.ndarray:
        """Return the probability that each customer is still active; 1 without a repeat order, as the model has it."""
        from scipy.special import expit

        log_odds_gone = (
            np.log(self.a)
            - np.log(self.b + np.maximum(x, 1) - 1)
            + (self.r + x) * (np.log(self.alpha + age) - np.log(self.alpha + t_x))
        )
        return np.where(x > 0, expit(-log_odds_gone), 1.0)

    def expected_orders(self, days: float, x: np.ndarray, t_x: np.ndarray, age: np.ndarray) -> np.ndarray:
        """Return the expected number of orders of each customer in the next `days` (equation 10).

        The hypergeometric function is taken by Euler's transformation, which stays finite for hundreds of orders.
        """
        from scipy.special import hyp2f1

        z = days / (self.alpha + age + days)
        with np.errstate(all="ignore"):
            tail = (1 - z) ** (self.a - 1) * hyp2f1(
                self.a + self.b - 1 - self.r, self.a - 1, self.a + self.b + x - 1, z
            )
            per_life = (self.a + self.b + x - 1) / (self.a - 1) * (1 - tail)
        # Where customers all but never leave the terms cancel to nothing: then orders simply go on at their rate.
        at_rate = (self.r + x) / (self.alpha + age) * days
        orders = np.where(np.isfinite(per_life), np.clip(per_life, 0, at_rate), at_rate)
        return orders * self.probability_alive(x, t_x, age)


@dataclass(frozen=True)
class GammaGamma:
    """Parameters of Gamma-Gamma: the mean order amount of customers; gamma is in the unit of the amounts.

    Those customers are counted in left_out whose orders' mean amount is not above 0: all came back, or all was free.
    """

    p: float
    q: float
    gamma: float
    left_out: int = 0

    def log_likelihood(self, x: np.ndarray, amount: np.ndarray) -> float:
        """Return the sum over customers with x orders of a mean amount (Fader & Hardie 2013, equation 1a)."""
        from scipy.special import gammaln

        px = self.p * x
        return float(
            (
                gammaln(px + self.q)
                - gammaln(px)
                - gammaln(self.q)
                + self.q * np.log(self.gamma)
                + (px - 1) * np.log(amount)
                + px * np.log(x)
                - (px + self.q) * np.log(self.gamma + x * amount)
            ).sum()
        )

    def expected_amount(self, x: np.ndarray, amount: np.ndarray) -> np.ndarray:
        """Return the expected mean amount of each customer's orders (equation 5); the mean of all at x = 0.

        Who ordered and has paid nothing in all is expected to pay nothing.
        """
        expected = self.p * (self.gamma + x * amount) / (self.p * x + self.q - 1)
        return np.where((x > 0) & (amount <= 0), 0.0, expected)


def bg_nbd(x: np.ndarray, t_x: np.ndarray, age: np.ndarray) -> BgNbd:
    """Return BG/NBD fitted by maximum likelihood.

    Args:
        x: repeat orders of each customer, 0 or more.
        t_x: age at the last order, 0 at x = 0.
        age: time since the first order, in the unit of t_x.

    Raises:
        ValueError: if there is no repeat order, or a time is negative or out of order.
    """
    if not (x > 0).any():
        raise ValueError("BG/NBD needs at least one customer with a repeat order")
    if (t_x < 0).any() or (t_x > age).any():
        raise ValueError("the age at the last order must be from 0 to the customer's age")
    # In units of the mean age all parameters are of one magnitude.
    unit = float(age.mean()) or 1.0
    found = _maximise(lambda *values: BgNbd(*values).log_likelihood(x, t_x / unit, age / unit), 4)
    return BgNbd(float(found[0]), float(found[1] * unit), float(found[2]), float(found[3]))


def gamma_gamma(x: np.ndarray, amount: np.ndarray) -> GammaGamma:
    """Return Gamma-Gamma fitted by maximum likelihood to customers with x > 0 orders of a mean amount > 0.

    Raises:
        ValueError: if there is no such customer.
    """
    is_known = (x > 0) & (amount > 0)
    if not is_known.any():
        raise ValueError("Gamma-Gamma needs at least one customer with an order of more than 0")
    left_out = int(((x > 0) & ~is_known).sum())
    x, amount = x[is_known], amount[is_known]
    unit = float(amount.mean())
    # q > 1, without which the expected amount does not exist.
    found = _maximise(lambda p, q, gamma: GammaGamma(p, 1 + q, gamma).log_likelihood(x, amount / unit), 3)
    return GammaGamma(float(found[0]), float(1 + found[1]), float(found[2] * unit), left_out)


def _maximise(log_likelihood: Callable[..., float], parameters: int) -> np.ndarray:
    """Return the positive parameters of the largest likelihood, found on their logarithms.

    Without customers that differ the likelihood has no maximum; the bounds keep the parameters finite.
    """
    from scipy.optimize import minimize

    best = minimize(
        lambda logs: -log_likelihood(*np.exp(logs)),
        np.full(parameters, 0.1),
        method="L-BFGS-B",
        bounds=[(-_LARGEST_LOG, _LARGEST_LOG)] * parameters,
        options={"ftol": 1e-12, "gtol": 1e-6, "maxiter": 500},
    )
    return np.exp(best.x)


def fit_bg_nbd(features: pd.DataFrame, outcome: np.ndarray) -> str:  # noqa: ARG001 - it learns from the past alone
    """Return both models fitted to BG_NBD_FEATURES as text; a customer at several as-of dates counts at each of them."""
    x, t_x, age, amount = _histories(features[-ROWS:])
    return json.dumps({"bg_nbd": asdict(bg_nbd(x, t_x, age)), "gamma_gamma": asdict(gamma_gamma(x + 1, amount))})


def predict_value(parameters: str, features: pd.DataFrame, days: float) -> np.ndarray:
    """Return the expected sales of each customer in the next `days`, in the platform's currency."""
    parts = lifetime_parts(parameters, features, days)
    return (parts["expected_orders"] * parts["expected_order_amount"]).to_numpy()


def lifetime_parts(parameters: str, features: pd.DataFrame, days: float) -> pd.DataFrame:
    """Return what the value is made of: probability_alive, expected_orders, expected_order_amount (currency); rows as given."""
    models = json.loads(parameters)
    orders, amounts = BgNbd(**models["bg_nbd"]), GammaGamma(**models["gamma_gamma"])
    x, t_x, age, amount = _histories(features)
    return pd.DataFrame(
        {
            "probability_alive": orders.probability_alive(x, t_x, age),
            "expected_orders": orders.expected_orders(days, x, t_x, age),
            "expected_order_amount": amounts.expected_amount(x + 1, amount),
        },
        index=features.index,
    )


def _histories(features: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return x, t_x, T (days) and the mean amount of an order (currency) of each customer."""
    orders, recency, age, amount = (features[name].to_numpy(dtype=float) for name in BG_NBD_FEATURES)
    x = np.maximum(orders - 1, 0)
    return x, np.where(x > 0, np.maximum(age - recency, 0), 0), age, np.maximum(np.nan_to_num(amount), 0)
