"""Events as lines of the collector's segments, with what goes wrong on the way: wrong clocks, late arrival, repeated sending."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import orjson
import pandas as pd

from dmp_assets.demo.simulation.events import CHANNELS, HOUR, SECOND, Purchases
from dmp_assets.demo.simulation.people import APP, DESKTOP, KINDS
from dmp_assets.demo.simulation.rates import Rates, bits, uniform

NAMESPACE = "cj"
LIBRARY = {"name": "dmp-simulator", "version": "1"}
USER_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/56.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 10_2 like Mac OS X) AppleWebKit/602.3 (KHTML, like Gecko) Version/10.0 Safari/602.1",
    "Shop/1.0 (iPhone; iOS 10.2)",
)
BOT_AGENT = "Mozilla/5.0 (compatible; ExampleBot/1.0; +https://bot.example.com)"
SITE = "https://shop.example.com"
UTM = {
    "paid_search": {"name": "groceries", "source": "google", "medium": "cpc", "term": "groceries"},
    "social": {"name": "weekly-deals", "source": "facebook", "medium": "paid_social", "content": "video"},
}
NEWSLETTER = {"source": "newsletter", "medium": "email"}
REFERRERS = {
    "organic": "https://www.google.com/",
    "paid_search": "https://www.google.com/",
    "social": "https://www.facebook.com/",
}
PATHS = {"Visit": "/", "Login": "/login", "Cart Viewed": "/cart", "Checkout Started": "/checkout"}


def arrivals(events: pd.DataFrame, devices: pd.DataFrame, rates: Rates) -> pd.DataFrame:
    """Return the events in the order in which they arrive, repeated ones twice.

    Returns:
        The events' columns and number (of the event in its household), said_at and sent_at (µs by the client's clock),
        received_at (µs), is_repeated.
    """
    number = events.groupby("household").cumcount().to_numpy()
    keys = (events["household"].to_numpy(), number)
    seed = rates.seed
    device = events["device"].to_numpy()
    skew = np.where(device >= 0, devices["skew"].to_numpy()[device], 0)
    in_app = events["source"].to_numpy() == "simulated_app"
    is_late = in_app & (uniform(seed, "late", *keys) < rates.late)
    delay = np.where(is_late, (1 + 47 * uniform(seed, "delay", *keys)) * HOUR, 0).astype(np.int64)
    waits = (uniform(seed, "wait", *keys) * 2 * SECOND).astype(np.int64)
    travels = (20_000 + uniform(seed, "travel", *keys) * 300_000).astype(np.int64)
    at = events["at"].to_numpy() // 1000 * 1000
    arrived = events.assign(
        number=number,
        at=at,
        said_at=at + skew,
        sent_at=(at + skew + waits + delay) // 1000 * 1000,
        received_at=at + waits + delay + travels,
        is_repeated=False,
    )
    again = arrived[uniform(seed, "repeat", *keys) < rates.duplicate]
    later = (30 * SECOND + uniform(seed, "later", again["household"], again["number"]) * HOUR).astype(np.int64)
    again = again.assign(received_at=again["received_at"] + later, is_repeated=True)
    arrived = pd.concat([arrived, again], ignore_index=True)
    return arrived.sort_values(["received_at", "household", "number", "is_repeated"], ignore_index=True)


def segment_lines(
    arrived: pd.DataFrame, purchases: Purchases, persons: pd.DataFrame, devices: pd.DataFrame, rates: Rates
) -> list[bytes]:
    """Return one line of a collector's segment per arrival, in the given order."""
    said, sent = _times(arrived["said_at"], "ms"), _times(arrived["sent_at"], "ms")
    received = _times(arrived["received_at"], "us")
    keys = (arrived["household"].to_numpy(), arrived["number"].to_numpy())
    ids = zip(bits(rates.seed, "m1", *keys).tolist(), bits(rates.seed, "m2", *keys).tolist(), strict=True)
    typo = uniform(rates.seed, "typo", *keys).tolist()
    people = {(row.household, row.person): row for row in _rows(persons)}
    device_rows = _rows(devices)
    device_contexts = [_device_context(row.kind) for row in device_rows]
    orders = {row.basket_id: row for row in _rows(purchases.orders)}
    products = {row.product_id: _product(row) for row in _rows(purchases.products)}
    consents = {code: _consent(code) for code in range(16, 32)}
    lines = []
    for i, (row, (high, low)) in enumerate(zip(_rows(arrived), ids, strict=True)):
        person = people.get((row.household, row.person))
        device = device_rows[row.device] if row.device >= 0 else None
        channel = CHANNELS[row.channel]
        message_id = f"{high:016x}{low:016x}"
        event: dict = {"messageId": message_id, "originalTimestamp": said[i], "sentAt": sent[i]}
        context: dict = {"library": LIBRARY, "locale": "en-US"}
        if row.source != "simulated_email":
            # 192.0.2.0/24 and 198.51.100.0/24 are for documentation: a household's persons share an address.
            network = "198.51.100" if row.device == -2 else "192.0.2"
            context["ip"] = f"{network}.{row.household % 254 + 1}"
        if device is not None:
            event["anonymousId"] = device.anonymous_id
            context |= device_contexts[row.device]
        elif row.device == -2:
            event["anonymousId"] = f"b07{row.household:029x}"
            context["userAgent"] = BOT_AGENT
        if row.known:
            event["userId"] = str(row.household)
        order = orders.get(row.basket_id)
        _add_content(event, context, row, order, products)
        if row.campaign_id:
            context["campaign"] = NEWSLETTER | {"id": str(row.campaign_id), "name": f"campaign-{row.campaign_id}"}
        elif channel in UTM and row.source != "simulated_app":
            context["campaign"] = UTM[channel]
        if person is not None:
            if row.name == "Login":
                event["traits"] = _traits(person, row.at, typo[i], rates)
            if row.source == "simulated_email":
                context["traits"] = {"email": _contact(person, "email", row.at)}
            if person.consent_code:
                changed = row.at >= person.consent_changed_at
                context["consent"] = consents[person.consent_code ^ 2 if changed else person.consent_code]
        event["context"] = context
        line = {"source": row.source, "namespace": NAMESPACE, "received_at": received[i]}
        if device is not None and device.has_gpc:
            line["gpc"] = True
        line["event"] = event
        lines.append(orjson.dumps(line))
    return lines


