import dagster as dg

from dmp_assets.platform.lineage import TRACED_AS_A_WHOLE, RecordedColumn, recorded_columns

SCHEMA = dg.TableSchema([dg.TableColumn("sales", "double", description="The sales.")])


def lineage(table: str) -> dg.TableColumnLineage:
    return dg.TableColumnLineage({"sales": [dg.TableColumnDep(dg.AssetKey(table.split(".")), "sales_value")]})


@dg.asset(key=["marts", "features"], metadata={"dagster/column_schema": SCHEMA})
def features() -> dg.MaterializeResult:
    """The columns are part of the specification; where they come from is known when the table is made."""
    return dg.MaterializeResult(metadata={"dagster/column_lineage": lineage("raw.lines")})


@dg.asset(key=["marts", "orders"], metadata={"dagster/column_schema": SCHEMA})
def orders() -> None: ...


def test_every_table_speaks_for_itself_whatever_the_last_run_made():
    with dg.DagsterInstance.ephemeral() as instance:
        specs = [*features.specs, *orders.specs]
        assert recorded_columns(instance, specs) == []
        dg.materialize([features], instance=instance)
        dg.materialize([orders], instance=instance)
        assert recorded_columns(instance, specs) == [
            RecordedColumn("marts.features", "sales", "double", "The sales.", ("raw.lines.sales_value",)),
            RecordedColumn("marts.orders", "sales", "double", "The sales.", ()),
        ]


@dg.asset(
    key=["profiles", "scores"],
    metadata={"dagster/column_schema": SCHEMA, TRACED_AS_A_WHOLE: ["sales"]},
    deps=[features],
)
def scores() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"dagster/column_lineage": lineage("marts.features")})


def test_a_column_that_is_only_traced_with_its_table_is_told_as_such():
    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize([scores], instance=instance)
        (column,) = recorded_columns(instance, scores.specs)
    assert column.sources == ("marts.features.sales_value",)
    assert column.is_traced_as_a_whole
