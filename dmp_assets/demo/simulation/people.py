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
MONTH = 30 * 86_400_000_000

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
STREETS = np.array(
    [
        "Alder",
        "Birch",
        "Cedar",
        "Dogwood",
        "Elm",
        "Fir",
        "Grove",
        "Hazel",
        "Ivy",
        "Juniper",
        "Laurel",
        "Maple",
        "Oak",
        "Pine",
        "Willow",
    ]
)
NEVER = np.iinfo(np.int64).max
DOMAINS = np.array(["example.com", "example.org", "example.net"])  # reserved (RFC 2606): nobody's


def simulate_persons(households: np.ndarray, sizes: np.ndarray, rates: Rates) -> pd.DataFrame:
    """Return one row per person.

    Args:
        households: household ids, sorted, int64.
        sizes: their number of persons, 0 where it is not known.
        rates: what to draw with.

    Returns:
        household, person (1 to 4), person_id, first_name, last_name, birthday (ISO 8601), street, postcode, has_profile (if logins
        tell birthday and street), email and phone ("" without), new_email and new_phone with email_changed_at and
        phone_changed_at (µs since 1970, UTC; the greatest int64 for never), bounces (bool), consent_code (0: unknown, else 16 +
        analytics 1, marketing 2, personalization 4, email 8) and consent_changed_at (µs).
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

    family = family_of(household, rates)
    is_twin = is_first & (family != household)
    first = FIRST_NAMES[first_name_numbers(household, person, rates)]
    own_last = draw("last name") * len(LAST_NAMES)
    family_last = uniform(seed, "last name", family, np.ones_like(person)) * len(LAST_NAMES)
    has_own_name = ~is_first & (draw("other surname") < rates.other_surname)
    last = LAST_NAMES[np.where(has_own_name, own_last, family_last).astype(int)]
    domain = DOMAINS[(draw("domain") * len(DOMAINS)).astype(int)]
    email = np.array(
        [f"{f}.{s}{h}{p}@{d}".lower() for f, s, h, p, d in zip(first, last, household, person, domain, strict=True)],
        dtype=object,
    )
    new_email = np.array(
        [f"{s}.{f}{h}{p}@{d}".lower() for f, s, h, p, d in zip(first, last, household, person, domain, strict=True)],
        dtype=object,
    )
    changes_email = is_first & (draw("changed email") < rates.changed_email)
    phone = phone_numbers(household, person)
    of_first = np.repeat(np.cumsum(counts) - counts, counts)
    chance = draw("email")
    is_family_email = ~is_first & (chance < rates.family_email)
    has_email = is_first | (chance < rates.family_email + rates.own_email)
    email = np.where(is_family_email, email[of_first], np.where(has_email, email, ""))
    chance = draw("phone")
    is_family_phone = ~is_first & (chance < rates.family_phone)
    has_phone = chance < rates.family_phone + rates.has_phone
    phone = np.where(is_family_phone, phone[of_first], np.where(has_phone, phone, ""))
    gives_up, given_up_at = given_up(household, rates)
    _, had_at = given_up(household - 1, rates)
    takes_over = is_first & ~gives_up & given_up(household - 1, rates)[0]
    gives_up &= is_first
    new_phone = np.where(takes_over, phone_numbers(household - 1, person), phone_numbers(household + 500_000, person))
    chosen = (
        16
        + (draw("analytics") < rates.consent_analytics)
        + 2 * (draw("marketing") < rates.consent_marketing)
        + 4 * (draw("personalization") < rates.consent_personalization)
        + 8 * (draw("newsletter") < rates.consent_email)
    )
    changed_at = FIRST_DAY + (draw("changed at") * YEAR).astype(np.int64)
    return pd.DataFrame(
        {
            "household": household,
            "person": person,
            "person_id": [f"cj:{h}:{p}" for h, p in zip(household, person, strict=True)],
            "first_name": first,
            "last_name": last,
            "birthday": birthdays(np.where(is_twin, family, household), person, rates),
            **addresses(family, rates),
            "has_profile": draw("profile") < rates.profile,
            "email": email,
            "new_email": new_email,
            "email_changed_at": np.where(
                changes_email, FIRST_DAY + (draw("email changed at") * YEAR).astype(np.int64), NEVER
            ),
            "phone": phone,
            "new_phone": new_phone,
            "phone_changed_at": np.select([gives_up, takes_over], [given_up_at, had_at + MONTH], NEVER),
            "bounces": draw("bounce") < rates.bounce,
            "consent_code": np.where(draw("no choice") < rates.consent_unknown, 0, chosen),
            "consent_changed_at": np.where(draw("change") < rates.consent_change, changed_at, NEVER),
        }
    )


def family_of(household: np.ndarray, rates: Rates) -> np.ndarray:
    """Return the household whose surname, street and first person's birthday a household has: its own, or that of its twins."""
    is_second = household % 2 == 1
    return household - (is_second & (uniform(rates.seed, "twins", household - 1) < rates.twins))


