import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.privacy.condition import may_hold_one
from dmp_assets.privacy.identifiers import clean_cell
from dmp_assets.privacy.texts import Search
from tests.unit.privacy.samples import HARMLESS, IDENTIFIERS, NAMES, SEARCHES, mixed, texts, token


def held(texts: list[str], search: Search, *, is_technical: bool) -> set[str]:
    return {texts[place] for place in may_hold_one(pa.array(texts, pa.string()), search, is_technical=is_technical)}


@given(texts | mixed, st.sampled_from(SEARCHES))
def test_the_second_look_leaves_every_text_that_is_changed(texts: list[str], search: Search):
    for name in NAMES:
        changed = {text for text in texts if clean_cell(text, name, token, search)[0] != text}
        assert changed <= held(texts, search, is_technical=name.is_technical)


@pytest.mark.parametrize("text", IDENTIFIERS)
def test_each_identifier_alone_is_found(text: str):
    assert any(held([text], search, is_technical=False) for search in SEARCHES)


def test_it_leaves_few_others():
    others = [
        *HARMLESS,
        *("01.02.2024", "31198570044", "1699999999", "https://shop.test/p/1?utm_source=x&color=red"),
        '{"sku": "a", "price": 2}',
    ]
    assert held(others, SEARCHES[0], is_technical=False) == set()
    assert held([*others, "0170 1234567", "555-123-4567"], SEARCHES[1], is_technical=True) == set()
