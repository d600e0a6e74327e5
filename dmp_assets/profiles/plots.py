"""Charts of the customer profiles and tags. Every function takes a served table and returns a picture."""

from typing import TYPE_CHECKING

import pandas as pd

from dmp_assets.platform.money import currency
from dmp_assets.platform.pictures import drawn, drawn_from
from dmp_assets.profiles import loyalty_schema, schema
from dmp_assets.profiles.lifecycle import STAGES
from dmp_assets.profiles.loyalty import TIERS
from dmp_assets.profiles.rfm import SEGMENTS

if TYPE_CHECKING:
    import altair as alt
    from matplotlib.figure import Figure

SHOWN_FEATURES = {
    "recency_days": False,
    "frequency": False,
    "monetary_amount": False,
    "inter_purchase_days_mean": False,
    "average_order_amount": False,
    "sales_amount_28d": False,
    "product_count": False,
    "discount_share": True,
    "private_label_share": True,
    "mailer_share": True,
    "weekend_share": True,
    "favourite_store_share": True,
}
"""The features whose distribution is drawn, and whether they are shares."""


@drawn
def plot_segment_sizes(profiles: pd.DataFrame) -> "Figure":
    """Draw the customers in each RFM segment, best on top; the label adds the segment's share of all sales."""
    return _plot_groups(profiles, "rfm_segment", SEGMENTS, "monetary_amount", "Customers by RFM segment")


@drawn
def plot_lifecycle_stages(profiles: pd.DataFrame) -> "Figure":
    """Draw the customers in each lifecycle stage; the label adds the stage's share of the sales of 26 weeks."""
    title = "Customers by lifecycle stage, with sales of the last 26 weeks"
    return _plot_groups(profiles, "lifecycle_stage", STAGES, "sales_amount_26w", title)


@drawn
def plot_loyalty_tiers(profiles: pd.DataFrame) -> "Figure":
    """Draw the customers in each loyalty tier, best on top; the label adds the tier's share of the sales of 26 weeks."""
    title = "Customers by loyalty tier, with sales of the last 26 weeks"
    return _plot_groups(profiles, "loyalty_tier", TIERS, "sales_amount_26w", title)


@drawn_from(loyalty_schema.LOYALTY_MOVEMENTS)
def plot_loyalty_movements(movements: pd.DataFrame) -> "alt.Chart":
    """Draw how many customers rose and fell by tier in each month; customers without an order before do not count."""
    import altair as alt

    order = {tier: place for place, tier in enumerate(TIERS)}
    moved = movements[movements["from_tier"] != "none"]
    step = moved["from_tier"].map(order) - moved["to_tier"].map(order)
    moved = moved.assign(moved=step.map(lambda each: "rose" if each > 0 else "fell" if each < 0 else "stayed"))
    counts = moved[moved["moved"] != "stayed"].groupby(["month_on", "moved"], as_index=False)["customers"].sum()
    counts["month"] = counts["month_on"].dt.strftime("%Y-%m")
    return (
        alt.Chart(counts, mark="bar", title="Customers who rose or fell by a loyalty tier", name="loyalty_movements")
        .encode(
            x=alt.X("month:O", title=None),
            y=alt.Y("customers:Q", title="customers", stack=None),
            xOffset="moved:N",
            color=alt.Color("moved:N", title=None, sort=["rose", "fell"], legend=alt.Legend(orient="bottom")),
            tooltip=["month", "moved", "customers"],
        )
        .properties(height=180)
    )


