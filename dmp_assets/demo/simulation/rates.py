"""How often the simulator lets things happen, and the random numbers that decide.

The generative rules, in which every decision is drawn from the seed, the household and the thing decided on, so that a
household's events are the same whichever other households there are:

- A household has one to four persons (its known size, else drawn), one surname, one IP address of a documentation range. A person
  has a phone's browser, perhaps the app, and uses the household's desktop. Browsers lose their anonymous id once for some.
- A household has a propensity to shop online, to react to e-mail and to react to social media, each with mean about 1.
- Some orders have one to three sessions minutes to days before them; in some of these the order itself is placed online.
- Some orders come days after a session with an abandoned cart, or one that only browses, for the same products.
- Members of a campaign get its e-mails at 10 o'clock store time. Who redeems coupons of the campaign opens and clicks more.
- A login in a session ties its anonymous id to the household number and the person's e-mail, phone and name, of some also to
  birthday and street.
- Some households change their e-mail address; some give up a phone number or a desktop, and the household with the next number has
  it afterwards; of some pairs of households the first persons are twins at one address.
- Another web shop with customer numbers of its own has some of the households' first persons and as many strangers.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Rates:
    """Shares from 0 to 1 unless said otherwise; of what, stands beside each."""

    seed: int = 20170101
    session_before_order: float = 0.11  # of orders: most grocery shopping needs no look at the site
    further_session: float = 0.35  # of those, a second and again a third session, often on another device
    online_order: float = 0.30  # of orders with a session: about 3 % of all, as online grocery in 2017
    abandoned_cart: float = 0.025  # of orders, 1 to 10 days before
    browse: float = 0.03  # of orders, 1 to 10 days before
    paid_search: float = 0.12  # of sessions
    organic_search: float = 0.26  # of sessions
    social: float = 0.10  # of sessions, times the propensity
    login_web: float = 0.40  # of web sessions
    login_app: float = 0.80  # of app sessions
    has_app: float = 0.40  # of persons
    has_desktop: float = 0.65  # of households
    shared_desktop: float = 0.55  # of desktops in households of several persons
    cookie_reset: float = 0.25  # of browsers, once
    own_email: float = 0.70  # of persons after the first, who always has one
    family_email: float = 0.10  # of persons after the first: the first one's address
    has_phone: float = 0.60  # of persons
    family_phone: float = 0.15  # of persons after the first: the first one's number
    other_surname: float = 0.12  # of persons after the first
    typo: float = 0.04  # of logins: one letter of the e-mail or the name
    email_recipient: float = 0.25  # of persons after the first, per campaign
    reminder: float = 0.55  # of campaign members, a week after the first e-mail
    bounce: float = 0.02  # of addresses, always
    open: float = 0.24  # of delivered e-mails, times the propensity
    click: float = 0.18  # of opened e-mails, times the propensity
    unsubscribe: float = 0.01  # of opened e-mails; nothing is sent to the person afterwards
    redeemer: float = 2.2  # factor on open and click for a household that redeems a coupon of the campaign
    changed_email: float = 0.15  # of first persons, once
    recycled_phone: float = 0.04  # of first persons with a number: it is later that of the next household
    handed_on: float = 0.04  # of desktops: it is later that of the next household, if that has one
    twins: float = 0.04  # of pairs of households
    profile: float = 0.6  # of persons: the shop knows their birthday and street
    other_shop: float = 0.35  # of households: the first person is also a customer of the other shop; as many others are
    other_shop_typo: float = 0.08  # of its customers, in the first and again in the last name
    other_shop_email: float = 0.35  # of its customers have another e-mail address there
    other_shop_phone: float = 0.5  # of its customers gave a phone number
    other_shop_profile: float = 0.85  # of its customers gave their birthday, and again their street
    moved: float = 0.03  # of its customers have another street there
    guest: float = 0.15  # of households: the first person buys there once as a guest
    consent_unknown: float = 0.10  # of persons: no banner seen, nothing on the wire
    consent_analytics: float = 0.85  # of persons with a choice
    consent_marketing: float = 0.65
    consent_personalization: float = 0.75
    consent_email: float = 0.85  # of persons with a choice: newsletters
    consent_change: float = 0.12  # of persons with a choice: marketing is switched once
    gpc: float = 0.06  # of browsers send Sec-GPC: 1
    bot: float = 0.01  # bots per household
    duplicate: float = 0.008  # of events arrive again
    late: float = 0.03  # of app events arrive hours to two days late
    skewed_clock: float = 0.02  # of devices are wrong by an hour to three days


def uniform(seed: int, stream: str, *keys: np.ndarray) -> np.ndarray:
    """Return numbers in [0, 1), float64, one per row of the keys (integers); the same for the same seed, stream and keys."""
    return (bits(seed, stream, *keys) >> np.uint64(11)).astype(float) * 2.0**-53


def bits(seed: int, stream: str, *keys: np.ndarray) -> np.ndarray:
    """Return 64 random bits per row of the keys (SplitMix64, Steele, Lea and Flood 2014), uint64."""
    state = np.full(len(keys[0]), np.uint64(zlib.crc32(stream.encode()) + (seed << 32)))
    for key in keys:
        state = _mix(state ^ (np.asarray(key).astype(np.int64).view(np.uint64) * GOLDEN))
    return _mix(state)


def _mix(state: np.ndarray) -> np.ndarray:
    state = state + GOLDEN
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
