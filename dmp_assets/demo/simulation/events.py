"""What happens on the channels: sessions around orders, e-mails of campaigns, bots; one row per event, nothing written yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dmp_assets.demo.simulation.people import APP, DESKTOP, FIRST_DAY, PHONE, YEAR
from dmp_assets.demo.simulation.rates import Rates, uniform

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
LAST_AT = pd.Timestamp("2018-01-01 04:00").value // 1000  # the demo's purchases end here; nothing happens later

STEPS = (
    "Visit",
    "Login",
    "Products Searched",
    "Product Viewed",
    "Product Viewed",
    "Product Viewed",
    "Product Added",
    "Product Added",
    "Cart Viewed",
    "Checkout Started",
    "Order Completed",
)
"""What may happen in a session, in this order."""

ORDER, ABANDONED, BROWSE, CLICKED = 0, 1, 2, 3
CHANNELS = ("direct", "organic", "paid_search", "social", "email")
EVENT_COLUMNS = [
    "at",
    "name",
    "source",
    "household",
    "person",
    "device",
    "channel",
    "basket_id",
    "product",
    "campaign_id",
    "known",
    "order_at",
]


@dataclass(frozen=True)
class Purchases:
    """What the simulator knows of the demo.

    Attributes:
        orders: household, basket_id, order_at (µs since 1970, UTC), amount (USD), product_ids (list of at most three); sorted by
            household, basket_id.
        members: household, campaign_id, start_at and end_at (µs), has_redeemed.
        households: household, size (0 if unknown); sorted by household.
        products: product_id, name, category, brand; sorted by product_id.
    """

    orders: pd.DataFrame
    members: pd.DataFrame
    households: pd.DataFrame
    products: pd.DataFrame


def propensity(rates: Rates, channel: str, households: np.ndarray) -> np.ndarray:
    """Return each household's propensity for a channel: mean 1, from 0.1 to 2.8, skewed to the right."""
    return 0.1 + 2.7 * uniform(rates.seed, f"propensity {channel}", households) ** 2


def simulate_events(purchases: Purchases, persons: pd.DataFrame, devices: pd.DataFrame, rates: Rates) -> pd.DataFrame:
    """Return every event with ``EVENT_COLUMNS``, by household and time.

    Returns:
        at (µs, UTC), name (event; "Visit" is a page or screen, "Login" an identify), source, household, person, device (row of
        `devices`, -1 without, -2 for a bot), channel (of ``CHANNELS``), basket_id (0 without), product (its number in the order, -1
        without), campaign_id (0 without), known (whether the person is
        logged in), order_at (µs of the order that follows, 0 without).
    """
    emails = _emails(purchases, persons, rates)
    sessions = _sessions(purchases, persons, emails, rates)
    sessions = _on_devices(sessions, devices, rates)
    parts = [emails, _steps(sessions, rates), _touches(sessions, rates), _bots(purchases, rates)]
    events = pd.concat([part[EVENT_COLUMNS] for part in parts], ignore_index=True)
    events = events[(events["at"] < LAST_AT) & (events["at"] >= FIRST_DAY)]
    return events.sort_values(["household", "at", "name", "person", "product"], kind="stable", ignore_index=True)


