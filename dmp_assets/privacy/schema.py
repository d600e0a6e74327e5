"""What the tables of this domain look like; the checks that block a wrong one."""

import pandera.pandas as pa

PROFILED_TABLES = pa.DataFrameSchema(
    {
        "table_name": pa.Column(str, unique=True, description="The table, layer.table."),
        "customer_count": pa.Column("int64", pa.Check.ge(0), description="Customers in it, today."),
        "left_out_count": pa.Column(
            "int64",
            pa.Check.ge(0),
            description="Customers who are in none of these tables because they refuse analytics or personalization; the same in "
            "every row.",
        ),
    },
    strict=True,
    ordered=True,
    name="privacy.profiled_tables",
    description="The tables of scores and lists about single customers. One row per table. Whoever refuses analytics or "
    "personalization is in none of them; those that are made weekly are cleared of them daily.",
)
