"""Which customers of two namespaces are probably one person, by what the vault holds of them: without labels, by Splink.

Fellegi and Sunter (1969): how much an agreement of two records tells is how much oftener it is met among records of one person (m)
than among those of two (u), as a logarithm to base 2, the match weight. u comes from random pairs, m from expectation maximisation
(Winkler 1988, as Splink has it); what is common, such as a frequent surname, weighs less (term frequency). Values in clear are in
memory, or spilled encrypted, and leave it only as pseudonymous pairs.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
import pyarrow as pa

from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import literal
from dmp_assets.privacy.keys import Keys
from dmp_assets.privacy.vault import open_vault, private_connection

if TYPE_CHECKING:
    from splink import Linker

THRESHOLD = 0.95
"""Least probability of a link that is accepted: measured on the simulation's truth by ``python -m benchmarks.matching``."""

FEWEST_PAIRS = 20
"""Pairs with one e-mail address or phone number, from which the model learns what else people of two namespaces share."""

MOST_ALIKE = 100
"""Records that may agree in what a block is made of; more agree by a value that is nobody's, such as 1900-01-01 for a birthday."""

_BLOCKS = (
    ("email",),
    ("phone",),
    ("birthday", "last_name"),
    ("birthday", "first_name"),
    ("address_text", "last_name"),
    ("address_text", "first_name"),
)
"""Who agrees in all of one of these is compared."""

_SURE = (("email",), ("phone", "last_name"), ("birthday", "last_name", "first_name"))
"""Who agrees in all of one of these is nearly always one person."""

_SEED = 20170101
_RANDOM_PAIRS = 2e6
_KEPT = 0.5
_KINDS = ("first_name", "last_name", "name", "email", "phone", "birthday", "address")
_COMPARED = ("first_name", "last_name", "email", "phone", "birthday", "address")
_PAIRS = ("identifier_id", "other_identifier_id", "match_weight", "probability")
_EVIDENCE = ("identifier_id", "other_identifier_id", "comparison", "level", "match_weight")

_LATEST = "arg_max(value, (last_seen_at, value))"
_RECORDS = """
    with named as (
        select namespaces.namespace, namespaces.namespace || ':' || trim(user_id) as customer_id, anonymous_id, kind,
            lower(strip_accents(trim(value))) as value, last_seen_at
        from vault.identifiers inner join namespaces using (source)
        where trim(user_id) <> '' and kind in ({kinds}) and trim(value) <> ''
    ),
    told as (
        select namespace, customer_id,
            {latest} filter (where kind = 'name') as full_name,
            coalesce({latest} filter (where kind = 'first_name'), list_first(string_split(full_name, ' '))) as first_name,
            coalesce({latest} filter (where kind = 'last_name'), list_last(string_split(full_name, ' '))) as last_name,
            {latest} filter (where kind = 'email') as email,
            nullif(regexp_replace({latest} filter (where kind = 'phone'), '[^0-9]', '', 'g'), '') as phone,
            {latest} filter (where kind = 'birthday') as birthday,
            list_sort(list(distinct value) filter (where kind = 'address')) as address
        from named
        group by namespace, customer_id, anonymous_id
    ),
    distinct_records as (select distinct * exclude (full_name) from told)
    select namespace, customer_id,
        row_number() over (order by namespace, customer_id, first_name, last_name, email, phone, birthday, address)
            as unique_id,
        first_name, last_name, email, phone, birthday, address, array_to_string(address, ' ') as address_text
    from distinct_records
    where (first_name is not null or last_name is not null)
        and (email is not null or phone is not null or birthday is not null or address is not null)
    order by unique_id
"""


@dataclass(frozen=True)
class Matches:
    """Pairs of customers of two namespaces that are probably one person.

    Attributes:
        pairs: one row per pair, each customer at most once per other namespace: identifier_id, other_identifier_id (customer ids,
            sorted), match_weight (log2 of the odds), probability (0.5 to 1).
        evidence: the waterfall of each of these pairs, one row per step: the two ids, comparison ("prior", or what was compared),
            level (how far it agrees, in words), match_weight (what it adds). The weights of a pair add up to its match weight.
        left_out: records that were not compared with those that agree with them in something, since more than `MOST_ALIKE` do; by
            what that is. They are compared with those that agree in something else.
        reason: why nothing could be compared or learned; None if it could.
    """

    pairs: pd.DataFrame
    evidence: pd.DataFrame
    left_out: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None


