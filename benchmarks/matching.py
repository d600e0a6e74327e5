"""How often customers who resemble each other are one person, by the probability from which a match is accepted.

    python -m benchmarks.matching

Reads the tables of a build of the demo in ``$DMP_HOME``: `identity.matches` against the truth of its simulation. A pair that could
be found is two customers of one true person, each named in the vault. `THRESHOLD` in ``dmp_assets/identity/probabilistic.py`` was
chosen from what this prints.
"""

from __future__ import annotations

import numpy as np

from dmp_assets.identity.quality import wilson_interval
from dmp_assets.platform.settings import get_settings
from dmp_assets.platform.warehouse import Warehouse

THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)

_TRUE_PAIRS = """
    select least(one.identifier_id, other.identifier_id) as identifier_id,
        greatest(one.identifier_id, other.identifier_id) as other_identifier_id
    from simulation.identifier_owners as one
    inner join simulation.identifier_owners as other on one.person_id = other.person_id and one.namespace < other.namespace
    where one.kind = 'customer' and other.kind = 'customer'
        and one.identifier_id in (select customer_id from staging.stg_collector__events where email_token is not null)
        and other.identifier_id in (select customer_id from staging.stg_collector__events where email_token is not null)
"""


def main() -> None:
    """Print precision and recall by threshold."""
    warehouse = Warehouse.from_settings(get_settings())
    matches = warehouse.query(
        f"select matches.*, pairs.identifier_id is not null as is_right from identity.matches "
        f"left join ({_TRUE_PAIRS}) as pairs using (identifier_id, other_identifier_id)"
    )
    (true_pairs,) = warehouse.query(f"select count(*) as count from ({_TRUE_PAIRS})")["count"]
    print(f"{true_pairs} pairs of customers are one person")
    for threshold in THRESHOLDS:
        accepted = matches[matches["probability"] >= threshold]
        total, right = len(accepted), int(accepted["is_right"].sum())
        low, high = wilson_interval(np.array([right]), np.array([max(total, 1)]))
        print(
            f"probability {threshold}: {total} accepted, {right} right, precision {right / max(total, 1):.4f} "
            f"({low[0]:.4f} to {high[0]:.4f}), recall {right / max(true_pairs, 1):.4f}"
        )


if __name__ == "__main__":
    main()
