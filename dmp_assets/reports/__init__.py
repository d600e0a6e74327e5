"""What is published: the report, the column lineage page, the dbt docs, Parquet snapshots."""