def match_vault(settings: Settings, keys: Keys, namespaces: Mapping[str, str]) -> Matches:
    """Return which customers are probably one person by what the vault holds; nothing of it is written anywhere.

    Args:
        settings: name the vault.
        keys: of the vault.
        namespaces: what stands before the customer ids of each source.

    Raises:
        UserError: as `open_vault`.
    """
    if not settings.vault_path.exists():
        return _nothing("There is no vault.")
    frame = pd.DataFrame({"source": list(namespaces), "namespace": list(namespaces.values())}, dtype=object)
    with open_vault(settings, keys) as vault:
        vault.register("namespaces", frame)
        has_any = vault.execute("select count(*) from duckdb_tables() where table_name = 'identifiers'").fetchone()
        kinds = ", ".join(f"'{kind}'" for kind in _KINDS)
        records = (
            vault.execute(_RECORDS.format(kinds=kinds, latest=_LATEST)).to_arrow_table()
            if has_any and has_any[0]
            else None
        )
    if records is None:
        return _nothing("The vault holds nobody.")
    with private_connection(settings) as connection:
        return match_records(connection, records)


def match_records(connection: duckdb.DuckDBPyConnection, records: pa.Table) -> Matches:
    """Return which customers are probably one person; the same for the same records.

    Args:
        connection: private, see `private_connection`; tables are made in it.
        records: namespace, customer_id, unique_id (int64) and, each null where unknown, first_name, last_name, email, phone,
            birthday (text in normal form), address (list of its parts) and address_text. A customer may have several records.
    """
    connection.register("arrived", records)
    blocks = ", ".join(
        f"count(*) over (partition by {', '.join(columns)}) <= {MOST_ALIKE} as {_few(columns)}"
        for columns in dict.fromkeys((*_BLOCKS, *_SURE))
    )
    connection.execute(f"create or replace table records as select *, {blocks} from arrived order by unique_id")
    connection.unregister("arrived")
    present = [name for (name,) in connection.execute("select distinct namespace from records order by 1").fetchall()]
    if len(present) < 2:
        return _nothing("Customers of one namespace only have names: there is nothing to compare them with.")
    (shared,) = connection.execute(
        "select count(*) from ("
        + " union ".join(
            "select l.customer_id, r.customer_id as other from records as l inner join records as r "
            f"on l.namespace < r.namespace and {_agree(columns)}"
            for columns in (("email",), ("phone",))
        )
        + ")"
    ).fetchall()[0]
    if shared < FEWEST_PAIRS:
        return _nothing(
            f"{shared} pairs of customers share an e-mail address or a phone number; the model learns from {FEWEST_PAIRS}."
        )
    linker = _trained(connection, present)
    predicted = linker.inference.predict(threshold_match_probability=_KEPT)
    connection.execute(f"create or replace table predicted as from {predicted.physical_name}")
    pairs = connection.execute(_BEST_PAIRS).df()
    return Matches(pairs[list(_PAIRS)], _evidence(connection, linker), _left_out(connection))


def _few(columns: Sequence[str]) -> str:
    """Return the column that says whether not too many records agree in these."""
    return "few_" + "_".join(columns)


def _agree(columns: Sequence[str]) -> str:
    """Return the condition that two records, l and r, agree in these columns, in which not too many do."""
    return " and ".join([*(f"l.{name} = r.{name}" for name in columns), f"l.{_few(columns)}"])


