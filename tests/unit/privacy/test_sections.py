"""What the customer page says of permissions."""

import duckdb
import pytest

from dmp_assets.platform.sections import Fact
from dmp_assets.privacy.sections import CUSTOMER


@pytest.mark.parametrize("is_machine", [True, False])
def test_a_refusal_that_a_mail_gateway_told_counts_and_says_so(is_machine: bool):
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.contact_permissions as select 'c1' as customer_id, 'marketing' as purpose, 'email' as channel, "
            "false as is_allowed, 'refused' as state, 'refused' as reason, timestamp '2025-01-02 03:04:05' as decided_at, "
            f"'email:7f' as subject_id, 'mail' as source, {is_machine} as is_machine"
        )
        connection.execute("create table asked as select 'c1' as customer_id")
        permissions = connection.execute(CUSTOMER.queries["permissions"]).df()
    (group,) = CUSTOMER.facts({"permissions": permissions, "left_out": permissions.head(0)})
    asked = ", by a mail gateway as it seems: ask" if is_machine else ""
    why = f"refused since 2025-01-02 03:04 UTC for an e-mail address, told by mail{asked}"
    assert group.facts == [Fact("marketing by email", "no", why)]
