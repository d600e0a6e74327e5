{#- A row with an identifier belongs to one customer: of two owners the first ends before the next begins. -#}
select identifier_id
from (
    select
        identifier_id,
        owned_until_at,
        lead(identifier_id) over (
            partition by identifier_id order by case when owned_from_at is null then 0 else 1 end, owned_from_at
        ) as next_identifier_id,
        lead(owned_from_at) over (
            partition by identifier_id order by case when owned_from_at is null then 0 else 1 end, owned_from_at
        ) as next_from_at
    from {{ ref('customer_identifiers') }}
) as owners
where next_identifier_id is not null and coalesce(owned_until_at > next_from_at, true)
