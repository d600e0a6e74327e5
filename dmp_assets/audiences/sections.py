"""What the audiences offer to the published pages: all of them in the report, each on a page, and those of one customer."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dmp_assets.audiences import schema
from dmp_assets.audiences.plots import plot_audiences, plot_overlap, plot_trend
from dmp_assets.platform.emptiness import empty_because
from dmp_assets.platform.pictures import embed
from dmp_assets.platform.sections import (
    Content,
    CustomerSection,
    Fact,
    FactGroup,
    Frames,
    Page,
    PageTable,
    Part,
    Section,
    page_table,
)

_AUDIENCES = "select * from audiences.audiences order by audience"
_NONE = empty_because(schema.AUDIENCES)
_CHANGES_SHOWN = 10
_OVERLAPS_SHOWN = 6
_COUNTS = dict.fromkeys(["match", "may_not_be_reached", "members", "simulated", "entered", "left"], ",.0f")


def _listed(audiences: pd.DataFrame) -> PageTable:
    shown = pd.DataFrame(
        {
            "audience": audiences["title"],
            "rule": audiences["words"],
            "for": (audiences["purpose"] + " by " + audiences["channel"]).fillna("nobody is reached by it"),
            "match": audiences["matching"],
            "may_not_be_reached": audiences["left_out"],
            "members": audiences["members"],
            "simulated": audiences["simulated"],
            "entered": audiences["entered"],
            "left": audiences["left"],
            "note": audiences["is_small"].map({True: "small", False: ""}),
        }
    )
    return page_table("Audiences", shown, _COUNTS, _NONE)


def _all(frames: Frames) -> Content:
    audiences = frames["audiences"]
    return Content(
        "Whom to reach, by the rules in the project's folder audiences. Members meet the rule and may be reached for its "
        "purpose by its channel; who meets it and may not is counted beside. Simulated are members whom only simulated "
        "rows name. What sets each audience apart is on audiences.html beside this page; dmp audience why "
        "tells it of one customer.",
        [embed(plot_audiences(audiences)), embed(plot_overlap(frames["overlaps"]))],
        [_listed(audiences)],
        [Fact("audiences", f"{len(audiences):,}")] if len(audiences) else [],
    )


def _each(frames: Frames) -> Sequence[Part]:
    audiences = frames["audiences"]
    parts = [
        Part(
            "All audiences",
            Content(
                "Every audience with its rule in words, and how much of each is in the others.",
                [embed(plot_audiences(audiences)), embed(plot_overlap(frames["overlaps"]))],
                [_listed(audiences)],
            ),
        )
    ]
    return [*parts, *(Part(audience["title"], _one(audience, frames)) for audience in audiences.to_dict("records"))]


def _one(audience: dict, frames: Frames) -> Content:
    name = audience["audience"]
    mine = {key: frame[frame["audience"] == name] for key, frame in frames.items() if key != "audiences"}
    reached = f" To be reached for {audience['purpose']} by {audience['channel']}." if audience["purpose"] else ""
    apart = mine["traits"]
    shown = pd.DataFrame(
        {
            "trait": apart["trait"].str.replace("_", " "),
            "members": [
                _average(*row) for row in apart[["members_average", "is_share"]].itertuples(index=False, name=None)
            ],
            "everybody_else": [
                _average(*row) for row in apart[["others_average", "is_share"]].itertuples(index=False, name=None)
            ],
            "difference_in_standard_deviations": apart["difference"],
        }
    )
    overlaps = mine["overlaps"].sort_values(["share", "other_audience"], ascending=[False, True]).head(_OVERLAPS_SHOWN)
    changes = mine["changes"][["as_of_on", "change", "conditions", "customers"]].head(_CHANGES_SHOWN)
    changes = changes.assign(as_of_on=changes["as_of_on"].dt.strftime("%Y-%m-%d"))
    return Content(
        f"{audience['description']} Rule: {audience['words']}.{reached} Looked after by {audience['owner']}.",
        [embed(plot_trend(mine["counts"]))],
        [
            page_table(
                "What sets members apart",
                shown,
                {"difference_in_standard_deviations": "+.2f"},
                "there are too few members, or others beside them, to be compared",
            ),
            page_table(
                "Members who are in other audiences too",
                overlaps[["other_audience", "shared_members", "share"]],
                {"shared_members": ",.0f", "share": ".1%"},
                "none is",
            ),
            page_table("Newest changes", changes, {"customers": ",.0f"}, "nobody has entered or left since it began"),
        ],
    )


def _average(value: float, is_share: bool) -> str:
    return f"{value:.1%}" if is_share else f"{value:,.2f}"


def _customer(frames: Frames) -> Sequence[FactGroup]:
    rows = frames["audiences"][["title", "entered_on", "words"]].itertuples(index=False, name=None)
    facts = [Fact(title, f"since {entered_on:%Y-%m-%d}", words) for title, entered_on, words in rows]
    return [FactGroup("Audiences", facts)] if facts else []


_QUERIES = {
    "audiences": _AUDIENCES,
    "overlaps": "select * from audiences.audience_overlap order by audience, other_audience",
}

SECTIONS = (Section("Audiences", 25, _QUERIES, _all),)

PAGE = Page(
    "audiences",
    "Audiences",
    "All audiences with size, trend, overlap and the rule in words, and what sets each apart, as one HTML file that needs no "
    "network.",
    "Whom to reach and why: who meets each rule, who of them may be reached, what sets them apart from everybody else, and what "
    "changed.",
    {
        **_QUERIES,
        "traits": "select * from audiences.audience_traits order by audience, rank",
        "counts": "select * from audiences.audience_counts order by audience, as_of_on",
        "changes": """
            select audience, as_of_on, change, conditions, count(*) as customers
            from audiences.audience_changes
            group by all
            order by audience, as_of_on desc, customers desc, change, conditions
        """,
    },
    _each,
)

CUSTOMER = CustomerSection(
    15,
    {
        "audiences": """
            select members.customer_id, audiences.title, members.entered_on, audiences.words
            from audiences.audience_members as members
            inner join audiences.audiences as audiences on members.audience = audiences.audience
            where members.customer_id in (select customer_id from asked)
            order by members.customer_id, audiences.title
        """
    },
    _customer,
)
