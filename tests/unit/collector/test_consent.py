import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.collector.consent import choices, is_well_formed

IDS = st.lists(st.text(max_size=3) | st.integers(), max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3),
    max_leaves=6,
)


def rudder(**fields: object) -> dict:
    return {"consentManagement": fields}


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({}, None),
        ({"consent": None, "consentManagement": None}, None),
        ({"consent": {}}, None),
        ({"consent": {"categoryPreferences": None}}, None),
        ({"consent": {"categoryPreferences": {}}}, {}),
        ({"consent": {"categoryPreferences": {"email": True, "phone": False}}}, {"email": True, "phone": False}),
        (rudder(), None),
        (rudder(provider="oneTrust", resolutionStrategy="and"), None),
        (rudder(allowedConsentIds=[], deniedConsentIds=[]), {}),
        (rudder(allowedConsentIds=["C0001"]), {"C0001": True}),
        (
            rudder(provider="oneTrust", allowedConsentIds=["C0002"], deniedConsentIds=["C0004"]),
            {"oneTrust:C0002": True, "oneTrust:C0004": False},
        ),
        (rudder(provider="custom", allowedConsentIds=["a", "b"], deniedConsentIds=["b"]), {"a": True, "b": False}),
        (rudder(allowedConsentIds={"C0002": "Analytics"}, deniedConsentIds={}), {"C0002": True}),
        (rudder(provider="iubenda", deniedConsentIds=[4]), {"iubenda:4": False}),
        ({"consent": {"categoryPreferences": {"a": False}}, **rudder(allowedConsentIds=["a"])}, {"a": False}),
    ],
)
def test_both_forms_become_one_map(context, expected):
    assert is_well_formed(context)
    assert choices(context) == expected


@pytest.mark.parametrize(
    "context",
    [
        {"consent": False},
        {"consent": {"categoryPreferences": {"ads": "no"}}},
        {"consent": {"categoryPreferences": {"ads": None}}},
        {"consent": {"categoryPreferences": ["ads"]}},
        {"consentManagement": "yes"},
        rudder(allowedConsentIds="C0002"),
        rudder(deniedConsentIds=[{"id": "C0002"}]),
        rudder(deniedConsentIds=[True]),
    ],
)
def test_what_cannot_be_read_is_not_well_formed(context):
    assert not is_well_formed(context)


@given(allowed=IDS, denied=IDS, provider=st.none() | st.text(max_size=4))
def test_every_category_is_answered_and_a_denied_one_is_never_allowed(allowed, denied, provider):
    found = choices(rudder(provider=provider, allowedConsentIds=allowed, deniedConsentIds=denied))
    assert found is not None
    assert len(found) == len({str(category) for category in [*allowed, *denied]})
    assert sum(not is_allowed for is_allowed in found.values()) == len({str(category) for category in denied})


@given(st.fixed_dictionaries({}, optional={"consent": JSON, "consentManagement": JSON}))
def test_any_context_is_read_or_is_not_well_formed(context):
    if is_well_formed(context):
        found = choices(context)
        assert found is None or all(isinstance(choice, bool) for choice in found.values())
