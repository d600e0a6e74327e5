"""Interests from content: topics in the products' texts, and the customers who buy them more than others do.

The different texts of the catalogue (department, category and type words, see `product_text`) become TF-IDF vectors of words
and pairs of neighbouring words, without the stop words of English and words in more than a fifth of the texts; non-negative
matrix factorisation (Lee and Seung, 1999) finds the topics. A text counts by the fourth root of the number of its products, so that
1,100 books of one text do not outweigh a department. Only the catalogue decides the topics, so that they stay what they are
from day to day.

Measured on the demo data (3,885 texts): stability is the mean Jaccard index of the ten top terms of matched topics, refitted on
80 % of the texts (Greene et al., 2014); coherence the mean normalised pointwise mutual information of the eight top terms;
foresight the share of the next 28 days' purchases in a customer's top three topics, over everybody's share of them.

| topics | stability | coherence | largest share of sales | foresight |
|---|---|---|---|---|
| 10 | 0.60 | 0.44 | 32 % | 1.2 |
| 15 | 0.64 | 0.39 | 17 % | 1.3 |
| 20 | 0.68 | 0.36 | 10 % | 1.5 |
| 25 | 0.68 | 0.27 | 12 % | 1.6 |
| 30 | 0.67 | 0.31 | 9 % | 1.7 |
| 40 | 0.68 | 0.31 | 10 % | 2.0 |

From 20 on they are equally stable; 30 is where each still has a subject that fits in a name. Words without pairs are incoherent
(-0.03 for 25 topics); brand, manufacturer and package words leave stability (0.72 to 0.76) and foresight (1.6) where they are and
cost ten times as much, because they make 32,298 texts.
"""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions, day_number
from dmp_assets.analysis.product_text import UNKNOWN
from dmp_assets.clusters.kmeans import one_thread
from dmp_assets.profiles.interests import decay, rank_interests, ranked_table, times

TOPICS = 30
SEED = 20170101
MAX_TEXT_SHARE = 0.2
MIN_TEXTS = 5
TERMS = 8
NAME_WORDS = 3
# Below this share of a product's weight a topic is noise of the factorisation.
LEAST_SHARE = 0.05
TOP_TOPICS = 3
SMOOTHING_PURCHASES = 20
PRODUCTS_NAMED = 3


@dataclass(frozen=True)
class Topics:
    """Topics of a catalogue, numbered from 1 by falling number of texts.

    Attributes:
        names: name of each topic: its NAME_WORDS top words.
        terms: topic_id, topic_name, rank, term, weight (0 to 1, of the topic's weight of all terms); TERMS per topic.
        product_ids: the products that have a topic, ascending.
        shares: float CSR (products, topics): each product's weight by topic; a row sums to 1.
    """

    names: np.ndarray
    terms: pd.DataFrame
    product_ids: np.ndarray
    shares: sparse.csr_array


def fit_topics(texts: pd.Series, *, topics: int = TOPICS) -> Topics:
    """Find the topics of a catalogue.

    Args:
        texts: text of each product, words separated by spaces (see `product_text.product_texts`), by product_id.
        topics: how many; fewer where there are fewer texts or terms.

    Returns:
        The topics; none where no word is in at least MIN_TEXTS texts and in at most MAX_TEXT_SHARE of them.
    """
    from sklearn.decomposition import NMF
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = texts.sort_index()
    codes, different = pd.factorize(texts, sort=True)
    unique = [str(text) for text in different]
    keeps = _telling_words(unique)
    kept = [[word for word in text.split() if word in keeps] for text in unique]
    if not keeps:
        return _no_topics()

    vectoriser = TfidfVectorizer(analyzer=_terms, min_df=MIN_TEXTS, sublinear_tf=True)
    vectors = vectoriser.fit_transform(kept)
    weights = sparse.diags_array(np.bincount(codes) ** 0.25)
    model = NMF(min(topics, *vectors.shape), init="nndsvd", random_state=SEED, max_iter=400, tol=1e-3)
    with one_thread():
        model.fit(weights @ vectors)
        by_text = model.transform(vectors)

    whole = by_text.sum(axis=1, keepdims=True)
    by_text = np.divide(by_text, whole, out=np.zeros_like(by_text), where=whole > 0)
    by_text[by_text < LEAST_SHARE] = 0
    whole = by_text.sum(axis=1, keepdims=True)
    by_text = np.divide(by_text, whole, out=by_text, where=whole > 0)

    used = np.flatnonzero((by_text.sum(axis=0) > 0) & (model.components_.sum(axis=1) > 0))
    names, terms = _describe(model.components_[used], vectoriser.get_feature_names_out())
    strongest = np.bincount(by_text[:, used].argmax(axis=1)[whole[:, 0] > 0], minlength=len(used))
    order = np.lexsort((names, -strongest))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    terms["topic_id"] = place[terms["topic_id"]] + 1
    has_topic = whole[codes, 0] > 0
    return Topics(
        names[order],
        terms.sort_values(["topic_id", "rank"], ignore_index=True),
        texts.index.to_numpy()[has_topic],
        sparse.csr_array(by_text[:, used[order]])[codes[has_topic]],
    )


