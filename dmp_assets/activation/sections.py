"""What activation offers to the published pages: what was sent where, what became of it, and how many could be matched."""

from __future__ import annotations

from dmp_assets.platform.sections import Content, Fact, Frames, Section, page_table

_SHOWN = 20
_NOTHING = "nothing was sent yet: dmp activate sends an audience"


def _deliveries(frames: Frames) -> Content:
    counts = dict.fromkeys(["members", "sent", "rejected", "unknown", "left_out", "unchanged"], ",.0f")
    total = frames["delivery_totals"].iloc[0]
    headlines = [Fact("rows sent to destinations", f"{total['sent']:,.0f}", f"in {total['syncs']:,.0f} syncs")]
    return Content(
        "Audiences that were sent to a destination. Only differences are sent; consent, the suppression list and decisions that no "
        "build has loaded yet are asked at the moment of sending. What a destination rejects is kept with its words. The command "
        "dmp deliveries shows the same at once.",
        tables=[
            page_table("Newest syncs", frames["syncs"], counts, _NOTHING),
            page_table(
                "Why members were left out, and what was rejected",
                frames["delivery_reasons"],
                {"rows": ",.0f"},
                _NOTHING,
            ),
            page_table(
                "Members who can be matched, by identifier",
                frames["match_rates"],
                {"members": ",.0f", "known": ",.0f", "usable": ",.0f", "share": ".1%"},
                _NOTHING,
            ),
            page_table(
                "To be corrected: sent after a refusal that became known later, and not removed since",
                frames["to_correct"],
                {"customers": ",.0f"},
                "nobody who was sent had refused before",
            ),
        ],
        headlines=headlines if total["syncs"] else [],
    )


_LATEST = "(from activation.syncs qualify sync_number = max(sync_number) over (partition by audience, destination))"

SECTIONS = (
    Section(
        "Deliveries",
        78,
        {
            "delivery_totals": """
                select count(distinct syncs.sync_id) as syncs, count(*) filter (where deliveries.state = 'sent') as sent
                from activation.syncs as syncs left join activation.deliveries as deliveries using (sync_id)
            """,
            "syncs": f"""
                select strftime(syncs.started_at, '%Y-%m-%d %H:%M') as started, syncs.audience, syncs.destination, syncs.state,
                    any_value(syncs.member_count) as members,
                    count(*) filter (where deliveries.state = 'sent') as sent,
                    count(*) filter (where deliveries.state = 'rejected') as rejected,
                    count(*) filter (where deliveries.state = 'unknown') as unknown,
                    any_value(syncs.left_out_count) as left_out, any_value(syncs.unchanged_count) as unchanged
                from activation.syncs as syncs left join activation.deliveries as deliveries using (sync_id)
                group by syncs.sync_number, started, syncs.audience, syncs.destination, syncs.state
                order by syncs.sync_number desc limit {_SHOWN}
            """,
            "delivery_reasons": f"""
                select syncs.audience, syncs.destination, deliveries.state, deliveries.reason, count(*) as rows
                from {_LATEST} as syncs inner join activation.deliveries as deliveries using (sync_id)
                where deliveries.reason is not null
                group by all order by rows desc, 1, 2, 3, 4 limit {_SHOWN}
            """,
            "match_rates": f"""
                select syncs.audience, syncs.destination, rates.identifier, rates.member_count as members,
                    rates.known_count as known, rates.usable_count as usable,
                    rates.usable_count / nullif(rates.member_count, 0) as share, coalesce(rates.repair, '') as repair
                from {_LATEST} as syncs inner join activation.match_rates as rates using (sync_id)
                order by syncs.audience, syncs.destination, rates.identifier limit {_SHOWN}
            """,
            "to_correct": f"""
                with sent as (
                    select syncs.audience, syncs.destination, syncs.sync_number, deliveries.customer_id, deliveries.action,
                        deliveries.decided_at
                    from activation.deliveries as deliveries inner join activation.syncs as syncs using (sync_id)
                    where deliveries.state = 'sent'
                )
                select sent.audience, sent.destination, count(distinct sent.customer_id) as customers,
                    strftime(min(permissions.decided_at), '%Y-%m-%d %H:%M') as refused_since,
                    strftime(max(sent.decided_at), '%Y-%m-%d %H:%M') as last_sent
                from sent
                inner join audiences.audiences as audiences on sent.audience = audiences.audience
                inner join marts.customer_identifiers as owned
                    on sent.customer_id = owned.identifier_id and owned.owned_until_at is null
                inner join marts.contact_permissions as permissions on owned.customer_id = permissions.customer_id
                    and audiences.purpose = permissions.purpose and audiences.channel = permissions.channel
                left join sent as removed on sent.audience = removed.audience and sent.destination = removed.destination
                    and sent.customer_id = removed.customer_id and removed.action = 'remove'
                    and removed.sync_number > sent.sync_number
                where sent.action <> 'remove' and not permissions.is_allowed and permissions.decided_at <= sent.decided_at
                    and removed.customer_id is null
                group by sent.audience, sent.destination
                order by customers desc, sent.audience, sent.destination limit {_SHOWN}
            """,
        },
        _deliveries,
    ),
)