def _plot_groups(
    profiles: pd.DataFrame, column: str, groups: tuple[str, ...], sales_column: str, title: str
) -> "Figure":
    from matplotlib.figure import Figure

    counts = profiles[column].value_counts().reindex(groups, fill_value=0)
    sales = profiles.groupby(column)[sales_column].sum().reindex(groups, fill_value=0.0)
    figure = Figure(figsize=(7, 1.2 + 0.26 * len(groups)), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh([group.replace("_", " ") for group in groups], counts.to_numpy(), color="#4C78A8")
    shares = 100 * sales / max(float(sales.sum()), 0.01)
    labels = [f"{count:,} ({share:.0f} % of sales)" for count, share in zip(counts, shares, strict=True)]
    axes.bar_label(bars, labels=labels, padding=3, fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.25)
    axes.set_xlabel("Customers")
    axes.set_title(title)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


@drawn_from(schema.CUSTOMER_INTERESTS)
def plot_interests(interests: pd.DataFrame, *, top: int = 20) -> "Figure":
    """Draw the most frequent interests of profiles.customer_interests, one panel by behaviour and one by content."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5), layout="constrained")
    panels = {"behaviour": "Categories by behaviour", "content": "Topics by content"}
    for axes, (source, title) in zip(figure.subplots(1, 2), panels.items(), strict=True):
        tags = interests.loc[interests["source"] == source].groupby("tag").size().rename("customers").reset_index()
        tags = tags.sort_values(["customers", "tag"], ascending=[False, True], ignore_index=True).head(top)
        bars = axes.barh(tags.index, tags["customers"], color="#4C78A8")
        axes.bar_label(bars, fmt="{:,.0f}", padding=3, fontsize=7)
        axes.set_yticks(tags.index, labels=tags["tag"], fontsize=7)
        axes.invert_yaxis()
        axes.margins(x=0.15)
        axes.set_xlabel("Customers")
        axes.set_title(title)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


@drawn_from(schema.TOPIC_TERMS)
def plot_topics(terms: pd.DataFrame) -> "Figure":
    """Draw every topic of profiles.topic_terms as a bar of its top terms, each as long as its weight; the terms are beside it."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    words = terms.sort_values(["topic_id", "rank"]).groupby("topic_id")["term"].agg(", ".join)
    weights = terms.pivot_table(index="topic_id", columns="rank", values="weight", fill_value=0.0)
    figure = Figure(figsize=(10, 1.2 + 0.22 * len(words)), layout="constrained")
    axes = figure.subplots()
    ends = weights.cumsum(axis=1)
    for number, rank in enumerate(weights.columns):
        # One panel for all topics: a panel each takes ten times as long to draw.
        start = ends[rank] - weights[rank]
        axes.barh(
            range(len(weights)), weights[rank], left=start, color=colormaps["viridis"](number / len(weights.columns))
        )
    for row, text in enumerate(words):
        axes.text(float(ends.iloc[row, -1]), row, f"  {text}", va="center", fontsize=7)
    axes.set_yticks(range(len(words)), labels=[f"Topic {topic_id}" for topic_id in words.index], fontsize=7)
    axes.invert_yaxis()
    axes.set_xlim(0, 2)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.set_xlabel("Weight of the top terms, strongest first, as a share of the topic")
    axes.set_title("Topics in the products' texts")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


@drawn
def plot_frequency_and_spend(profiles: pd.DataFrame) -> "Figure":
    """Draw the density of customers with a sale over orders and sales, both axes logarithmic."""
    from matplotlib.figure import Figure

    drawn = profiles[(profiles["frequency"] > 0) & (profiles["monetary_amount"] > 0)]
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    cells = axes.hexbin(
        drawn["frequency"].to_numpy(),
        drawn["monetary_amount"].to_numpy(),
        xscale="log",
        yscale="log",
        gridsize=35,
        mincnt=1,
        cmap="viridis",
    )
    figure.colorbar(cells, ax=axes, label="Customers")
    axes.set_xlabel("Orders with a sale (log scale)")
    axes.set_ylabel(f"Sales, {currency()} (log scale)")
    axes.set_title("Customers by number of orders and sales")
    return figure


@drawn
def plot_recency_frequency(profiles: pd.DataFrame) -> "Figure":
    """Draw the customers in each cell of recency score by frequency score."""
    from matplotlib.figure import Figure

    scores = [1, 2, 3, 4, 5]
    counts = pd.crosstab(profiles["r_score"], profiles["f_score"]).reindex(index=scores, columns=scores, fill_value=0)
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(counts.to_numpy(), origin="lower", cmap="Blues", aspect="auto")
    half = counts.to_numpy().max() / 2
    for row, r_score in enumerate(scores):
        for column, f_score in enumerate(scores):
            count = int(counts.loc[r_score, f_score])
            axes.text(column, row, f"{count:,}", ha="center", va="center", color="white" if count > half else "black")
    axes.set_xticks(range(5), labels=["1\nfewest orders", "2", "3", "4", "5\nmost orders"])
    axes.set_yticks(range(5), labels=["longest ago 1", "2", "3", "4", "most recent 5"])
    axes.set_xlabel("Frequency score")
    axes.set_ylabel("Recency score")
    axes.set_title("Customers by recency and frequency score")
    figure.colorbar(image, ax=axes, label="Customers")
    return figure


@drawn
def plot_feature_distributions(features: pd.DataFrame) -> "Figure":
    """Draw how the main features of marts.customer_features are distributed over customers, one small panel each.

    Amounts, counts and days are on a logarithmic scale of 1 + value, shares from 0 to 1; customers without a value are left
    out and counted in the title.
    """
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    for axes, (column, is_share) in zip(figure.subplots(3, 4).ravel(), SHOWN_FEATURES.items(), strict=True):
        values = features[column].dropna().to_numpy(dtype=float)
        drawn = values if is_share else np.log1p(np.maximum(values, 0))
        counts, edges = np.histogram(drawn, bins=30, range=(0, 1) if is_share else (0, max(1, drawn.max(initial=0))))
        axes.stairs(counts, edges, fill=True, color="#4C78A8")
        if not is_share:
            # A logarithmic axis of matplotlib takes longer to draw than all the rest.
            powers = [
                0,
                *(10**power for power in range(1, 7, 1 if edges[-1] < 8 else 2) if np.log1p(10**power) < edges[-1]),
            ]
            axes.set_xticks(np.log1p(powers), labels=[f"{power:,}" for power in powers])
        missing = len(features) - len(values)
        title = column.replace("_", " ")
        axes.set_title(f"{title} ({missing:,} without)" if missing else title, fontsize=8)
        axes.tick_params(labelsize=7)
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"Customers by feature (counts, days and {currency()} on a logarithmic scale)", fontsize="medium")
    return figure


