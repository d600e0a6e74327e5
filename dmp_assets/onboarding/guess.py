"""What a user's source maps to: known by the names by which sources usually call the columns of the contract tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from dmp_assets.dbt.contract_tables import CONTACT, ContractColumn, contract, known_names, plain
from dmp_assets.onboarding.header_currency import without_currency
from dmp_assets.privacy.words import Words

FIELDS: Mapping[str, Mapping[str, ContractColumn]] = {
    name: table.fields for name, table in contract().tables.items() if table.fields
}
"""Contract tables that a source can map to, each with what a source gives of it. Events come through the collector."""


_GENERIC = {
    "id",
    "type",
    "kind",
    "name",
    "title",
    "description",
    "date",
    "time",
    "timestamp",
    "start",
    "end",
    "size",
    "category",
}
"""Names that tables of anything have: two of them, such as ``id`` and ``type``, tell nothing."""
_GENERIC_ENOUGH = 2


def guess_mapping(
    table: str,
    columns: Iterable[str],
    taken: Collection[str] = (),
    flags: Collection[str] = (),
    lists: Collection[str] = (),
) -> dict[str, str]:
    """Return the column for each field of a contract table whose name is known.

    Args:
        table: the contract table.
        columns: their names.
        taken: columns that serve a field already. A column serves one, but a person's e-mail address or phone number may also be
            what tells customers apart.
        flags: columns that only say yes or no, such as whether there is an e-mail address.
        lists: what stands before the names of columns that come from the entries of a list.
    """
    columns = list(columns)
    free = [column for column in reversed(columns) if column not in taken]
    by_word = {_bare(column, lists): column for column in free} | {plain(column): column for column in free}
    mapping: dict[str, str] = {}
    for name in FIELDS[table]:
        for word in known_names(table, name):
            column = by_word.get(word)
            if column is not None and column not in mapping.values():
                mapping[name] = column
                break
    # A column called only "id" is the key of a table that has one required key.
    own_id, *others = contract().tables[table].key
    if not others and FIELDS[table][own_id].required and own_id not in mapping and "id" in by_word:
        mapping[own_id] = by_word["id"]
    kinds = guess_identifiers([column for column in columns if column not in flags], table)
    for name in (name for name, field in FIELDS[table].items() if field.kind in CONTACT):
        mapping.pop(name, None)
        if column := next((each for each, kind in kinds.items() if kind == FIELDS[table][name].kind), None):
            mapping[name] = column
    return mapping


def _bare(column: str, lists: Collection[str]) -> str:
    """Return a column's name as `plain` has it, without the currency behind it and the name of a list before it."""
    name = without_currency(column)
    before = max((each for each in lists if name.startswith(f"{each}_")), key=len, default=None)
    return plain(name[len(before) + 1 :] if before else name)


def missing_fields(table: str, mapping: Mapping[str, str]) -> list[str]:
    """Return the required fields that a mapping lacks; one stands for all of which a source gives at least one."""
    one_of = contract().tables[table].one_of
    missing = [name for name, field in FIELDS[table].items() if field.required and name not in mapping]
    return [*missing, *one_of[:1]] if not mapping.keys() & one_of and one_of else missing


def guess_contract(
    columns: Iterable[str],
    repeated: Collection[str] = (),
    lists: Collection[str] = (),
    *,
    has_times: bool = False,
) -> str | None:
    """Return the contract table that most of the columns fit; None if there is none.

    All required fields must be there, and a second column that tells: many tables name a customer. Rows with a product, a time and
    a customer, an order or a quantity are order lines, though their amount is still open. What repeats an id is no list of those
    that have it.

    Args:
        columns: their names.
        repeated: which of them have the same value in many rows.
        lists: as `guess_mapping` has it.
        has_times: whether one of them holds times, whatever it is called.
    """
    columns = list(columns)
    people = set(guess_identifiers(columns, "customers"))
    fits: dict[str, int] = {}
    for table in FIELDS:
        mapping, key = guess_mapping(table, columns, lists=lists), contract().tables[table].key
        is_list = len(key) == 1 and FIELDS[table][key[0]].required
        is_telling = len(mapping) > _GENERIC_ENOUGH or any(plain(each) not in _GENERIC for each in mapping.values())
        if is_telling and not missing_fields(table, mapping) and not (is_list and mapping[key[0]] in repeated):
            fits[table] = len(mapping) + (len(people - set(mapping.values())) if table == "customers" else 0)
    lines = guess_mapping("order_lines", columns, lists=lists)
    is_dated = has_times or "ordered_at" in lines
    is_line = "product_id" in lines and is_dated and lines.keys() & {"customer_id", "order_id", "quantity"}
    if is_line and len(lines) >= max(fits.values(), default=0):
        return "order_lines"
    best = max(fits, key=lambda table: fits[table], default=None)
    return best if best and fits[best] > 1 else None


def guess_identifiers(columns: Iterable[str], table: str | None = None) -> dict[str, str]:
    """Return the kind of direct identifier of each column whose name tells it.

    Args:
        columns: their names.
        table: the contract table that they map to; what has just a name is a person in a table of customers.
    """
    about = "person" if table == "customers" else None
    return {column: kind for column in columns if (kind := Words().read(column, about).kind)}
