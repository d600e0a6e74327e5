"""Meta Custom Audiences, by the Marketing API (``/<audience>/users``) or as a file for its upload page."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from dmp_assets.activation.destinations.base import (
    Batch,
    Destination,
    EnvironmentVariable,
    Field,
    Form,
    WebAddress,
    Words,
    rows_of,
)
from dmp_assets.activation.destinations.files import FileDestination, as_csv
from dmp_assets.activation.destinations.http import call
from dmp_assets.activation.normalise import email, meta_name, meta_phone, meta_postcode, meta_region
from dmp_assets.rules.files import Text

FORMS: tuple[Form, ...] = (
    (Field("EMAIL", "email", email, is_hashed=True),),
    (Field("PHONE", "phone", meta_phone, is_hashed=True),),
    (
        Field("FN", "first_name", meta_name, is_hashed=True),
        Field("LN", "last_name", meta_name, is_hashed=True),
        Field("ZIP", "postcode", meta_postcode, is_hashed=True),
        Field("COUNTRY", "country", meta_region, is_hashed=True),
    ),
)
SCHEMA = [field.name for form in FORMS for field in form]


class Meta(Destination):
    """A custom audience of a Meta ad account."""

    forms: ClassVar[tuple[Form, ...]] = FORMS
    channels: ClassVar[tuple[str, ...]] = ("ads",)
    batch_size: ClassVar[int] = 10_000
    is_advertiser: ClassVar[bool] = True

    kind: Literal["meta_custom_audience"]
    audience_id: Text
    token_variable: EnvironmentVariable
    url: WebAddress = "https://graph.facebook.com/v25.0"

    def send(self, batch: Batch) -> Words:
        """Add or remove the rows; see `Destination.send`. Meta counts invalid rows and names samples of them."""
        method = "POST" if batch.action == "add" else "DELETE"
        headers = {"Authorization": f"Bearer {self.secret(self.token_variable)}", "Idempotency-Key": batch.key}
        answer = call(method, f"{self.url}/{self.audience_id}/users", payload(batch), headers)
        return invalid(batch, answer.content)


class MetaFile(FileDestination):
    """The file that the upload page of a custom audience takes; it holds all members, hashed."""

    forms: ClassVar[tuple[Form, ...]] = FORMS
    channels: ClassVar[tuple[str, ...]] = ("ads",)
    is_advertiser: ClassVar[bool] = True
    is_one_each: ClassVar[bool] = False

    kind: Literal["meta_custom_audience_file"]

    def content(self, batch: Batch) -> bytes:
        """Return the CSV text."""
        rows = [{field.lower(): value for field, value in row.items()} for row in rows_of(batch)]
        return as_csv([name.lower() for name in SCHEMA], rows)


def payload(batch: Batch) -> dict[str, Any]:
    """Return the body of a request: the names of the fields once, and a list of values per row."""
    used = [name for name in SCHEMA if any(name in item.fields for item in batch.items)]
    data = [[item.fields.get(name, "") for name in used] for item in batch.items]
    return {"payload": {"schema": used, "data": data}}


def invalid(batch: Batch, content: Any) -> Words:
    """Return the rows that the answer names as invalid."""
    samples = content.get("invalid_entry_samples") if isinstance(content, dict) else None
    named = str(samples or "")
    return {
        item.delivery_id: "invalid entry"
        for item in batch.items
        if samples and any(value in named for value in item.fields.values())
    }