def topic_products(topics: Topics) -> pd.DataFrame:
    """Return each product's strongest topic: product_id, topic_id, topic_name, weight (0 to 1), sorted by product_id."""
    shares = topics.shares.toarray()
    strongest = shares.argmax(axis=1) if shares.size else np.zeros(0, dtype=np.int64)
    weight = shares[np.arange(len(shares)), strongest]
    return pd.DataFrame(
        {
            "product_id": topics.product_ids,
            "topic_id": strongest + 1,
            "topic_name": topics.names[strongest],
            "weight": weight,
        }
    ).astype({"product_id": object, "topic_id": "int64", "topic_name": object})


def product_topics(topics: Topics, members: pd.DataFrame, product_sales: pd.DataFrame) -> pd.DataFrame:
    """Describe the topics, one row each.

    Args:
        topics: see `fit_topics`.
        members: see `topic_products`, of the same topics.
        product_sales: product_id, sales_amount (currency) of any products; the shares are of these.

    Returns:
        topic_id, topic_name, terms (top terms, strongest first), product_count (products whose strongest topic
        it is), sales_amount (currency; a product's sales go to its topics by their weight) and sales_share (0 to 1, of the sales of
        all products).
    """
    product_count = np.bincount(members["topic_id"] - 1, minlength=len(topics.names))
    sales = product_sales.groupby("product_id")["sales_amount"].sum().sort_index()
    amounts = (sales.reindex(topics.product_ids).fillna(0.0).to_numpy() @ topics.shares).round(2)
    whole = float(sales.sum())
    return pd.DataFrame(
        {
            "topic_id": np.arange(1, len(topics.names) + 1),
            "topic_name": topics.names,
            "terms": topics.terms.groupby("topic_id")["term"].agg(", ".join).to_numpy(dtype=object),
            "product_count": product_count,
            "sales_amount": amounts,
            "sales_share": amounts / whole if whole > 0 else np.zeros(len(amounts)),
        }
    ).astype({"topic_id": "int64", "topic_name": object, "terms": object, "product_count": "int64"})


