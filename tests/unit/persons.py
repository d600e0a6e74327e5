"""Who is who, as the marts have it: for tests of what is made of customers."""

from collections.abc import Iterable

import duckdb
import pandas as pd


def write_persons(connection: duckdb.DuckDBPyConnection, customers: Iterable[str]) -> None:
    """Write marts.customer_identifiers and marts.customer_versions, in which everyone is one customer by one id and always was."""
    connection.register("identifiers", pd.DataFrame({"identifier_id": pd.Series(sorted(customers), dtype="string")}))
    connection.execute("create schema if not exists marts")
    connection.execute(
        """
        create or replace table marts.customer_identifiers as
        select identifier_id, 'customer' as kind, '' as namespace, identifier_id as customer_id,
            1 as owner_number, cast(null as timestamp) as owned_from_at, cast(null as timestamp) as owned_until_at
        from identifiers
        """
    )
    connection.execute(
        """
        create or replace table marts.customer_versions as
        select identifier_id, identifier_id as version_id, identifier_id as customer_id, date '1970-01-01' as from_on,
            cast(null as date) as until_on, 1 as owner_number,
            cast(null as timestamp) as owned_from_at, cast(null as timestamp) as owned_until_at
        from identifiers
        """
    )
    connection.unregister("identifiers")