@drawn_from(schema.CUSTOMER_TAGS)
def plot_tags(tags: pd.DataFrame) -> "alt.Chart":
    """Draw the customers of each rule tag of profiles.customer_tags, most frequent on top; the legend picks a category."""
    import altair as alt

    tags = tags[tags["source"] == "rule"]
    counts = tags.groupby(["category", "tag"]).agg(customers=("customer_id", "size")).reset_index()
    picked = alt.selection_point(name="picked", fields=["category"], bind="legend")
    counts["tag"] = counts["tag"].str.replace("_", " ")
    return (
        alt.Chart(counts, mark="bar", title="Customers by tag", name="tags")
        .encode(
            x=alt.X("customers:Q", title="Customers"),
            y=alt.Y("tag:N", title=None, sort=alt.EncodingSortField("customers", order="descending")),
            color=alt.Color("category:N", title="Category"),
            opacity=alt.when(picked).then(alt.value(1)).otherwise(alt.value(0.15)),
            tooltip=[
                alt.Tooltip("tag:N", title="Tag"),
                alt.Tooltip("category:N", title="Category"),
                alt.Tooltip("customers:Q", title="Customers", format=","),
            ],
        )
        .add_params(picked)
    )


@drawn_from(schema.LOOKALIKE_QUALITY)
def plot_lookalike_quality(quality: pd.DataFrame) -> "Figure":
    """Draw the lift of each method of profiles.lookalike_quality with its interval; 1 is a random choice."""
    from matplotlib.figure import Figure

    rows = quality[quality["metric"] == "lift"].sort_values("value", kind="stable")
    figure = Figure(figsize=(7, 2.2), layout="constrained")
    axes = figure.subplots()
    errors = [rows["value"] - rows["ci_low"], rows["ci_high"] - rows["value"]]
    axes.barh([method.replace("_", " ") for method in rows["method"]], rows["value"], color="#4C78A8")
    axes.errorbar(rows["value"], range(len(rows)), xerr=errors, fmt="none", ecolor="black", capsize=2, linewidth=1)
    axes.axvline(1, color="black", linestyle="--", linewidth=1)
    axes.set_xlabel(
        f"Buyers among the best tenth, times a random choice (mean of {rows['categories'].max()} categories)"
    )
    axes.set_title("What the look-alikes of a category's buyers buy in the next 28 days")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