def _left_out(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    counts = ", ".join(
        f"count(*) filter (where not {_few(columns)} and {' and '.join(f'{name} is not null' for name in columns)})"
        for columns in _BLOCKS
    )
    (found,) = connection.execute(f"select {counts} from records").fetchall()
    return {" and ".join(columns): number for columns, number in zip(_BLOCKS, found, strict=True) if number}


_BEST_PAIRS = """
    create or replace table best as
    with named as (
        select
            least(l.customer_id, r.customer_id) as identifier_id,
            greatest(l.customer_id, r.customer_id) as other_identifier_id,
            case when l.customer_id < r.customer_id then l.namespace else r.namespace end as left_namespace,
            case when l.customer_id < r.customer_id then r.namespace else l.namespace end as right_namespace,
            predicted.*
        from predicted
        inner join records as l on predicted.unique_id_l = l.unique_id
        inner join records as r on predicted.unique_id_r = r.unique_id
    ),
    pairs as (
        -- Twins and families share all but the first name, and whatever else they share tells nothing more.
        from named
        where gamma_first_name > 0 or (gamma_first_name = -1 and (gamma_birthday > 0 or gamma_email > 0))
        qualify row_number() over (
            partition by identifier_id, other_identifier_id order by match_weight desc, unique_id_l, unique_id_r
        ) = 1
    )
    from pairs
    -- Of a customer's several likenesses only the likeliest; two that are equally likely, such as twins, are none.
    qualify rank() over (partition by identifier_id, right_namespace order by match_weight desc) = 1
        and rank() over (partition by other_identifier_id, left_namespace order by match_weight desc) = 1
        and count(*) over (partition by identifier_id, right_namespace, match_weight) = 1
        and count(*) over (partition by other_identifier_id, left_namespace, match_weight) = 1;
    select identifier_id, other_identifier_id, match_weight, match_probability as probability
    from best order by identifier_id, other_identifier_id
"""


def _trained(connection: duckdb.DuckDBPyConnection, namespaces: list[str]) -> Linker:
    """Return the model, trained on the records of the namespaces."""
    import splink.comparison_level_library as levels
    import splink.comparison_library as compare
    from splink import DuckDBAPI, Linker, SettingsCreator
    from splink.blocking_rule_library import CustomRule

    def name(column: str) -> compare.CustomComparison:
        return compare.CustomComparison(
            output_column_name=column,
            comparison_levels=[
                levels.NullLevel(column),
                levels.ExactMatchLevel(column, term_frequency_adjustments=True),
                levels.JaroWinklerLevel(column, 0.92),
                levels.DamerauLevenshteinLevel(column, 1),
                levels.ElseLevel(),
            ],
        )

    api = DuckDBAPI(connection)
    datasets = []
    for number, namespace in enumerate(namespaces):
        connection.execute(
            f"create or replace table dataset_{number} as select * exclude (namespace) from records where namespace = ? "
            "order by unique_id",
            [namespace],
        )
        datasets.append(api.register(f"dataset_{number}", table_name=f"people_{number}"))
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            name("first_name"),
            name("last_name"),
            compare.DamerauLevenshteinAtThresholds("email", [2]),
            compare.ExactMatch("phone"),
            compare.DamerauLevenshteinAtThresholds("birthday", [1]),
            compare.CustomComparison(
                output_column_name="address",
                comparison_levels=[
                    levels.NullLevel("address_text"),
                    levels.ExactMatchLevel("address_text", term_frequency_adjustments=True),
                    levels.ArrayIntersectLevel("address", min_intersection=1),
                    levels.ElseLevel(),
                ],
            ),
        ],
        blocking_rules_to_generate_predictions=[CustomRule(_agree(columns)) for columns in _BLOCKS],
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        linker = Linker(datasets, settings, log_level=logging.ERROR)
        training = linker.training
        sure: list[Any] = [CustomRule(_agree(columns)) for columns in _SURE]
        training.estimate_probability_two_random_records_match(sure, recall=0.8)
        training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=_SEED)
        for columns in (("email",), ("birthday", "last_name")):
            training.estimate_parameters_using_expectation_maximisation(
                CustomRule(_agree(columns)), fix_probability_two_random_records_match=True
            )
    return linker


def _evidence(connection: duckdb.DuckDBPyConnection, linker: Linker) -> pd.DataFrame:
    """Return the waterfall of each of the best pairs."""
    model: dict[str, Any] = linker.misc.save_model_to_json()
    columns = set(connection.table("best").columns)
    prior = model["probability_two_random_records_match"]
    steps = [
        "select identifier_id, other_identifier_id, 0 as step, 'prior' as comparison, 'any two records' as level, "
        f"log2({prior / (1 - prior)}) as match_weight"
    ]
    for number, comparison in enumerate(model["comparisons"], start=1):
        name = comparison["output_column_name"]
        # From the level that agrees most down to 0; -1 is where one of the two is not known.
        known = [each for each in comparison["comparison_levels"] if not each.get("is_null_level")]
        named = {
            -1: "not known of both",
            **{len(known) - at: each["label_for_charts"] for at, each in enumerate(known, start=1)},
        }
        words = " ".join(f"when {value} then {literal(label)}" for value, label in named.items())
        adjusted = f" + coalesce(mw_tf_adj_{name}, 0)" if f"mw_tf_adj_{name}" in columns else ""
        steps.append(
            f"select identifier_id, other_identifier_id, {number}, '{name}', case gamma_{name} {words} end, "
            f"coalesce(mw_{name}, 0){adjusted}"
        )
    union = " from best union all ".join(steps)
    return connection.execute(
        f"select identifier_id, other_identifier_id, comparison, level, match_weight from ({union} from best) "
        "order by identifier_id, other_identifier_id, step"
    ).df()


def _nothing(reason: str) -> Matches:
    pairs = pd.DataFrame({name: pd.Series(dtype=object if name.endswith("_id") else float) for name in _PAIRS})
    evidence = pd.DataFrame({name: pd.Series(dtype=float if name == "match_weight" else object) for name in _EVIDENCE})
    return Matches(pairs, evidence, reason=reason)