def _add_content(event: dict, context: dict, row: Any, order: Any, products: dict[int, dict]) -> None:
    """Add what the event says: its type and name, its properties, the page."""
    name = row.name
    if name == "Login":
        event["type"] = "identify"
        return
    if name == "Visit":
        in_app = row.source == "simulated_app"
        event |= {"type": "screen" if in_app else "page", "name": "Home", "properties": {}}
    else:
        event |= {"type": "track", "event": name}
        event["properties"] = _properties(row, order, products)
    if row.source == "simulated_web":
        path = PATHS.get(name, "/products")
        page = {"path": path, "url": SITE + path, "title": "Simulated shop"}
        referrer = REFERRERS.get(CHANNELS[row.channel])
        if name == "Visit" and referrer:
            page["referrer"] = referrer
        context["page"] = page


def _properties(row: Any, order: Any, products: dict[int, dict]) -> dict:
    name = row.name
    if row.source == "simulated_email":
        return {"campaign_id": str(row.campaign_id), "campaign_name": f"campaign-{row.campaign_id}"}
    if row.source == "simulated_social":
        return {"promotion_id": "weekly-deals", "name": "Weekly deals", "creative": "video"}
    # A few products that were bought are not in the catalogue.
    listed = [products.get(each) or {"product_id": str(each)} for each in order.product_ids]
    if name == "Products Searched":
        return {"query": listed[0].get("category", "groceries").lower()}
    if row.product >= 0:
        return listed[row.product % len(listed)]
    if name == "Order Completed":
        return {
            "order_id": str(row.basket_id),
            "total": order.amount,
            "revenue": order.amount,
            "currency": "USD",
            "products": listed,
        }
    return {"products": listed}


def _contact(person: Any, kind: Literal["email", "phone"], at: int) -> str:
    """Return the e-mail address or phone number that a person has at a time (µs); "" without."""
    has_new = getattr(person, kind) and at >= getattr(person, f"{kind}_changed_at")
    return getattr(person, f"new_{kind}" if has_new else kind)


def _traits(person: Any, at: int, chance: float, rates: Rates) -> dict[str, Any]:
    """Return what a person types at a login: now and then with a letter missing, or a phone number in another form."""
    traits: dict[str, Any] = {"firstName": person.first_name, "lastName": person.last_name}
    email, phone = _contact(person, "email", at), _contact(person, "phone", at)
    if person.has_profile:
        traits |= {"birthday": person.birthday, "address": {"street": person.street, "postalCode": person.postcode}}
    if email:
        traits["email"] = email
    if phone:
        digits = phone[2:]
        is_plain = int(chance * 1e6) % 3
        traits["phone"] = phone if is_plain else f"+1 ({digits[:3]}) {digits[3:6]}-{digits[6:]}"
    if chance < rates.typo / 2:
        traits["lastName"] = person.last_name[:-1]
    elif chance < rates.typo and email:
        traits["email"] = email[0] + email[2:]
    elif chance > 0.9 and email:
        traits["email"] = email.upper()
    return traits


def _device_context(kind: int) -> dict:
    operating_system = {"name": "Windows", "version": "10"} if kind == DESKTOP else {"name": "iOS", "version": "10.2"}
    device = {"type": "ios"} if kind == APP else {"type": str(KINDS[kind])}
    return {"device": device, "os": operating_system, "userAgent": USER_AGENTS[kind]}


def _consent(code: int) -> dict:
    categories = ("analytics", "marketing", "personalization", "email")
    choices = {category: bool(code >> bit & 1) for bit, category in enumerate(categories)}
    return {"categoryPreferences": choices}


def _product(row: Any) -> dict:
    return {
        "product_id": str(row.product_id),
        "name": row.name or "Unknown",
        "category": row.category or "Unknown",
        "brand": row.brand or "Unknown",
    }


def _rows(frame: pd.DataFrame) -> list[Any]:
    return list(frame.itertuples(index=False))


def _times(microseconds: pd.Series, unit: Literal["ms", "us"]) -> list[str]:
    times = microseconds.to_numpy(np.int64).view("datetime64[us]")
    return [f"{text}Z" for text in np.datetime_as_string(times, unit=unit)]
