"""What permissions offer to the published pages: how many may be reached for what, and what one customer allows, and why."""

from __future__ import annotations

from collections.abc import Sequence

from dmp_assets.platform.permissions import LEFT_OUT, PERMISSIONS
from dmp_assets.platform.sections import Content, CustomerSection, Fact, FactGroup, Frames, Section, page_table

_LEFT_OUT = "no profile, score, tag or list is made of who refuses analytics or personalization"
_IDENTIFIERS = {
    "device": "a device",
    "email": "an e-mail address",
    "phone": "a phone number",
    "customer": "the customer",
}


def _permissions(frames: Frames) -> Content:
    pairs, left_out = frames["pairs"], frames["left_out"].iloc[0]
    shares = pairs.assign(share=pairs["may"] / pairs["customers"].where(pairs["customers"] > 0))
    shown = shares[["purpose", "channel", "may", "share", "granted", "refused", "unknown"]]
    formats = {"may": ",.0f", "share": ".1%", "granted": ",.0f", "refused": ",.0f", "unknown": ",.0f"}
    count = f"{left_out['left_out']:,.0f} of {left_out['customers']:,.0f} customers"
    return Content(
        "What may be done with customers' data and how they may be reached. Within one identifier the newest decision counts; a "
        "refusal of any of the customer's identifiers wins; where nobody decided, the defaults of the settings hold. "
        f"{count} refuse analytics or personalization: they have no profile, no score, no tag and no list, and count in sums and "
        "in what is said of products.",
        tables=[
            page_table("Who may be reached, by purpose and channel", shown, formats),
            page_table(
                "Categories of consent that mean nothing yet",
                frames["unknown"],
                {"decisions": ",.0f"},
                "none: every category is translated",
            ),
        ],
        headlines=[Fact("customers left out by their own choice", f"{left_out['left_out']:,.0f}")],
    )


def _customer(frames: Frames) -> Sequence[FactGroup]:
    permissions = [Fact(*row) for row in frames["permissions"][["what", "answer", "why"]].itertuples(index=False)]
    if len(frames["left_out"]):
        permissions.append(Fact("Profile", "none", _LEFT_OUT))
    return [FactGroup("May we?", permissions)]


_ORDER = "purpose <> 'analytics', purpose <> 'personalization', purpose, channel = 'any', channel"
_IDENTIFIER = " ".join(f"when '{kind}' then '{words}'" for kind, words in _IDENTIFIERS.items())

SECTIONS = (
    Section(
        "Permissions",
        80,
        {
            "pairs": f"""
                select purpose, case when channel = 'any' then '–' else channel end as channel,
                    count(*) as customers, count(*) filter (where is_allowed) as may,
                    count(*) filter (where state = 'granted') as granted,
                    count(*) filter (where state = 'refused') as refused,
                    count(*) filter (where state = 'unknown') as unknown
                from {PERMISSIONS} as permissions
                group by permissions.purpose, permissions.channel
                order by {_ORDER.replace("channel", "permissions.channel").replace("purpose", "permissions.purpose")}
            """,
            "left_out": f"""
                select coalesce(max(left_out_count), 0) as left_out,
                    (select count(distinct customer_id) from {PERMISSIONS}) as customers
                from privacy.profiled_tables
            """,
            "unknown": """
                select purpose as category, source, count(*) as decisions
                from marts.consents where not is_known group by all order by decisions desc, category, source
            """,
        },
        _permissions,
    ),
)

CUSTOMER = CustomerSection(
    5,
    {
        "permissions": f"""
            select customer_id, purpose || coalesce(' by ' || channels, '') as what,
                case when is_allowed then 'yes' else 'no' end as answer, why
            from (
                select customer_id, purpose, is_allowed,
                    reason || case
                        when state = 'unknown' then ''
                        else ' since ' || strftime(decided_at, '%Y-%m-%d %H:%M') || ' UTC for '
                            || case split_part(subject_id, ':', 1) {_IDENTIFIER} else subject_id end || ', told by ' || source
                            || case when is_machine then ', by a mail gateway as it seems: ask' else '' end
                    end as why,
                    string_agg(nullif(channel, 'any'), ', ' order by channel) as channels
                from {PERMISSIONS}
                where customer_id in (select customer_id from asked)
                group by all
            )
            order by customer_id, {_ORDER.replace("channel = 'any', channel", "channels nulls first")}
        """,
        "left_out": f"select customer_id from {LEFT_OUT} where customer_id in (select customer_id from asked) order by 1",
    },
    _customer,
)
