"""Charts of the audiences. Every function takes served tables and returns a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dmp_assets.audiences import schema
from dmp_assets.platform.pictures import drawn_from

if TYPE_CHECKING:
    import altair as alt

_KINDS = {"members": "members", "left_out": "meet the rule, may not be reached"}


@drawn_from(schema.AUDIENCES)
def plot_audiences(audiences: pd.DataFrame) -> alt.Chart:
    """Draw how many customers each audience takes, and how many who meet its rule may not be reached."""
    import altair as alt

    sizes = audiences.melt("title", list(_KINDS), "kind", "customers").replace({"kind": _KINDS})
    order = audiences.sort_values(["matching", "title"], ascending=[False, True])["title"].to_list()
    return (
        alt.Chart(sizes, mark="bar", title="Customers by audience", name="audiences")
        .encode(
            x=alt.X("customers:Q", title="customers"),
            y=alt.Y("title:N", sort=order, title=None, axis=alt.Axis(labelLimit=260)),
            color=alt.Color("kind:N", title=None, sort=list(_KINDS.values()), legend=alt.Legend(orient="bottom")),
            order=alt.Order("kind:N", sort="descending"),
            tooltip=["title", "kind", "customers"],
        )
        .properties(height=alt.Step(22))
    )


@drawn_from(schema.AUDIENCE_OVERLAP)
def plot_overlap(overlaps: pd.DataFrame) -> alt.Chart:
    """Draw of every audience the share of members that is in each other one."""
    import altair as alt

    return (
        alt.Chart(overlaps, mark="rect", title="Share of an audience's members that is in another", name="overlap")
        .encode(
            x=alt.X("other_audience:N", title="is in", axis=alt.Axis(labelAngle=-60)),
            y=alt.Y("audience:N", title="of"),
            color=alt.Color("share:Q", title="share", scale=alt.Scale(scheme="blues", domain=[0, 1])),
            tooltip=["audience", "other_audience", "shared_members", alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(height=alt.Step(20))
    )


@drawn_from(schema.AUDIENCE_COUNTS)
def plot_trend(counts: pd.DataFrame) -> alt.Chart:
    """Draw how many customers one audience had on each as-of date."""
    import altair as alt

    sizes = counts.assign(as_of_on=counts["as_of_on"].dt.strftime("%Y-%m-%d"))
    sizes = sizes.melt("as_of_on", list(_KINDS), "kind", "customers").replace({"kind": _KINDS})
    return (
        alt.Chart(sizes, mark=alt.MarkDef("line", point=True), name=f"trend_{counts['audience'].iloc[0]}")
        .encode(
            x=alt.X("as_of_on:T", title=None),
            y=alt.Y("customers:Q", title="customers"),
            color=alt.Color("kind:N", title=None, sort=list(_KINDS.values()), legend=alt.Legend(orient="bottom")),
            tooltip=["as_of_on", "kind", "customers"],
        )
        .properties(height=140)
    )
