"""Products that were sold and are not in the source's catalogue: how many, and whether zeros before an id keep them apart."""

from __future__ import annotations

import duckdb

from dmp_assets.platform.warehouse import has_relation

_LINES, _PRODUCTS = "intermediate.int_order_lines_checked", "intermediate.int_products_checked"
_EXAMPLES = 3


def missing_products(connection: duckdb.DuckDBPyConnection, source: str) -> list[str]:
    """Return a sentence on the sold products that a source's catalogue lacks; none if it has all, or there is no catalogue.

    Reads order lines and products as they were judged last.
    """
    if not (has_relation(connection, _LINES) and has_relation(connection, _PRODUCTS)):
        return []
    ((sold, missing, by_zeros, examples),) = connection.execute(
        f"""
        with sold as (
            select distinct product_id, split_part(product_id, ':', 1) as namespace from {_LINES}
            where source = ? and reject_reason is null and coalesce(line_type, 'sale') in ('sale', 'free')
        ),
        catalogue as (
            select distinct product_id, split_part(product_id, ':', 1) as namespace,
                regexp_replace(product_id, ':0+', ':') as bare_id
            from {_PRODUCTS} where reject_reason is null and product_id is not null
        ),
        compared as (
            select sold.product_id, catalogue.product_id is null as is_missing,
                regexp_replace(sold.product_id, ':0+', ':') in (select bare_id from catalogue) as is_there_but_for_zeros
            from sold left join catalogue using (product_id)
            where sold.namespace in (select namespace from catalogue)
        )
        select count(*), count(*) filter (where is_missing), count(*) filter (where is_missing and is_there_but_for_zeros),
            list_sort(list(substr(product_id, position(':' in product_id) + 1)) filter (where is_missing))[:{_EXAMPLES}]
        from compared
        """,
        [source],
    ).fetchall()
    if not missing:
        return []
    more = ", ..." if missing > _EXAMPLES else ""
    hint = (
        f"; {by_zeros:,} of them {'is' if by_zeros == 1 else 'are'} there with other zeros before the id: if these tell nothing, "
        f"say --strip-zeros for both (`dmp add-source {source} --replace --strip-zeros`, and the same with --as products)"
        if by_zeros
        else ""
    )
    return [
        f"{source}: {missing:,} of {sold:,} products sold {'is' if missing == 1 else 'are'} not in the catalogue "
        f"({', '.join(examples)}{more}){hint}"
    ]
