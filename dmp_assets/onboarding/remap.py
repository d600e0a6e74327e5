"""Map a source anew from what it declares: flags change what they name, and all else stays as it was said."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from dmp_assets.onboarding.decide import Said, plan_table
from dmp_assets.onboarding.inspection import look_again
from dmp_assets.onboarding.mapping import TableMapping, validated
from dmp_assets.onboarding.plan import Plan
from dmp_assets.onboarding.questions import Ask
from dmp_assets.platform.errors import UserError
from dmp_assets.sources.declare import source_mappings, source_tables, staging_folder

_OWN_IDS = re.compile(
    r"hashed_id\('([^':]+):(?:line|order)'|namespaced_id\('([^']+)'.*\bas (?:order_id|order_line_id|store_id)\b|'([^':\n]+):online'"
)
"""What stands before the ids of orders, lines and stores in a staging model that `staging_sql` wrote."""


def planned_anew(project_dir: Path, source: str, said: Said, ask: Ask | None) -> tuple[list[Plan], list[str]]:
    """Return the plans of all contract tables of a source, and what was noticed of its files.

    What the user said holds for the contract table that `said` names, or for the order lines, or for the only one.

    Raises:
        UserError: the source does not declare how it is mapped, or as `plan_table`.
    """
    mappings = {
        contract: validated(TableMapping, mapping, f"{source}, mapping of {contract}")
        for contract, mapping in source_mappings(project_dir, source).items()
    }
    if not mappings:
        raise UserError(
            f"The source {source} does not declare how it is mapped: say where its data is, `dmp add-source {source} LOCATION "
            "--replace`, with all that is to be said of it."
        )
    main = said.contract or ("order_lines" if "order_lines" in mappings else next(iter(mappings)))
    if main not in mappings:
        raise UserError(f"--as: the source {source} has no {main}; it has {', '.join(mappings)}.")
    mappings = {
        contract: mapping.model_copy(update={"own_namespace": _own_namespace(project_dir, source, contract, mapping)})
        for contract, mapping in mappings.items()
    }
    found = {table.name: look_again(table) for table in source_tables(project_dir, source)}
    plans = []
    for contract, mapping in mappings.items():
        of_table = dataclasses.replace(said if contract == main else Said(), contract=contract)
        joined = {file: found[file] for file in mapping.join}
        of_table = dataclasses.replace(of_table, declared=mapping.with_said(of_table.declared))
        plans.append(plan_table(source, found[mapping.file or contract], of_table, ask, joined))
    return plans, [note for each in found.values() for note in each.notes]


def _own_namespace(project_dir: Path, source: str, contract: str, mapping: TableMapping) -> str | None:
    """Return what stands before the ids that a source shares with no other: as it declares, else as its staging model has it.

    A source that was renamed by an older version declares nothing, and its model still has the name that it had.

    Raises:
        UserError: the model has several names there.
    """
    model = staging_folder(project_dir, source) / f"stg_{source}__{contract}.sql"
    if mapping.own_namespace or not model.exists():
        return mapping.own_namespace
    names = {name for ids in _OWN_IDS.findall(model.read_text(encoding="utf-8")) for name in ids if name}
    if len(names) > 1:
        raise UserError(
            f"{model}: before the ids of its orders stand {' and '.join(sorted(names))}. Say which is right in "
            f"{model.with_suffix('.yml').name}, under config.meta.mapping: own_namespace: NAME."
        )
    return next(iter(names - {source}), None)
