"""What the table of the sequence models looks like; the check that blocks a wrong one."""

from __future__ import annotations

import pandera.pandas as pa

from dmp_assets.platform.emptiness import may_be_empty
from dmp_assets.recommendations.names import SEQUENCE_STRATEGIES

SEQUENCE_MODELS = pa.DataFrameSchema(
    {
        "strategy": pa.Column(
            str,
            pa.Check.isin(SEQUENCE_STRATEGIES),
            unique=True,
            description="The network: caser (convolutions), gru4rec (recurrent) or sasrec (Transformer).",
        ),
        "weights": pa.Column(
            str,
            pa.Check.str_length(min_value=1),
            description="Its arrays and its vocabulary (product ids) in NumPy's npz format without pickle, as base64.",
        ),
        "vocabulary_size": pa.Column("int64", pa.Check.ge(1), description="Products that it knows by name."),
        "trained_customers": pa.Column("int64", pa.Check.ge(1), description="Customers that it learned from."),
        "trained_before_on": pa.Column(
            "datetime64[us]",
            description="Only purchases before this day, when the leaderboard's test period begins, were learned from.",
        ),
        "as_of_on": pa.Column("datetime64[us]", description="Day after the last day of the leaderboard's test period."),
    },
    strict=True,
    ordered=True,
    name="recommendations.sequence_models",
    metadata=may_be_empty("the extra `deep` is not installed (`make deep`), or the history is too short"),
    description="The trained sequence models (optional extra `deep`), which the leaderboard compares with the other strategies and "
    "which score on later days without being trained again. One row per model; none without the extra or with too little history.",
)
