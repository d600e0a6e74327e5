"""A web service of one's own: rows as JSON, signed as in the Standard Webhooks specification (standardwebhooks.com).

The header ``webhook-id`` is the idempotency key, ``webhook-timestamp`` the seconds since 1970, ``webhook-signature`` is ``v1,`` and
the Base64 of the HMAC-SHA-256 of ``<id>.<timestamp>.<body>`` under the secret. The service may name rows that it refuses in its
answer: ``{"rejected": [{"delivery_id": ..., "reason": ...}]}``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any, ClassVar, Literal

from dmp_assets.activation.destinations.base import Batch, Destination, EnvironmentVariable, Form, WebAddress, Words
from dmp_assets.activation.destinations.http import call
from dmp_assets.activation.destinations.tables import CUSTOMER


class Webhook(Destination):
    """A service that takes added and removed customers."""

    forms: ClassVar[tuple[Form, ...]] = (CUSTOMER,)
    batch_size: ClassVar[int] = 500
    is_one_each: ClassVar[bool] = True

    kind: Literal["webhook"]
    url: WebAddress
    secret_variable: EnvironmentVariable

    def send(self, batch: Batch) -> Words:
        """Post the rows; see `Destination.send`."""
        body = json.dumps(payload(batch), ensure_ascii=False).encode()
        headers = signed(batch.key, int(time.time()), body, self.secret(self.secret_variable))
        return rejected(call("POST", self.url, body, {**headers, "Idempotency-Key": batch.key}).content)


def payload(batch: Batch) -> dict[str, Any]:
    """Return what is posted."""
    members = [{"delivery_id": item.delivery_id, **item.fields} for item in batch.items]
    return {"audience": batch.audience, "sync_id": batch.sync_id, "action": batch.action, "members": members}


def signed(message_id: str, timestamp: int, body: bytes, secret: str) -> dict[str, str]:
    """Return the headers that prove who sent a body, and when."""
    content = f"{message_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(secret.encode(), content, hashlib.sha256)).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }


def rejected(content: Any) -> Words:
    """Return the rows that the service says it refuses."""
    listed = content.get("rejected") if isinstance(content, dict) else None
    rows = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return {
        str(each["delivery_id"]): str(each.get("reason") or "no reason given") for each in rows if "delivery_id" in each
    }
