"""What customers allow, as the marts have it: for tests of what is made of customers."""

from collections.abc import Sequence

import pandas as pd

from dmp_assets.platform.warehouse import Warehouse, replace_table
from tests.unit.persons import write_persons


def write_permissions(warehouse: Warehouse, customers: Sequence[str], *, refuse: Sequence[str] = ()) -> None:
    """Write marts.contact_permissions, where everyone allows analytics and personalization but those who refuse the latter."""
    frame = pd.DataFrame({"customer_id": list(customers)}).merge(
        pd.DataFrame({"purpose": ["analytics", "personalization", "marketing"], "channel": ["any", "any", "email"]}),
        how="cross",
    )
    is_refused = frame["customer_id"].isin(refuse) & frame["purpose"].eq("personalization")
    # An e-mail that may not be sent leaves nobody out.
    frame["is_allowed"] = ~is_refused & frame["purpose"].ne("marketing")
    with warehouse.write() as connection:
        replace_table(connection, "marts.contact_permissions", frame, {})
        write_persons(connection, customers)
