"""What an event says of the person's consent, in the two forms that clients have: one map of categories to yes and no.

`context.consent.categoryPreferences` is Segment's, `context.consentManagement` RudderStack's. What the categories mean is not known
here; the staging models translate them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FORM = (
    "context.consent.categoryPreferences is an object of categories, each true or false; allowedConsentIds and deniedConsentIds of "
    "context.consentManagement are lists of categories"
)
"""What `is_well_formed` asks for, in words."""


def is_well_formed(context: Mapping[str, Any]) -> bool:
    """Return whether the consent in an event's context, if there is any, can be read."""
    segment, rudder = context.get("consent"), context.get("consentManagement")
    if not isinstance(segment, dict | None) or not isinstance(rudder, dict | None):
        return False
    preferences = (segment or {}).get("categoryPreferences")
    if not isinstance(preferences, dict | None):
        return False
    are_booleans = all(isinstance(choice, bool) for choice in (preferences or {}).values())
    return are_booleans and all(
        _is_listed((rudder or {}).get(name)) for name in ("allowedConsentIds", "deniedConsentIds")
    )


def choices(context: Mapping[str, Any]) -> dict[str, bool] | None:
    """Return what is chosen for each category; empty if nothing at all is allowed, None if nothing is said of consent.

    A category that is both allowed and denied is denied. RudderStack's carry the name of their consent manager, as in
    ``oneTrust:C0002``; a manager called custom is none.

    Args:
        context: of an event; a well-formed one.
    """
    preferences = (context.get("consent") or {}).get("categoryPreferences")
    rudder = context.get("consentManagement") or {}
    listed = [rudder.get(name) for name in ("allowedConsentIds", "deniedConsentIds")]
    if preferences is None and listed == [None, None]:
        return None
    provider = str(rudder.get("provider") or "custom").strip()
    prefix = "" if provider.lower() == "custom" else f"{provider}:"
    found: dict[str, bool] = dict(preferences or {})
    for is_allowed, categories in zip((True, False), listed, strict=True):
        for category in categories or ():
            name = f"{prefix}{category}"
            found[name] = is_allowed and found.get(name, True)
    return found


def _is_listed(categories: object) -> bool:
    """Return whether these are categories: a list of them, or, as older clients have it, an object with their names."""
    return categories is None or (
        isinstance(categories, list | dict) and all(_is_category(category) for category in categories)
    )


def _is_category(category: object) -> bool:
    return isinstance(category, str | int) and not isinstance(category, bool)
