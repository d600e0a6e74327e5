"""A list of Mailchimp: members added in batches that report errors row by row, archived one by one."""

from __future__ import annotations

import base64
from typing import Any, ClassVar, Literal

from dmp_assets.activation.destinations.base import (
    Batch,
    Destination,
    EnvironmentVariable,
    Field,
    Form,
    WebAddress,
    Words,
)
from dmp_assets.activation.destinations.http import call
from dmp_assets.activation.normalise import email, mailchimp_id, plain
from dmp_assets.rules.files import Text

_GONE = (404, 405)
"""The answers for a member who is not there, or is archived already."""


class Mailchimp(Destination):
    """A list (audience) of a Mailchimp account."""

    forms: ClassVar[tuple[Form, ...]] = (
        (
            Field("email_address", "email", email),
            Field("FNAME", "first_name", plain, is_key=False),
            Field("LNAME", "last_name", plain, is_key=False),
        ),
    )
    channels: ClassVar[tuple[str, ...]] = ("email",)
    batch_size: ClassVar[int] = 500
    is_one_each: ClassVar[bool] = True

    kind: Literal["mailchimp"]
    url: WebAddress
    list_id: Text
    key_variable: EnvironmentVariable

    def send(self, batch: Batch) -> Words:
        """Add the rows in one request, or archive each; see `Destination.send`."""
        user = base64.b64encode(f"dmp:{self.secret(self.key_variable)}".encode()).decode()
        headers = {"Authorization": f"Basic {user}", "Idempotency-Key": batch.key}
        if batch.action == "add":
            answer = call("POST", f"{self.url}/lists/{self.list_id}", payload(batch), headers)
            return errors(batch, answer.content)
        for item in batch.items:
            member = mailchimp_id(item.fields["email_address"])
            call("DELETE", f"{self.url}/lists/{self.list_id}/members/{member}", b"", headers, accepted=_GONE)
        return {}


def payload(batch: Batch) -> dict[str, Any]:
    """Return the body that adds or updates members; who has unsubscribed there is reported and stays unsubscribed."""
    members = [
        {
            "email_address": item.fields["email_address"],
            "email_type": "html",
            "status": "subscribed",
            "merge_fields": {name: value for name, value in item.fields.items() if name != "email_address"},
        }
        for item in batch.items
    ]
    return {"members": members, "update_existing": True}


def errors(batch: Batch, content: Any) -> Words:
    """Return the rows that the answer names as wrong."""
    listed = content.get("errors") if isinstance(content, dict) else None
    by_address = {
        str(each.get("email_address", "")).lower(): str(
            each.get("error") or each.get("error_code") or "no reason given"
        )
        for each in listed or []
        if isinstance(each, dict)
    }
    found = {item.delivery_id: by_address.get(item.fields["email_address"].lower()) for item in batch.items}
    return {delivery_id: words for delivery_id, words in found.items() if words}