def first_name_numbers(household: np.ndarray, person: np.ndarray, rates: Rates) -> np.ndarray:
    """Return which of `FIRST_NAMES` each person has; twins have two."""

    def drawn(households: np.ndarray) -> np.ndarray:
        return (uniform(rates.seed, "first name", households, person) * len(FIRST_NAMES)).astype(int)

    number, family = drawn(household), family_of(household, rates)
    is_same = (family != household) & (number == drawn(family))
    return (number + is_same) % len(FIRST_NAMES)


def phone_numbers(household: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Return a phone number for each, of the area code 555 that is assigned to nobody."""
    return np.array(
        [f"+1555{(10 * h + p) % 10_000_000:07d}" for h, p in zip(household, person, strict=True)], dtype=object
    )


def given_up(household: np.ndarray, rates: Rates) -> tuple[np.ndarray, np.ndarray]:
    """Return whether the first person of a household gives up the phone number, and when (µs)."""
    first = np.ones_like(household)
    gives_up = uniform(rates.seed, "phone", household, first) < rates.has_phone
    gives_up &= uniform(rates.seed, "recycled", household) < rates.recycled_phone
    return gives_up, FIRST_DAY + ((0.2 + 0.4 * uniform(rates.seed, "given up at", household)) * YEAR).astype(np.int64)


def handed_on(household: np.ndarray, rates: Rates) -> tuple[np.ndarray, np.ndarray]:
    """Return whether a household's desktop goes to the next one, and when (µs)."""
    goes = uniform(rates.seed, "desktop", household) < rates.has_desktop
    goes &= uniform(rates.seed, "handed on", household) < rates.handed_on
    return goes, FIRST_DAY + ((0.2 + 0.5 * uniform(rates.seed, "handed on at", household)) * YEAR).astype(np.int64)


def birthdays(household: np.ndarray, person: np.ndarray, rates: Rates) -> np.ndarray:
    """Return a birthday for each from 1930 to 2000, as ISO 8601."""
    days = (uniform(rates.seed, "birthday", household, person) * 25_500).astype(int)
    return np.datetime_as_string(np.datetime64("1930-01-01") + days).astype(object)


def addresses(household: np.ndarray, rates: Rates) -> dict[str, np.ndarray]:
    """Return the street with the number, and the postcode, of each household."""
    number = 1 + (uniform(rates.seed, "house", household) * 180).astype(int)
    street = STREETS[(uniform(rates.seed, "street", household) * len(STREETS)).astype(int)]
    postcode = 44_000 + (uniform(rates.seed, "postcode", household) * 40).astype(int)
    return {
        "street": np.array([f"{n} {s} Street" for n, s in zip(number, street, strict=True)], dtype=object),
        "postcode": postcode.astype(str).astype(object),
    }


def simulate_devices(persons: pd.DataFrame, rates: Rates) -> pd.DataFrame:
    """Return one row per anonymous id.

    Returns:
        household, person (its user; 1 for a desktop), kind (``DESKTOP``, ``PHONE``, ``APP``), reset (1 after the anonymous id was
        lost, or the desktop another one), anonymous_id, is_shared, reset_at (µs; when reset 0 ends and 1 begins), is_handed_on (if
        the desktop went to the next household or came from the one before), has_gpc, skew (µs that its clock is ahead).
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
    is_desktop = devices["kind"].to_numpy() == DESKTOP
    goes, gone_at = handed_on(keys[0], rates)
    comes, come_at = handed_on(keys[0] - 1, rates)
    goes, comes = goes & is_desktop, comes & ~goes & is_desktop
    is_reset |= goes | comes
    devices["reset_at"] = np.select([goes, comes], [gone_at, come_at + MONTH], devices["reset_at"])
    devices["is_handed_on"] = goes | comes
    devices["has_gpc"] = (uniform(seed, "gpc", *keys) < rates.gpc) & (devices["kind"].to_numpy() != APP)
    hours = 1 + 71 * uniform(seed, "hours", *keys)
    sign = np.where(uniform(seed, "sign", *keys) < 0.5, -1, 1)
    is_skewed = uniform(seed, "skewed", *keys) < rates.skewed_clock
    devices["skew"] = np.where(is_skewed, (sign * hours * 3600).astype(np.int64) * 1_000_000, 0)
    devices = pd.concat([devices.assign(reset=0), devices[is_reset].assign(reset=1)])
    devices = devices.sort_values(["household", "person", "kind", "reset"], ignore_index=True)
    keys = tuple(devices[column].to_numpy() for column in ("household", "person", "kind", "reset"))
    # A desktop that comes from another household has the anonymous id that it had there.
    comes = handed_on(keys[0] - 1, rates)[0] & ~handed_on(keys[0], rates)[0] & (keys[2] == DESKTOP) & (keys[3] == 1)
    keys = (keys[0] - comes, keys[1], keys[2], keys[3] - comes)
    devices["anonymous_id"] = [
        f"{a:016x}{b:016x}"
        for a, b in zip(bits(seed, "id a", *keys).tolist(), bits(seed, "id b", *keys).tolist(), strict=True)
    ]
    return devices
