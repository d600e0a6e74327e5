"""What identity offers to the published pages: how many people stand behind how many identifiers, and one customer's own."""

from __future__ import annotations

from collections.abc import Sequence

from dmp_assets.identity.rules import KINDS
from dmp_assets.platform.sections import Content, CustomerSection, Fact, FactGroup, Frames, Section, page_table

LARGEST_LISTED = 8
_OWNED = [kind for kind in KINDS if kind != "household"]
_CURRENT = "superseded_at is null and owned_until_at is null"


def _identity(frames: Frames) -> Content:
    numbers = frames["persons"].iloc[0]
    counts = {"identifiers": ",.0f", "simulated": ",.0f", "blocked": ",.0f", "of_a_person": ",.0f", "persons": ",.0f"}
    simulated = f", {numbers['simulated']:,.0f} of them simulated" if numbers["simulated"] else ""
    per_kind = dict.fromkeys([*_OWNED, "identifiers"], ",.0f")
    return Content(
        "Who is one person behind several identifiers. Identifiers that were seen together are linked; links join "
        "people in the order of time, and one that would give a person more of a kind than the rules allow joins "
        "nobody. A device belongs to whoever is named on it, visit by visit, and never makes one person of two. The "
        "command dmp identity why shows the links between two identifiers.",
        tables=[
            page_table("Identifiers and whose they are", frames["kinds"], counts, "no listed source names people"),
            page_table(
                "Links by evidence", frames["evidence"], {"links": ",.0f", "sightings": ",.0f"}, "nobody has two"
            ),
            page_table(
                "Persons by number of identifiers",
                frames["sizes"],
                {"persons": ",.0f"},
                "no listed source names people",
            ),
            page_table("Largest persons", frames["largest"], per_kind, "nobody has two identifiers"),
            page_table(
                "What has a customer: by the sources, and by who is who",
                frames["coverage"],
                {
                    **dict.fromkeys(["all", "simulated"], ",.0f"),
                    **dict.fromkeys(["named_by_a_source", "with_a_customer"], ".1%"),
                },
                "nothing has happened",
            ),
            page_table(
                "Households by evidence",
                frames["households"],
                {"households": ",.0f", "customers": ",.0f"},
                "no customer has a household id, and no two have one postal address",
            ),
        ],
        headlines=[
            Fact(
                "persons behind their identifiers",
                f"{numbers['persons']:,.0f}",
                f"{numbers['identifiers']:,.0f} identifiers{simulated}",
            )
        ],
    )


def _customer(frames: Frames) -> Sequence[FactGroup]:
    rows = frames["identifiers"][["what", "identifiers", "why"]].itertuples(index=False, name=None)
    groups = [FactGroup("Identifiers", [Fact(what.replace("_", " "), f"{count:,}", why) for what, count, why in rows])]
    for other, steps in frames["likeness"].groupby("other", sort=True):
        rows = steps[["what", "weight", "why"]].itertuples(index=False, name=None)
        facts = [Fact(what.replace("_", " "), f"{weight:+.2f}", why) for what, weight, why in rows]
        groups.append(FactGroup(f"Why {other} are one person, probability {steps['probability'].iloc[0]:.4f}", facts))
    return groups


_BY_KIND = ", ".join(f"count(distinct identifier_id) filter (where kind = '{kind}') as {kind}" for kind in _OWNED)
_SIZES = f"""
    select person_id, count(distinct identifier_id) as identifiers, {_BY_KIND}
    from identity.person_identifiers where {_CURRENT} group by person_id
"""

SECTIONS = (
    Section(
        "Who is who",
        75,
        {
            "persons": f"""
                select count(distinct owned.person_id) as persons, count(distinct owned.identifier_id) as identifiers,
                    count(distinct owned.identifier_id) filter (where identifiers.is_simulated) as simulated
                from (select identifier_id, person_id from identity.person_identifiers where {_CURRENT}) as owned
                inner join identity.identifiers as identifiers on owned.identifier_id = identifiers.identifier_id
            """,
            "kinds": f"""
                select identifiers.kind, count(*) as identifiers, count(*) filter (where identifiers.is_simulated) as simulated,
                    count(identifiers.blocked_because) as blocked,
                    count(owned.person_id) as of_a_person, count(distinct owned.person_id) as persons
                from identity.identifiers as identifiers
                left join (select identifier_id, person_id from identity.person_identifiers where {_CURRENT}) as owned
                    on identifiers.identifier_id = owned.identifier_id
                group by identifiers.kind order by identifiers desc, identifiers.kind
            """,
            "evidence": """
                select cause, status, count(*) as links, sum(sighting_count) as sightings
                from identity.links group by cause, status order by links desc, cause, status
            """,
            "sizes": f"""
                select
                    case
                        when identifiers < 2 then '1' when identifiers < 4 then '2 to 3' when identifiers < 8 then '4 to 7'
                        when identifiers < 16 then '8 to 15' else '16 or more'
                    end as identifiers,
                    count(*) as persons
                from ({_SIZES}) group by 1 order by min(identifiers)
            """,
            "coverage": """
                select subject as what, total as "all", simulated_total as simulated, source_share as named_by_a_source,
                    customer_share as with_a_customer
                from marts.customer_coverage where total > 0 order by subject
            """,
            "households": """
                select evidence, count(distinct household_id) as households, count(distinct identifier_id) as customers
                from identity.households where superseded_at is null group by evidence order by evidence
            """,
            "largest": f"""
                select person_id as person, {", ".join(_OWNED)}, identifiers from ({_SIZES})
                where identifiers > 1 order by identifiers desc, person_id limit {LARGEST_LISTED}
            """,
        },
        _identity,
    ),
)

CUSTOMER = CustomerSection(
    6,
    {
        "identifiers": f"""
            select person_id as customer_id, kind as what, count(distinct identifier_id) as identifiers,
                'first seen ' || strftime(min(owned_from_at), '%Y-%m-%d') as why
            from identity.person_identifiers
            where {_CURRENT} and person_id in (select customer_id from asked)
            group by person_id, kind
            order by person_id, kind
        """,
        "likeness": f"""
            select customers.customer_id, steps.identifier_id || ' and ' || steps.other_identifier_id as other,
                matches.probability, steps.comparison as what, steps.match_weight as weight, steps.level as why
            from (
                select distinct owned.person_id as customer_id, owned.identifier_id from identity.person_identifiers as owned
                where {_CURRENT} and kind = 'customer' and person_id in (select customer_id from asked)
            ) as customers
            inner join identity.matches as matches on customers.identifier_id = matches.identifier_id and matches.is_accepted
            inner join identity.match_steps as steps
                on matches.identifier_id = steps.identifier_id and matches.other_identifier_id = steps.other_identifier_id
            order by customers.customer_id, other, what = 'prior' desc, abs(weight) desc, what
        """,
    },
    _customer,
)
