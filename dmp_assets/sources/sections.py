"""What the sources offer to the report: the rows that were rejected, and why."""

from __future__ import annotations

from dmp_assets.platform.sections import Content, Frames, Section, page_table


def _rejected_rows(frames: Frames) -> Content:
    return Content(
        "Source rows that break a rule are kept aside with the reason, never dropped: table quarantine.rejected_rows.",
        tables=[page_table("Rejected rows by reason", frames["rejected"], {"rows": ",.0f"})],
    )


SECTIONS = (
    Section(
        "Rejected rows",
        90,
        {
            "rejected": """
                select contract_table, reason, count(*) as rows
                from quarantine.rejected_rows group by contract_table, reason order by rows desc, reason
            """
        },
        _rejected_rows,
    ),
)
