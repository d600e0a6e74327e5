from pathlib import Path

import pandas as pd
import pytest

from dmp_assets import demo
from dmp_assets.platform.project import TEMPLATES_DIR
from dmp_assets.recommendations.exclusions import (
    NO_EXCLUSIONS,
    entries_without_effect,
    excluded_products,
    load_exclusions,
)
from dmp_assets.rules.files import RuleError


@pytest.fixture
def catalogue():
    return pd.DataFrame(
        {
            "product_id": ["p1", "p2", "p3", "p4"],
            "department": ["GROCERY", "DRUG GM", "DRUG GM", "FUEL"],
            "product_category": ["SOFT DRINKS", "CIGARETTES", "COUPON", "FUEL"],
            "product_type": ["COLA", "CIGARETTES", "COUPON", None],
        }
    )


@pytest.fixture
def load(tmp_path):
    def write_and_load(text):
        path = tmp_path / "own.yml"
        path.write_text(text, encoding="utf-8")
        return load_exclusions(path)

    return write_and_load


def test_a_new_project_excludes_nothing():
    assert not load_exclusions(TEMPLATES_DIR / "rules" / "exclusions.yml").exclusions


def test_the_exclusions_of_the_demo_are_valid():
    assert load_exclusions(Path(demo.__file__).with_name("exclusions.yml")).exclusions


def test_products_that_have_all_names_of_an_entry_are_excluded(catalogue, load):
    exclusions = load(
        """
        exclusions:
          - {department: fuel, reason: "a tank is full or not"}
          - {department: DRUG GM, product_category: COUPON, reason: no product}
          - {department: GROCERY, product_category: COUPON, reason: there is none}
        """
    )
    assert excluded_products(catalogue, exclusions).to_dict() == {"p1": False, "p2": False, "p3": True, "p4": True}
    assert entries_without_effect(catalogue, exclusions) == ["department GROCERY, product_category COUPON"]
    assert not excluded_products(catalogue, NO_EXCLUSIONS).any()


def test_without_a_catalogue_unknown_names_nothing(catalogue, load):
    exclusions = load("exclusions: [{department: Unknown, reason: nothing is known of it}]")
    assert excluded_products(catalogue.assign(department=["GROCERY", *["Unknown"] * 3]), exclusions).sum() == 3
    nothing_known = catalogue.assign(department="Unknown", product_category="Unknown", product_type="Unknown")
    assert excluded_products(nothing_known, exclusions).sum() == 0
    assert entries_without_effect(nothing_known, exclusions) == ["department Unknown"]


def test_one_product_can_be_excluded(catalogue, load):
    exclusions = load("exclusions: [{product_id: p1, reason: recalled}, {product_id: p9, reason: recalled}]")
    assert excluded_products(catalogue, exclusions).to_dict() == {"p1": True, "p2": False, "p3": False, "p4": False}


def test_a_slip_of_the_pen_is_an_error_and_a_name_of_another_catalogue_is_not(catalogue, load):
    slip = load("exclusions: [{product_category: CIGARETES, reason: tobacco}]")
    with pytest.raises(RuleError, match=r"own.yml, line 1: exclusion of .*CIGARETES.*did you mean 'CIGARETTES'"):
        excluded_products(catalogue, slip)
    other = load("exclusions: [{product_category: FIREWORKS, reason: dangerous}]")
    assert not excluded_products(catalogue, other).any()
    assert entries_without_effect(catalogue, other) == ["product_category FIREWORKS"]


def test_a_column_that_the_products_lack_is_named(catalogue, load):
    exclusions = load("exclusions: [{department: FUEL, reason: fuel}]")
    with pytest.raises(RuleError, match="no column department"):
        excluded_products(catalogue.drop(columns="department"), exclusions)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("exclusions: [", "not valid YAML"),
        ("- department: FUEL", "the file must start with 'exclusions:'"),
        ("exclusions: [{department: FUEL}]", "exclusion 1: reason"),
        ("exclusions: [{reason: why}]", "exclusion 1: the exclusion: .*at least one of department"),
        ("exclusions: [{department: '', reason: why}]", "exclusion 1: department"),
        ("exclusions: [{product_id: 12, reason: why}]", "exclusion 1: product_id"),
        ("exclusions: [{colour: red, reason: why}]", "exclusion 1: colour"),
        (
            "exclusions: [{department: a, reason: b}, {department: A, reason: c}]",
            "every exclusion needs exactly one entry; repeated: department a .lines 1 and 1.",
        ),
    ],
)
def test_a_mistake_is_named_with_file_and_entry(load, text, message):
    with pytest.raises(RuleError, match=rf"own\.yml(, line \d+)?: (.*: )?{message}"):
        load(text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RuleError, match="no such file"):
        load_exclusions(tmp_path / "none.yml")