def _emails(purchases: Purchases, persons: pd.DataFrame, rates: Rates) -> pd.DataFrame:
    """Return the e-mails of campaigns and what was done with them."""
    seed = rates.seed
    members = purchases.members.merge(persons[persons["email"] != ""], on="household")
    keys = tuple(members[column].to_numpy() for column in ("household", "person", "campaign_id"))
    is_recipient = (keys[1] == 1) | (uniform(seed, "recipient", *keys) < rates.email_recipient)
    members = members[is_recipient]
    first = members.assign(wave=0, at=members["start_at"])
    again = members.assign(wave=1, at=members["start_at"] + 7 * DAY)
    keys = tuple(again[column].to_numpy() for column in ("household", "person", "campaign_id"))
    again = again[(uniform(seed, "reminder", *keys) < rates.reminder) & (again["at"] < again["end_at"])]
    sent = pd.concat([first, again], ignore_index=True)
    keys = tuple(sent[column].to_numpy() for column in ("household", "person", "campaign_id", "wave"))
    # Ten o'clock in New York is 14 or 15 o'clock UTC; an hour's difference is of no matter here.
    sent["at"] += 15 * HOUR + (uniform(seed, "sending", *keys) * 1200).astype(np.int64) * SECOND
    factor = propensity(rates, "email", keys[0]) * np.where(sent["has_redeemed"], rates.redeemer, 1.0)
    opens = (uniform(seed, "open", *keys) < np.minimum(rates.open * factor, 0.95)) & ~sent["bounces"].to_numpy()
    clicks = opens & (uniform(seed, "click", *keys) < np.minimum(rates.click * factor, 0.8))
    leaves = opens & (uniform(seed, "unsubscribe", *keys) < rates.unsubscribe)
    # Most e-mails are opened within hours: exponential, 5 hours on average.
    opened_at = sent["at"] + (-np.log1p(-uniform(seed, "opened", *keys)) * 5 * HOUR).astype(np.int64) + 60 * SECOND
    clicked_at = opened_at + (5 + uniform(seed, "clicked", *keys) * 115).astype(np.int64) * SECOND
    left_at = clicked_at + 30 * SECOND
    never = np.iinfo(np.int64).max
    gone_at = pd.Series(np.where(leaves, left_at, never)).groupby([keys[0], keys[1]]).transform("min").to_numpy()
    is_sent = (sent["at"] <= gone_at).to_numpy()
    bounces = sent["bounces"].to_numpy()
    parts = [
        sent[is_sent & ~bounces].assign(name="Email Delivered"),
        sent[is_sent & bounces].assign(name="Email Bounced"),
        sent.assign(at=opened_at, name="Email Opened")[is_sent & opens],
        sent.assign(at=clicked_at, name="Email Link Clicked")[is_sent & clicks],
        sent.assign(at=left_at, name="Unsubscribed")[is_sent & leaves],
    ]
    emails = pd.concat(parts, ignore_index=True)
    return emails.assign(
        source="simulated_email", device=-1, channel=4, basket_id=0, product=-1, known=True, order_at=0
    )


