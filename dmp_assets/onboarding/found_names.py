"""Find the columns that a preset or a flag names among those that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dmp_assets.dbt.contract_tables import plain
from dmp_assets.onboarding.inspection import Column, Found
from dmp_assets.onboarding.mapping import Join, Origin, Returned, TableMapping
from dmp_assets.onboarding.plan import column_name
from dmp_assets.platform.errors import UserError


def found_names(
    declared: TableMapping, columns: Mapping[str, Column], joined: Mapping[str, Found], *, is_preset: bool
) -> tuple[TableMapping, tuple[str, ...]]:
    """Return what was declared with the columns' names as they were found, and what has no column, in words.

    Raises:
        UserError: the user, not a preset, named a column that is not there.
    """
    left_out: list[str] = []

    def here(name: str) -> str | None:
        return _column_like(name, columns, joined, declared.also)

    def lacks(what: str, *names: str) -> bool:
        missing = [name for name in names if here(name) is None]
        if missing and not is_preset:
            raise UserError(f"{what}: there is no column {', '.join(missing)}; there are {', '.join(columns)}.")
        if missing:
            left_out.append(f"{what} (no column {', '.join(missing)})")
        return bool(missing)

    joins = {}
    for file, join in declared.join.items():
        if file not in joined:
            left_out.append(f"what {file} has (no such file)")
        elif not lacks(f"join of {file}", *join.on):
            joins[file] = Join(on={here(left) or left: right for left, right in join.on.items()})
    joined = {file: joined[file] for file in joins}
    fields = {}
    for name, origin in declared.fields.items():
        present = tuple(column for each in origin.columns if (column := here(each)))
        if origin.is_joined and here(origin.columns[-1]) is None:
            # Without its last part, a joined value would tell nothing apart.
            present = ()
        if origin.value is None and not present:
            lacks(name, *origin.columns)
        elif origin.time is None or not lacks(f"time of {name}", origin.time):
            fields[name] = origin.model_copy(update={"columns": present, "time": origin.time and here(origin.time)})
        else:
            fields[name] = Origin(columns=present)
    rules = [each for each in declared.line_type if not lacks(f"line type {each.type}", each.column)]
    filters = [each for each in declared.where if not lacks(f"filter {each}", each.column)]
    filled = [each for each in declared.fill_down if not lacks(f"fill-down of {each}", each)]
    came_back = {
        name: column
        for name, each in (declared.returned.model_dump() if declared.returned else {}).items()
        if each and not lacks(f"{name} of returns", each) and (column := here(each))
    }
    changed = {
        "join": joins,
        "fields": fields,
        "line_type": tuple(each.model_copy(update={"column": here(each.column)}) for each in rules),
        "where": tuple(each.model_copy(update={"column": here(each.column)}) for each in filters),
        "fill_down": tuple(column for each in filled if (column := here(each))),
        "identifiers": {column: kind for each, kind in declared.identifiers.items() if (column := here(each))},
        "returned": Returned(**came_back) if "quantity" in came_back else None,
    }
    return declared.model_copy(update=changed), tuple(left_out)


def _column_like(
    name: str, columns: Mapping[str, Column], joined: Mapping[str, Found], also: Mapping[str, Sequence[str]]
) -> str | None:
    """Return the column that is called so, or so but for case and separators, or by another of its names.

    ``file.column`` is the column of a joined file; without the file it is the row's own, or else of the first file that has it.
    """
    own = [column for column in columns if not any(column.startswith(f"{file}__") for file in joined)]
    places = {each: [column_name(file, each) for file in joined] for each in (name, *also.get(name, ()))}
    for each, in_files in places.items():
        file, _, rest = each.partition(".")
        wanted = [column_name(file, rest)] if rest and file in joined else [each, *in_files]
        for column in wanted:
            if column in columns:
                return column
        for column in [*own, *columns]:
            if plain(column) in map(plain, wanted):
                return column
    return None
