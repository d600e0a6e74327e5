"""Who is who: the persons of each household, their devices, identifiers and choices. Everybody is made up."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dmp_assets.demo.simulation.rates import Rates, bits, uniform

DESKTOP, PHONE, APP = 0, 1, 2
KINDS = np.array(["desktop", "phone", "app"])
SIZE_SHARES = (0.32, 0.40, 0.13)  # households of 1, 2 and 3 persons among those with a known size; the rest are 4
FIRST_DAY = pd.Timestamp("2017-01-01").value // 1000
YEAR = 365 * 86_400_000_000

FIRST_NAMES = np.array(
    [
        "Ada",
        "Ben",
        "Cleo",
        "Dora",
        "Eli",
        "Faye",
        "Gus",
        "Hana",
        "Ian",
        "Jane",
        "Kofi",
        "Lena",
        "Max",
        "Nora",
        "Omar",
        "Pia",
        "Quinn",
        "Rosa",
        "Sam",
        "Tess",
        "Uma",
        "Vic",
        "Wes",
        "Yara",
    ]
)
LAST_NAMES = np.array(
    [
        "Abbot",
        "Baker",
        "Carver",
        "Dyer",
        "Eastman",
        "Fisher",
        "Gardner",
        "Hooper",
        "Ingram",
        "Joyner",
        "Kemp",
        "Lister",
        "Mason",
        "Naylor",
        "Osborne",
        "Potter",
        "Quill",
        "Reeve",
        "Sawyer",
        "Tanner",
        "Usher",
        "Vintner",
        "Weaver",
        "Yeoman",
    ]
)
DOMAINS = np.array(["example.com", "example.org", "example.net"])  # reserved (RFC 2606): nobody's


def simulate_persons(households: np.ndarray, sizes: np.ndarray, rates: Rates) -> pd.DataFrame:
    """Return one row per person.

    Args:
        households: household ids, sorted, int64.
        sizes: their number of persons, 0 where it is not known.
        rates: what to draw with.

    Returns:
        household, person (1 to 4), person_id, first_name, last_name, email and phone ("" without), bounces (bool), consent_code
        (0: unknown, else 16 + bits analytics 1, marketing 2, personalization 4, email 8) and consent_changed_at (µs since 1970,
        UTC).
    """
    seed = rates.seed
    drawn = np.searchsorted(np.cumsum(SIZE_SHARES), uniform(seed, "size", households)) + 1
    counts = np.where(sizes > 0, np.minimum(sizes, 4), np.minimum(drawn, 4))
    household = np.repeat(households, counts)
    person = np.arange(len(household)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    keys = (household, person)
    is_first = person == 1

    def draw(stream: str) -> np.ndarray:
        return uniform(seed, stream, *keys)

    first = FIRST_NAMES[(draw("first name") * len(FIRST_NAMES)).astype(int)]
    own_last = draw("last name") * len(LAST_NAMES)
    family_last = uniform(seed, "last name", household, np.ones_like(person)) * len(LAST_NAMES)
    has_own_name = ~is_first & (draw("other surname") < rates.other_surname)
    last = LAST_NAMES[np.where(has_own_name, own_last, family_last).astype(int)]
    domain = DOMAINS[(draw("domain") * len(DOMAINS)).astype(int)]
    email = np.array(
        [f"{f}.{s}{h}{p}@{d}".lower() for f, s, h, p, d in zip(first, last, household, person, domain, strict=True)],
        dtype=object,
    )
    # Area code 555 is assigned to nobody.
    phone = np.array(
        [f"+1555{(10 * h + p) % 10_000_000:07d}" for h, p in zip(household, person, strict=True)], dtype=object
    )
    of_first = np.repeat(np.cumsum(counts) - counts, counts)
    chance = draw("email")
    is_family_email = ~is_first & (chance < rates.family_email)
    has_email = is_first | (chance < rates.family_email + rates.own_email)
    email = np.where(is_family_email, email[of_first], np.where(has_email, email, ""))
    chance = draw("phone")
    is_family_phone = ~is_first & (chance < rates.family_phone)
    has_phone = chance < rates.family_phone + rates.has_phone
    phone = np.where(is_family_phone, phone[of_first], np.where(has_phone, phone, ""))
    chosen = (
        16
        + (draw("analytics") < rates.consent_analytics)
        + 2 * (draw("marketing") < rates.consent_marketing)
        + 4 * (draw("personalization") < rates.consent_personalization)
        + 8 * (draw("newsletter") < rates.consent_email)
    )
    changed_at = FIRST_DAY + (draw("changed at") * YEAR).astype(np.int64)
    never = np.iinfo(np.int64).max
    return pd.DataFrame(
        {
            "household": household,
            "person": person,
            "person_id": [f"cj:{h}:{p}" for h, p in zip(household, person, strict=True)],
            "first_name": first,
            "last_name": last,
            "email": email,
            "phone": phone,
            "bounces": draw("bounce") < rates.bounce,
            "consent_code": np.where(draw("no choice") < rates.consent_unknown, 0, chosen),
            "consent_changed_at": np.where(draw("change") < rates.consent_change, changed_at, never),
        }
    )


def simulate_devices(persons: pd.DataFrame, rates: Rates) -> pd.DataFrame:
    """Return one row per anonymous id.

    Returns:
        household, person (its user; 1 for a desktop), kind (``DESKTOP``, ``PHONE``, ``APP``), reset (1 after the anonymous id was
        lost), anonymous_id, is_shared, reset_at (µs; when reset 0 ends and 1 begins), has_gpc, skew (µs that its clock is ahead).
    """
    seed = rates.seed
    people = persons[["household", "person"]]
    size = people.groupby("household")["person"].transform("size")
    has_app = uniform(seed, "app", people["household"], people["person"]) < rates.has_app
    is_first = people["person"] == 1
    has_desktop = uniform(seed, "desktop", people["household"]) < rates.has_desktop
    shares = (uniform(seed, "shared", people["household"]) < rates.shared_desktop) & (size > 1)
    parts = [
        people[is_first & has_desktop].assign(kind=DESKTOP, is_shared=shares[is_first & has_desktop]),
        people.assign(kind=PHONE, is_shared=False),
        people[has_app].assign(kind=APP, is_shared=False),
    ]
    devices = pd.concat(parts, ignore_index=True)
    keys = tuple(devices[column].to_numpy() for column in ("household", "person", "kind"))
    is_reset = (uniform(seed, "reset", *keys) < rates.cookie_reset) & (devices["kind"].to_numpy() != APP)
    devices["reset_at"] = np.where(
        is_reset, FIRST_DAY + (uniform(seed, "reset at", *keys) * YEAR).astype(np.int64), np.iinfo(np.int64).max
    )
    devices["has_gpc"] = (uniform(seed, "gpc", *keys) < rates.gpc) & (devices["kind"].to_numpy() != APP)
    hours = 1 + 71 * uniform(seed, "hours", *keys)
    sign = np.where(uniform(seed, "sign", *keys) < 0.5, -1, 1)
    is_skewed = uniform(seed, "skewed", *keys) < rates.skewed_clock
    devices["skew"] = np.where(is_skewed, (sign * hours * 3600).astype(np.int64) * 1_000_000, 0)
    devices = pd.concat([devices.assign(reset=0), devices[is_reset].assign(reset=1)])
    devices = devices.sort_values(["household", "person", "kind", "reset"], ignore_index=True)
    keys = tuple(devices[column].to_numpy() for column in ("household", "person", "kind", "reset"))
    devices["anonymous_id"] = [
        f"{a:016x}{b:016x}"
        for a, b in zip(bits(seed, "id a", *keys).tolist(), bits(seed, "id b", *keys).tolist(), strict=True)
    ]
    return devices
