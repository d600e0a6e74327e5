import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.privacy import suspects as suspects_module
from dmp_assets.privacy.identifiers import clean_cell
from dmp_assets.privacy.suspects import suspects
from dmp_assets.privacy.texts import Search
from tests.unit.privacy.samples import HARMLESS, IDENTIFIERS, NAMES, SEARCHES, mixed, texts, token

UNSUSPICIOUS = [
    *HARMLESS,
    *("12345", "https://shop.test/p/123456?utm_source=x&color=red", "Größe 40 bis 42", "v1.2.3", "10:20:30", "大きい"),
]


def missed(texts: list[str], search: Search) -> list[str]:
    """Return the texts that are changed and no suspects."""
    lost = []
    for name in NAMES:
        found = {*suspects(pa.array(texts, pa.string()), search, is_technical=name.is_technical)}
        lost += [
            text
            for place, text in enumerate(texts)
            if place not in found and clean_cell(text, name, token, search)[0] != text
        ]
    return lost


@given(texts | mixed, st.sampled_from(SEARCHES))
def test_every_text_that_is_changed_is_a_suspect(texts: list[str], search: Search):
    assert missed(texts, search) == []


@given(texts | mixed, st.sampled_from(SEARCHES))
def test_a_text_is_a_suspect_whatever_stands_beside_it(texts: list[str], search: Search):
    for name in NAMES:
        alone = [
            place
            for place, text in enumerate(texts)
            if len(suspects(pa.array([text], pa.string()), search, is_technical=name.is_technical))
        ]
        found = suspects(pa.array(texts, pa.string()), search, is_technical=name.is_technical)
        assert {*alone} <= {*found}


@given(texts | mixed, st.sampled_from(SEARCHES))
def test_the_second_look_at_many_suspects_loses_none(texts: list[str], search: Search):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suspects_module, "_FEW", 0)
        patch.setattr(suspects_module, "_SLICE", 64)
        assert missed(texts, search) == []


@pytest.mark.parametrize("text", IDENTIFIERS)
def test_each_identifier_alone_is_a_suspect(text: str):
    array = pa.array([text, None, "", text], pa.string())
    assert any(list(suspects(array, search, is_technical=False)) == [0, 3] for search in SEARCHES)
    assert any(list(suspects(array.slice(1), search, is_technical=False)) == [2] for search in SEARCHES)


def test_few_others_are(monkeypatch):
    monkeypatch.setattr(suspects_module, "_FEW", 0)
    array = pa.array([*UNSUSPICIOUS, None, ""], pa.string())
    found = suspects(array, SEARCHES[0], is_technical=False)
    assert [UNSUSPICIOUS[place] for place in found] == []
    assert list(suspects(array, SEARCHES[1], is_technical=True)) == []
    times = pa.array([f"2024-{month:02}-01 10:00:00" for month in range(1, 13)], pa.string())
    assert list(suspects(times, SEARCHES[1], is_technical=False)) == []


@pytest.mark.parametrize(
    "array", [pa.array([], pa.string()), pa.array([None, None], pa.string()), pa.array(["a"], pa.string())]
)
def test_a_column_without_texts_has_none(array: pa.StringArray):
    assert list(suspects(array, SEARCHES[0], is_technical=False)) == []