def content_interests(history: Interactions, topics: Topics, products: pd.DataFrame, as_of_on: date) -> pd.DataFrame:
    """Return the topics that each customer buys more of than others do.

    Args:
        history: all purchases; only those before as_of_on are read. Each line counts by its age and by its product's topics.
        topics: see `fit_topics`.
        products: product_id, product_type and product_category, to name in the evidence what was bought.
        as_of_on: the day on which the weights hold.

    Returns:
        At most TOP_TOPICS rows per customer, sorted by customer_id and rank, with the columns of
        `interests.ranked_table`: source is 'content', tag the topic's name, value the lift (times the average
        customer's share of purchases).
    """
    past = history.before(day_number(as_of_on))
    position = pd.Series(np.arange(len(topics.product_ids)), index=topics.product_ids)
    product = position.reindex(past.products, fill_value=-1).to_numpy()[past.product]
    known = product >= 0
    # Summed by pair in the lines' order, not by scipy: its order within a pair is not defined.
    width = max(len(topics.product_ids), 1)
    key, pair = np.unique(past.customer[known] * width + product[known], return_inverse=True)
    at, shape = (key // width, key % width), (len(past.customers), len(topics.product_ids))
    counts = sparse.csr_array((np.bincount(pair, minlength=len(key)).astype(float), at), shape=shape)
    decayed = sparse.csr_array(
        (np.bincount(pair, decay(past, day_number(as_of_on))[known], minlength=len(key)), at), shape=shape
    )
    amounts, by_topic = sparse.csr_array(decayed @ topics.shares), sparse.csr_array(counts @ topics.shares)
    amounts.sort_indices()
    by_topic.sort_indices()
    customer, group = amounts.nonzero()
    pairs = pd.DataFrame({"customer": customer, "group": group, "amount": amounts.data, "count": by_topic.data})
    ranked = rank_interests(pairs, amounts.sum(axis=1), smoothing=SMOOTHING_PURCHASES, top=TOP_TOPICS)

    named = _products_named(counts, topics, ranked, products)
    evidence = [
        f"{100 * share:.0f} % of purchases, {times(lift)} the average customer: {words}"
        for share, lift, words in zip(ranked["share"], ranked["lift"], named, strict=True)
    ]
    return ranked_table(past, ranked, "content", topics.names, evidence)


def _products_named(
    counts: sparse.csr_array, topics: Topics, ranked: pd.DataFrame, products: pd.DataFrame
) -> pd.Series:
    """The types of product that brought each ranked topic most weight."""
    known = products.set_index("product_id").reindex(topics.product_ids)
    label = known["product_type"].where(known["product_type"] != UNKNOWN, known["product_category"]).fillna(UNKNOWN)
    codes, labels = pd.factorize(label, sort=True)
    bought = counts[ranked["customer"].to_numpy()].tocoo()
    row, product = bought.coords
    # A topic's shares of all products, dense: topics are few.
    weight = bought.data * topics.shares.toarray()[product, ranked["group"].to_numpy()[row]]
    matrix = sparse.csr_array((weight, (row, codes[product])), shape=(len(ranked), len(labels)))
    summed = matrix.tocoo()
    row, column = summed.coords
    parts = pd.DataFrame({"row": row, "label": column, "weight": np.round(summed.data, 9)})
    parts = parts.sort_values(["row", "weight", "label"], ascending=[True, False, True])
    parts = parts[parts.groupby("row").cumcount() < PRODUCTS_NAMED]
    words = pd.Series(np.asarray(labels)[parts["label"]], index=parts["row"], dtype=object)
    return words.groupby(level=0).agg(", ".join).reindex(range(len(ranked)))


def _telling_words(texts: list[str]) -> set[str]:
    """The words that tell texts apart: in at least MIN_TEXTS and at most MAX_TEXT_SHARE of them, and no stop words."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    words = pd.Series([word for text in texts for word in set(text.split())], dtype=object).value_counts()
    words = words[(words >= MIN_TEXTS) & (words <= MAX_TEXT_SHARE * len(texts))]
    return set(words.index) - ENGLISH_STOP_WORDS


def _terms(words: list[str]) -> list[str]:
    """The words and the pairs of neighbours: of 'hair care products' also 'hair care' and 'care products'."""
    return words + [f"{first} {second}" for first, second in pairwise(words) if first != second]


def _describe(components: np.ndarray, terms: np.ndarray) -> tuple[np.ndarray, pd.DataFrame]:
    """Name the topics and list their top terms; ties go to the first in the alphabet, as `terms` is sorted."""
    weights = components / components.sum(axis=1, keepdims=True)
    order = np.argsort(-weights, axis=1, kind="stable")
    is_word = np.array([" " not in term for term in terms])
    names: list[str] = []
    for row in order:
        words = terms[row[is_word[row]]]
        count = NAME_WORDS
        while ", ".join(words[:count]) in names and count < len(words):
            count += 1
        names.append(", ".join(words[:count]))
    kept = order[:, :TERMS]
    rows = pd.DataFrame(
        {
            "topic_id": np.repeat(np.arange(len(kept)), kept.shape[1]),
            "topic_name": np.repeat(np.array(names, dtype=object), kept.shape[1]),
            "rank": np.tile(np.arange(1, kept.shape[1] + 1), len(kept)),
            "term": terms[kept].ravel(),
            "weight": np.take_along_axis(weights, kept, axis=1).ravel(),
        }
    )
    return np.array(names, dtype=object), rows[rows["weight"] > 0].reset_index(drop=True)


def _no_topics() -> Topics:
    terms = pd.DataFrame({"topic_id": [], "topic_name": [], "rank": [], "term": [], "weight": []})
    kinds = {"topic_id": "int64", "topic_name": object, "rank": "int64", "term": object, "weight": float}
    empty = np.array([], dtype=object)
    return Topics(empty, terms.astype(kinds), empty, sparse.csr_array((0, 0)))
