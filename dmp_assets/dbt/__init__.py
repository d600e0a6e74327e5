"""The dbt project as assets: its files and variables, its artifacts, its models in the graph. SQL belongs in ``dbt_project/``."""
