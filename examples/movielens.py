"""The platform's functions on data that is not the demo's: MovieLens 100k, 100,000 ratings of 1,682 films by 943 people.

No warehouse and no Dagster: frames in, frames out, as in a notebook. `make examples` runs it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from dmp_assets.analysis.product_text import product_texts
from dmp_assets.profiles.lifecycle import lifecycle_stages
from dmp_assets.profiles.rfm import rfm_table
from dmp_assets.profiles.topics import fit_topics
from dmp_assets.recommendations.recommend import recommend, train
from dmp_assets.similarity.tables import content_similarity, customer_similarity, product_similarity

FOLDER = Path("recbole", "dataset_example", "ml-100k")


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return who rated what and when, and the films, in the words of the platform.

    Args:
        folder: where the data was installed to.

    Returns:
        customer_id, product_id, rating (1 to 5), ordered_on, order_id (a person's day); product_id, title,
        product_category (the film's first genre), product_type (all its genres).
    """
    ratings = pd.read_csv(folder / FOLDER / "ml-100k.inter", sep="\t")
    ratings.columns = pd.Index(["customer_id", "product_id", "rating", "rated_at"])
    ratings = ratings.astype({"customer_id": str, "product_id": str})
    ratings["ordered_on"] = pd.to_datetime(ratings.pop("rated_at"), unit="s").dt.normalize()
    ratings["order_id"] = ratings["customer_id"] + " " + ratings["ordered_on"].dt.strftime("%Y-%m-%d")
    films = pd.read_csv(folder / FOLDER / "ml-100k.item", sep="\t")
    films.columns = pd.Index(["product_id", "title", "year", "product_type"])
    films = films.astype({"product_id": str}).fillna({"product_type": "Unknown"})
    films["product_category"] = films["product_type"].str.split().str[0]
    return ratings, films


def main(folder: Path) -> None:
    """Show each family of functions on the ratings."""
    ratings, films = read(folder)
    as_of_on = (ratings["ordered_on"].max() + pd.Timedelta(days=1)).date()
    title = films.set_index("product_id")["title"]

    show("Similar people, from explicit ratings", customer_similarity(ratings, as_of_on, n_jobs=2), {})
    show("Similar films, from explicit ratings", product_similarity(ratings, as_of_on, n_jobs=2), title)
    show("Similar films, from their genres", content_similarity(product_texts(films), as_of_on, ratings=ratings), title)

    trained = train(ratings, films, as_of_on, n_jobs=2)
    board = trained.leaderboard
    is_shown = board["metric"].eq("ndcg") & board["segment"].eq("all customers") & board["list"].eq("novel")
    columns = ["strategy", "value", "ci_low", "ci_high", "customers", "is_champion"]
    print("\nForeseeing the last month, NDCG@10 of films not rated before")
    print(board.loc[is_shown, columns].sort_values("value", ascending=False).to_string(index=False))
    lists = recommend(ratings, films, as_of_on, trained, n_jobs=2)
    print(f"\nRecommendations for {lists['customer_id'].nunique()} people, here for one")
    print(
        lists.head(5).assign(title=lambda rows: rows["product_id"].map(title))[["rank", "title", "reason"]].to_string()
    )

    stages = lifecycle_stages(ratings.rename(columns={"ordered_on": "order_on"}), as_of_on)
    print("\nLifecycle stages\n" + stages["lifecycle_stage"].value_counts().to_string())
    people = ratings.groupby("customer_id", as_index=False).agg(
        last=("ordered_on", "max"), frequency=("order_id", "nunique"), monetary_amount=("rating", "sum")
    )
    people["recency_days"] = (pd.Timestamp(as_of_on) - people.pop("last")).dt.days
    print(
        "\nRFM segments, with ratings in place of money\n" + rfm_table(people)["rfm_segment"].value_counts().to_string()
    )
    print("\nTopics of the genres: " + "; ".join(fit_topics(product_texts(films), topics=6).names))


def show(heading: str, neighbours: pd.DataFrame, names: pd.Series | dict[str, str]) -> None:
    """Print the best neighbours by every measure."""
    id_name = neighbours.columns[0]
    best = neighbours[neighbours["rank"] == 1].sort_values(["similarity", id_name], ascending=[False, True])
    for measure, rows in best.groupby("measure"):
        first = rows.iloc[0]
        pair = [str(names.get(first[column], first[column])) for column in (id_name, f"neighbour_{id_name}")]
        print(f"{heading}, {measure}: {len(rows):,} have neighbours; closest: {pair[0]} and {pair[1]}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
