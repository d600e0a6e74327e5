import pandas as pd
import pytest

from dmp_assets.analysis.product_text import product_texts, product_types, type_name


def products(**columns: list[str | None]) -> pd.DataFrame:
    count = len(next(iter(columns.values()), []))
    return pd.DataFrame({"product_id": [f"p{number}" for number in range(count)], **columns})


def test_the_hierarchy_gives_words_and_the_rest_gives_attributes() -> None:
    frame = products(
        department=["GROCERY"],
        product_category=["SALD DRSNG/SNDWCH SPRD"],
        product_type=["KID'S MAYO - 2LTR (50% FAT)"],
        brand=["Private"],
        manufacturer_id=["cj:69"],
        package_size=["14.5  OZ"],
    )
    assert product_texts(frame)["p0"] == (
        "grocery sald drsng sndwch sprd kids mayo ltr fat brand=private manufacturer=cj:69 package=14.5oz"
    )


def test_a_word_counts_as_often_as_it_occurs() -> None:
    frame = products(product_category=["CHEESE"], product_type=["CHEESE: SLICED CHEESE"])
    assert product_texts(frame)["p0"] == "cheese cheese sliced cheese"


def test_unknown_and_missing_values_give_no_words() -> None:
    frame = products(department=["Unknown", "MEAT", None], brand=[None, "Unknown", "Unknown"])
    assert product_texts(frame).tolist() == ["", "meat", ""]


def test_the_columns_that_are_passed_decide_what_the_text_tells_apart() -> None:
    frame = products(product_type=["SOUP", "SOUP"], package_size=["10 OZ", "12 OZ"])
    assert product_texts(frame).is_unique
    assert product_texts(frame[["product_id", "product_type"]]).tolist() == ["soup", "soup"]


def test_words_in_any_alphabet_are_kept() -> None:
    assert product_texts(products(product_type=["CRÈME BRÛLÉE", "정육"])).tolist() == ["crème brûlée", "정육"]


def test_the_order_of_rows_and_columns_does_not_matter() -> None:
    frame = products(product_type=["SOUP", "TEA", "Unknown"], brand=["Private", None, "National"])
    pd.testing.assert_series_equal(product_texts(frame), product_texts(frame.iloc[::-1, ::-1]))


def test_a_type_is_one_of_its_category_and_a_product_of_unknown_type_is_one_of_its_own() -> None:
    products = pd.DataFrame(
        {
            "product_category": ["BREAD", "BREAD", "CHEESE", "BREAD", "Unknown", None],
            "product_type": ["WHITE", "WHITE", "WHITE", None, "Unknown", "Unknown"],
        },
        index=pd.Index(["p1", "p2", "p3", "p4", "p5", "p6"]),
    )
    types = product_types(products)
    assert pd.factorize(types)[0].tolist() == [0, 0, 1, 2, 3, 4]
    assert types.map(type_name).tolist() == ["WHITE", "WHITE", "WHITE", "Unknown", "Unknown", "Unknown"]


def test_no_products_have_no_texts() -> None:
    assert product_texts(products(brand=[])).empty


def test_a_repeated_product_is_refused() -> None:
    frame = products(brand=["Private", "National"]).assign(product_id="p")
    with pytest.raises(ValueError, match=r"one row per product; repeated: \['p'\]"):
        product_texts(frame)


def test_products_without_any_known_column_are_refused() -> None:
    with pytest.raises(ValueError, match="no column to take words from; known: department"):
        product_texts(pd.DataFrame({"product_id": ["p"], "colour": ["red"]}))
