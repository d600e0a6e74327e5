"""What the collector offers to the report: the events that came, and how they keep to the project's ``events.yml``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from dmp_assets.collector.tracking_plan import FILE, read_plan
from dmp_assets.platform.sections import Content, Frames, Section, page_table

_QUERIES = {
    "events": """
        select event_name as event, count(*) as events, count(violation) as broken
        from raw.events where event_type = 'track' group by event_name
    """,
    "violations": """
        select coalesce(event_name, '(in quarantine)') as event, violation as rule, count(*) as events
        from (
            select event_name, violation from raw.events
            union all
            select null as event_name, violation from raw.rejected_events
        ) as looked_at
        where violation is not null
        group by all
        order by events desc, event, rule
        limit 50
    """,
}


def sections(project_dir: Path) -> tuple[Section, ...]:
    """Return the sections for a project, which says in a file of its own what its events must hold."""
    return (Section("Collected events", 92, _QUERIES, _events(project_dir)),)


def _events(project_dir: Path) -> Callable[[Frames], Content]:
    def build(frames: Frames) -> Content:
        asked = pd.DataFrame(
            [
                (name, schema.get("description", "–"), ", ".join(schema.get("required", ())) or "–")
                for name, schema in read_plan(project_dir).described.items()
            ],
            columns=pd.Index(["event", "description", "needs"]),
        )
        seen = asked.merge(frames["events"], on="event", how="outer").fillna({"events": 0, "broken": 0})
        seen = seen.sort_values(["events", "event"], ascending=[False, True], ignore_index=True)
        seen = seen.fillna({"description": f"not in {FILE}" if len(asked) else "–", "needs": "–"})
        return Content(
            f"Track events by name, with what {FILE} of the project says that each must hold: an event that breaks it is counted "
            "or quarantined, as the file says. A client that changed without the plan shows here as an event that nobody "
            "described, or as one that came no more.",
            tables=[
                page_table(
                    "Events by name", seen, {"events": ",.0f", "broken": ",.0f"}, "no track event was collected"
                ),
                page_table(f"What breaks {FILE}", frames["violations"], {"events": ",.0f"}, f"no event breaks {FILE}"),
            ],
        )

    return build