def _sessions(purchases: Purchases, persons: pd.DataFrame, emails: pd.DataFrame, rates: Rates) -> pd.DataFrame:
    """Return the sessions: household, person, basket_id, kind, number, start_at, end_at, channel, campaign_id, order_at."""
    seed = rates.seed
    orders = purchases.orders
    keys = (orders["household"].to_numpy(), orders["basket_id"].to_numpy())
    digital = propensity(rates, "digital", keys[0])
    plain = orders[["household", "basket_id", "order_at"]].assign(campaign_id=0, person=0)
    parts = []
    exists = uniform(seed, "session 0", *keys) < rates.session_before_order * digital
    for number in range(3):
        if number:
            exists = exists & (uniform(seed, f"session {number}", *keys) < rates.further_session)
        parts.append(plain[exists].assign(kind=ORDER, number=number))
    for kind, rate in ((ABANDONED, rates.abandoned_cart), (BROWSE, rates.browse)):
        parts.append(plain[uniform(seed, f"kind {kind}", *keys) < rate * digital].assign(kind=kind, number=0))
    sessions = pd.concat(parts, ignore_index=True)
    keys = tuple(sessions[column].to_numpy() for column in ("household", "basket_id", "kind", "number"))
    kind, number, order_at = keys[2], keys[3], sessions["order_at"].to_numpy()
    converts = (kind == ORDER) & (number == 0) & (uniform(seed, "online", *keys) < rates.online_order)
    length = (90 + 1400 * uniform(seed, "length", *keys) ** 2).astype(np.int64) * SECOND
    # The last session ends 10 minutes to about 10 hours before an order in the store, earlier ones up to days before.
    near = (600 + 36_000 * uniform(seed, "gap", *keys) ** 3).astype(np.int64) * SECOND
    days = ((0.5 + number + 2 * uniform(seed, "days", *keys)) * DAY).astype(np.int64)
    other = ((1 + 9 * uniform(seed, "days", *keys)) * DAY).astype(np.int64)
    gap = np.select([converts, (kind == ORDER) & (number == 0), kind == ORDER], [0, near, days], other)
    social = rates.social * propensity(rates, "social", keys[0])
    bounds = np.cumsum(
        [np.full(len(sessions), rates.paid_search), np.full(len(sessions), rates.organic_search), social], 0
    )
    chance = uniform(seed, "channel", *keys)
    channel = np.select([chance < bounds[0], chance < bounds[1], chance < bounds[2]], [2, 1, 3], 0)
    size = persons.groupby("household").size().reindex(keys[0]).to_numpy()
    chance = uniform(seed, "who", *keys)
    sessions["person"] = np.where(chance < 0.6, 1, 1 + ((chance - 0.6) / 0.4 * size).astype(int))
    sessions["end_at"] = order_at - gap
    sessions["start_at"] = sessions["end_at"] - length
    sessions = sessions.assign(converts=converts, channel=channel)

    clicks = emails[emails["name"] == "Email Link Clicked"].reset_index(drop=True)
    keys = tuple(clicks[column].to_numpy() for column in ("household", "person", "campaign_id", "wave"))
    firsts = orders["household"].searchsorted(keys[0], "left")
    counts = orders["household"].searchsorted(keys[0], "right") - firsts
    row = firsts + (uniform(seed, "liked", *keys) * counts).astype(int)
    start_at = clicks["at"] + 3 * SECOND
    length = (60 + 900 * uniform(seed, "length", *keys)).astype(np.int64) * SECOND
    landed = pd.DataFrame(
        {
            "household": keys[0],
            "person": keys[1],
            "basket_id": orders["basket_id"].to_numpy()[np.minimum(row, len(orders) - 1)],
            "order_at": 0,
            "campaign_id": keys[2],
            "kind": CLICKED,
            "number": 0,
            "start_at": start_at,
            "end_at": start_at + length,
            "converts": False,
            "channel": 4,
        }
    )
    return pd.concat([sessions, landed[counts > 0]], ignore_index=True)


def _on_devices(sessions: pd.DataFrame, devices: pd.DataFrame, rates: Rates) -> pd.DataFrame:
    """Add the device of each session: the app, the desktop or the phone's browser, and its anonymous id of that time."""
    keys = tuple(sessions[column].to_numpy() for column in ("household", "basket_id", "kind", "number"))
    rows = pd.MultiIndex.from_frame(devices[["household", "person", "kind", "reset"]])

    def row(person: np.ndarray | int, kind: int, reset: np.ndarray | int = 0) -> np.ndarray:
        wanted = pd.MultiIndex.from_arrays(np.broadcast_arrays(keys[0], person, kind, reset))
        return rows.get_indexer(wanted)

    person = sessions["person"].to_numpy()
    app, desktop, phone = row(person, APP), row(1, DESKTOP), row(person, PHONE)
    is_shared = np.r_[devices["is_shared"].to_numpy(), False][desktop]
    may_use = (desktop >= 0) & ((person == 1) | is_shared)
    chance = uniform(rates.seed, "device", *keys)
    # A link of a search engine, a social network or an e-mail opens in a browser.
    in_app = (app >= 0) & (sessions["channel"].to_numpy() == 0) & (chance < 0.5)
    device = np.select([in_app, may_use & (chance > 0.6)], [app, desktop], phone)
    is_reset = sessions["start_at"].to_numpy() >= devices["reset_at"].to_numpy()[device]
    return sessions.assign(device=device + is_reset, device_kind=devices["kind"].to_numpy()[device])


