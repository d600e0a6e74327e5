"""Map a source anew from what it declares: flags change what they name, and all else stays as it was said."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from dmp_assets.onboarding.decide import Said, plan_table
from dmp_assets.onboarding.inspection import look_again
from dmp_assets.onboarding.mapping import TableMapping, validated
from dmp_assets.onboarding.plan import Plan
from dmp_assets.onboarding.questions import Ask
from dmp_assets.platform.errors import UserError
from dmp_assets.sources.declare import source_mappings, source_tables


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
    found = {table.name: look_again(table) for table in source_tables(project_dir, source)}
    plans = []
    for contract, mapping in mappings.items():
        of_table = dataclasses.replace(said if contract == main else Said(), contract=contract)
        joined = {file: found[file] for file in mapping.join}
        of_table = dataclasses.replace(of_table, declared=mapping.with_said(of_table.declared))
        plans.append(plan_table(source, found[mapping.file or contract], of_table, ask, joined))
    return plans, [note for each in found.values() for note in each.notes]
