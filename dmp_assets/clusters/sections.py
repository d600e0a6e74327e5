"""What the clusters offer to the report."""

from __future__ import annotations

from dmp_assets.analysis import inputs
from dmp_assets.clusters import plots
from dmp_assets.clusters.features import transform_features
from dmp_assets.clusters.methods import SERVED_METHOD
from dmp_assets.platform.pictures import embed
from dmp_assets.platform.sections import Content, Fact, Frames, Section, page_table


def _clusters(frames: Frames) -> Content:
    points = transform_features(frames["features"])
    summaries = frames["summaries"]
    shown = ["cluster_name", "description", "customer_count", "customer_share"]
    shown += ["recency_days", "frequency", "monetary_amount"]
    evidence = ["stability_ari", "silhouette", "calinski_harabasz", "davies_bouldin", "smallest_cluster_share"]
    selection = frames["selection"]
    served = selection[selection["method"] == SERVED_METHOD][["k", *evidence, "reason"]]
    methods = selection[selection["is_chosen"]][["method", "setting", "k", *evidence, "noise_share"]]
    evidence_formats = {
        "k": ".0f",
        "stability_ari": ".2f",
        "silhouette": ".3f",
        "calinski_harabasz": ",.0f",
        "davies_bouldin": ".2f",
        "smallest_cluster_share": ".1%",
    }
    return Content(
        "Groups of customers who behave alike, found by K-Means on scaled behaviour. The number of groups is chosen by how "
        "stable they are when the customers are drawn anew, not by one score alone.",
        [
            embed(plots.plot_projection(points, frames["clusters"])),
            embed(plots.plot_cluster_profiles(points, frames["clusters"])),
            embed(plots.plot_selection(selection)),
            embed(plots.plot_dendrogram(points)),
        ],
        [
            page_table(
                "What sets each cluster apart",
                summaries[shown],
                {
                    "customer_count": ",.0f",
                    "customer_share": ".1%",
                    "recency_days": ",.1f",
                    "frequency": ",.1f",
                    "monetary_amount": ",.0f",
                },
            ),
            page_table("Evidence for the number of clusters", served, evidence_formats),
            page_table(
                "Every method at its best setting, for comparison", methods, {**evidence_formats, "noise_share": ".1%"}
            ),
            page_table(
                "Drift of the customers since the clusters of the date before (population stability index; above 0.2 is alarming)",
                frames["drift"],
                {"psi": ".3f"},
            ),
        ],
        [Fact("clusters of customers", f"{len(summaries)}")],
    )


SECTIONS = (
    Section(
        "Clusters",
        40,
        {
            "features": inputs.PROFILED_FEATURES,
            "clusters": f"select * from clusters.customer_clusters where method = '{SERVED_METHOD}' order by customer_id",
            "selection": "select * from clusters.cluster_selection order by method, k, setting",
            "summaries": f"select * from clusters.cluster_summaries where method = '{SERVED_METHOD}' order by cluster_id",
            "drift": "select feature, psi, is_drifting, reference_as_of_on from clusters.cluster_drift order by feature",
        },
        _clusters,
    ),
)