def _steps(sessions: pd.DataFrame, rates: Rates) -> pd.DataFrame:
    """Return the events of sessions, spread evenly from the session's start to its end."""
    seed = rates.seed
    keys = tuple(sessions[column].to_numpy() for column in ("household", "basket_id", "kind", "number"))
    keys = (*keys, sessions["campaign_id"].to_numpy(), sessions["person"].to_numpy())
    kind, converts = keys[2], sessions["converts"].to_numpy()
    in_app = sessions["device_kind"].to_numpy() == APP

    def draw(stream: str) -> np.ndarray:
        return uniform(seed, stream, *keys)

    login = converts | (draw("login") < np.where(in_app, rates.login_app, rates.login_web))
    views = 1 + (draw("views") * 3).astype(int)
    abandons = kind == ABANDONED
    adds = np.where(converts | abandons, 1 + (draw("adds") < 0.5), (kind != BROWSE) * (draw("adds") < 0.3))
    views = np.maximum(views, adds)
    has_cart = converts | (abandons & (draw("cart") < 0.8)) | ((adds > 0) & (draw("cart") < 0.4))
    has_checkout = converts | (abandons & (draw("checkout") < 0.35))
    exists = np.column_stack(
        [
            np.ones(len(sessions), bool),
            login,
            draw("search") < 0.5,
            *(views > i for i in range(3)),
            *(adds > i for i in range(2)),
            has_cart,
            has_checkout,
            converts,
        ]
    )
    position = np.cumsum(exists, axis=1) - 1
    last = np.maximum(position[:, -1], 1)
    start, end = sessions["start_at"].to_numpy(), sessions["end_at"].to_numpy()
    at = start[:, None] + (end - start)[:, None] * position // last[:, None]
    session, step = np.nonzero(exists)
    rows = sessions.iloc[session].reset_index(drop=True)
    product = np.array([-1, -1, 0, 0, 1, 2, 0, 1, -1, -1, -1])[step]
    return rows.assign(
        at=at[session, step],
        name=np.array(STEPS, dtype=object)[step],
        source=np.where(in_app[session], "simulated_app", "simulated_web"),
        product=product,
        known=login[session] & (step >= 1),
    )


def _touches(sessions: pd.DataFrame, rates: Rates) -> pd.DataFrame:
    """Return what the social network shows: the click that begins a session, and views of the advertisement before it."""
    social = sessions[sessions["channel"] == CHANNELS.index("social")]
    keys = tuple(social[column].to_numpy() for column in ("household", "basket_id", "kind", "number"))
    viewed = social["start_at"] - ((0.05 + 2 * uniform(rates.seed, "seen", *keys)) * DAY).astype(np.int64)
    parts = [
        social.assign(at=social["start_at"] - 2 * SECOND, name="Promotion Clicked"),
        social.assign(at=viewed, name="Promotion Viewed"),
    ]
    return pd.concat(parts, ignore_index=True).assign(source="simulated_social", product=-1, known=False)


def _bots(purchases: Purchases, rates: Rates) -> pd.DataFrame:
    """Return the bursts of bots: a hundred product pages, one a second. A bot goes by a household's number but is nobody's."""
    households = purchases.households["household"].to_numpy()
    bots = households[uniform(rates.seed, "bot", households) < rates.bot]
    start = FIRST_DAY + (uniform(rates.seed, "bot at", bots) * YEAR).astype(np.int64)
    firsts = purchases.orders["household"].searchsorted(bots)
    basket_ids = purchases.orders["basket_id"].to_numpy()[np.minimum(firsts, len(purchases.orders) - 1)]
    each = np.tile(np.arange(100), len(bots))
    return pd.DataFrame(
        {
            "at": np.repeat(start, 100) + each * SECOND,
            "name": "Product Viewed",
            "source": "simulated_web",
            "household": np.repeat(bots, 100),
            "person": 0,
            "device": -2,
            "channel": 0,
            "basket_id": np.repeat(basket_ids, 100),
            "product": each % 3,
            "campaign_id": 0,
            "known": False,
            "order_at": 0,
        }
    )
