"""Permissions as assets: whoever refuses to be profiled leaves every table of scores and lists, also those that are made weekly."""

from collections.abc import Sequence

import dagster as dg
import pandas as pd

from dmp_assets.platform.domain import Domain
from dmp_assets.platform.permissions import IDENTIFIERS, PERMISSIONS, REFUSING, leave_out
from dmp_assets.platform.tables import Results, Table, makes, save
from dmp_assets.platform.warehouse import Warehouse, has_table
from dmp_assets.privacy import schema
from dmp_assets.privacy.sections import CUSTOMER, SECTIONS


def profiled_tables_step(tables: Sequence[Table]) -> tuple[Table, dg.AssetsDefinition]:
    """Return the table of the tables about single customers, and the step that clears these and counts who is in them."""
    names = sorted(table.full_name for table in tables)
    columns = [f"{name}.customer_id" for name in names]
    allowed = [f"{PERMISSIONS}.{column}" for column in ("customer_id", "purpose", "channel", "is_allowed")]
    sources = {"table_name": columns, "customer_count": columns, "left_out_count": allowed}
    profiled = Table("privacy", "profiled_tables", schema.PROFILED_TABLES, sources, also_reads=[IDENTIFIERS])

    @makes(profiled)
    def clear_profiled_tables(warehouse: Warehouse) -> Results:
        """Delete the rows of whoever is left out from what was made before they refused, and count who is left."""
        with warehouse.write() as connection:
            present = [name for name in names if has_table(connection, name)]
            for name in present:
                leave_out(connection, name)
        counts = [
            f"select '{name}' as table_name, count(distinct customer_id) as customer_count from {name}"
            for name in present
        ]
        frame = warehouse.query(
            f"select *, (select count(*) from {REFUSING}) as left_out_count from ({' union all '.join(counts)}) order by all"
        )
        left_out = int(frame["left_out_count"].max()) if len(frame) else 0
        yield from save(warehouse, {profiled: pd.DataFrame(frame)}, facts={profiled: {"customers_left_out": left_out}})

    return profiled, clear_profiled_tables


def domain(tables: Sequence[Table]) -> Domain:
    """Return what the platform does with permissions.

    Args:
        tables: every table that Python makes.
    """
    table, step = profiled_tables_step([table for table in tables if table.profiles_customers])
    return Domain(tables=(table,), assets=(step,), sections=SECTIONS, customer_sections=(CUSTOMER,))
