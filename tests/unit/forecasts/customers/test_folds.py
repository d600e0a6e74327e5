from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.forecasts.customers.folds import newest_cutoffs, prepared, split_folds
from dmp_assets.forecasts.customers.targets import Target

TARGET = Target("mean", {}, "amount")
AS_OF = date(2018, 1, 1)


def rows(cutoffs: list[str], customers: int = 4) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": [f"c{n}" for _ in cutoffs for n in range(customers)],
            "as_of_on": np.repeat(pd.to_datetime(cutoffs), customers),
            "amount": 1.0,
        }
    )


def test_every_test_learns_only_from_what_was_known_on_its_first_day():
    cutoffs = [str(day.date()) for day in pd.date_range("2017-07-03", "2017-12-04", freq="7D")]
    folds = split_folds(prepared(rows(cutoffs), "amount", TARGET, AS_OF), 3)
    assert [str(fold.cutoff_on.date()) for fold in folds] == ["2017-12-04", "2017-11-06", "2017-10-09"]
    for fold in folds:
        assert (fold.past["as_of_on"] + pd.Timedelta(days=28) <= fold.cutoff_on).all()
        assert fold.past["as_of_on"].nunique() == 3
        assert fold.test["as_of_on"].eq(fold.cutoff_on).all()


def test_small_cutoffs_are_learned_from_but_not_tested_on():
    examples = pd.concat([rows(["2017-09-01"]), rows(["2017-10-01"]), rows(["2017-11-20"], customers=1)])
    folds = split_folds(prepared(examples, "amount", TARGET, AS_OF), 3)
    assert [str(fold.cutoff_on.date()) for fold in folds] == ["2017-10-01"]


def test_an_outcome_may_be_known_later_than_the_horizon():
    examples = rows(["2017-10-01", "2017-11-06"]).assign(known_on=pd.Timestamp("2017-12-20"))
    assert split_folds(prepared(examples, "amount", TARGET, AS_OF), 3) == []


def test_the_newest_cutoffs_are_taken():
    kept = newest_cutoffs(rows(["2017-10-01", "2017-11-06", "2017-11-20"]), 2)
    assert kept["as_of_on"].nunique() == 2
    assert len(kept) == 8


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        (rows(["2017-12-05"]), "outcome of 2017-12-05 for amount is not complete on 2018-01-01"),
        (rows(["2017-10-01"]).drop(columns="amount"), "lack amount"),
        (rows(["2017-10-01", "2017-10-01"]), "several rows for the same as_of_on, customer_id"),
        (rows(["2017-10-01"]).assign(amount=np.nan), "rows without amount"),
    ],
)
def test_wrong_examples_are_refused(examples, message):
    with pytest.raises(ValueError, match=message):
        prepared(examples, "amount", TARGET, AS_OF)
