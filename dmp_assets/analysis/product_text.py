"""What is known about a product, as one text: the raw material of content similarity and of topics."""

import re
from collections.abc import Callable

import pandas as pd

UNKNOWN = "Unknown"
"""How the marts write what the source does not say; it carries no information and gives no word."""

_SEPARATOR = "\n"
_WORD = re.compile(r"[^\W\d_]{2,}")


def product_texts(products: pd.DataFrame) -> pd.Series:
    """Write each product as text: words and attributes, separated by single spaces.

    Of the columns department, product_category, product_type, brand, manufacturer_id and package_size, those that
    `products` has are used, so the caller decides what the text tells apart by the columns it passes (on the demo
    data 4,816 different texts up to the brand, 32,302 with all). The first three give their words in small
    letters: runs of two or more letters, apostrophes closed up, a word as often as it occurs. The others each
    give one attribute such as `brand=private`, `manufacturer=cj:69`, `package=16oz`, which no word can be mistaken
    for. Missing values and 'Unknown' give nothing; a product of which nothing is known has the empty text.

    Split at the spaces to vectorise: `TfidfVectorizer(analyzer=str.split)`. Many products share a text: vectorise
    the unique ones.

    Args:
        products: one row per product: product_id and at least one of the columns above.

    Returns:
        Text by product_id, sorted by it.

    Raises:
        ValueError: a product is repeated, or no column says anything about products.
    """
    used = [column for column in _WORDS_OF if column in products.columns]
    if not used:
        raise ValueError(f"products has no column to take words from; known: {', '.join(_WORDS_OF)}")
    repeated = products["product_id"][products["product_id"].duplicated()]
    if not repeated.empty:
        raise ValueError(f"products must have one row per product; repeated: {sorted(repeated.unique())[:5]}")
    texts = pd.Series("", index=pd.Index(products["product_id"], name="product_id"), name="text", dtype=object)
    for column in used:
        # A column has few different values: each is written once. 92,000 products take 0.3 s instead of 1.2 s.
        words = {value: _text_of(column, value) for value in products[column].dropna().unique()}
        texts += products[column].map(words).fillna("").to_numpy(dtype=object)
    return texts.str.rstrip().sort_index()


def product_types(products: pd.DataFrame) -> pd.Series:
    """Name the type of each product, so that two products have one name if they are of one type.

    Types of the same name in two categories are two. A product of unknown type is a type of its own: it is not the same thing as
    every other product that nothing is known of.

    Args:
        products: product_category and product_type, missing or 'Unknown' where not known; the index is the product_id.

    Returns:
        Text by product_id, in the order given; see `type_name`.
    """
    category, kind = (products[column].fillna(UNKNOWN).astype(str) for column in ("product_category", "product_type"))
    own = kind.where(kind != UNKNOWN, kind + _SEPARATOR + products.index.astype(str))
    return category + _SEPARATOR + own


def type_name(product_type: str) -> str:
    """Return the product_type in a name of `product_types`."""
    return product_type.split(_SEPARATOR)[1]


def _text_of(column: str, value: str) -> str:
    """The words that one value gives, each followed by a space."""
    return "" if value == UNKNOWN else "".join(f"{word} " for word in _WORDS_OF[column](value))


def _words(value: str) -> list[str]:
    return _WORD.findall(value.lower().replace("'", "").replace("’", ""))


def _attribute(name: str) -> Callable[[str], list[str]]:
    return lambda value: [f"{name}={''.join(value.lower().split())}"]


_WORDS_OF: dict[str, Callable[[str], list[str]]] = {
    "department": _words,
    "product_category": _words,
    "product_type": _words,
    "brand": _attribute("brand"),
    "manufacturer_id": _attribute("manufacturer"),
    "package_size": _attribute("package"),
}
