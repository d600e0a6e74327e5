"""Google Customer Match, by the Data Manager API (``audienceMembers:ingest`` and ``:remove``) or as a file for its upload page."""

from __future__ import annotations

from collections.abc import Sequence
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
from dmp_assets.activation.normalise import google_email, name, phone, plain, region
from dmp_assets.rules.files import Text

FORMS: tuple[Form, ...] = (
    (Field("emailAddress", "email", google_email, is_hashed=True),),
    (Field("phoneNumber", "phone", phone, is_hashed=True),),
    (
        Field("givenName", "first_name", name, is_hashed=True),
        Field("familyName", "last_name", name, is_hashed=True),
        Field("regionCode", "country", region),
        Field("postalCode", "postcode", plain),
    ),
)
_COLUMNS = {
    "emailAddress": "Email",
    "phoneNumber": "Phone",
    "givenName": "First Name",
    "familyName": "Last Name",
    "regionCode": "Country",
    "postalCode": "Zip",
}
_ADDRESS = ("givenName", "familyName", "regionCode", "postalCode")


class Google(Destination):
    """A customer list of a Google Ads account; `consent` is what the audience's channel stands for: both kinds are granted."""

    forms: ClassVar[tuple[Form, ...]] = FORMS
    channels: ClassVar[tuple[str, ...]] = ("ads",)
    batch_size: ClassVar[int] = 10_000
    is_advertiser: ClassVar[bool] = True

    kind: Literal["google_customer_match"]
    account: Text
    list_id: Text
    token_variable: EnvironmentVariable
    url: WebAddress = "https://datamanager.googleapis.com/v1"

    def send(self, batch: Batch) -> Words:
        """Ingest or remove the rows; see `Destination.send`. Google says later, in its own pages, which it knows."""
        method = "ingest" if batch.action == "add" else "remove"
        headers = {"Authorization": f"Bearer {self.secret(self.token_variable)}", "Idempotency-Key": batch.key}
        call("POST", f"{self.url}/audienceMembers:{method}", payload(batch, self.account, self.list_id), headers)
        return {}


class GoogleFile(FileDestination):
    """The file that the upload page of a customer list takes; it holds all members, hashed."""

    forms: ClassVar[tuple[Form, ...]] = FORMS
    channels: ClassVar[tuple[str, ...]] = ("ads",)
    is_advertiser: ClassVar[bool] = True
    is_one_each: ClassVar[bool] = False

    kind: Literal["google_customer_match_file"]

    def content(self, batch: Batch) -> bytes:
        """Return the CSV text."""
        rows = [{_COLUMNS[field]: value for field, value in row.items()} for row in rows_of(batch)]
        return as_csv([*_COLUMNS.values()], rows)


def payload(batch: Batch, account: str, list_id: str) -> dict[str, Any]:
    """Return the body of a request."""
    members: Sequence[dict[str, Any]] = [
        {"userData": {"userIdentifiers": [_identifier(row)]}} for row in rows_of(batch)
    ]
    body: dict[str, Any] = {
        "destinations": [
            {
                "operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": account},
                "productDestinationId": list_id,
            }
        ],
        "audienceMembers": members,
        "encoding": "HEX",
    }
    if batch.action == "add":
        body["consent"] = {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"}
        body["termsOfService"] = {"customerMatchTermsOfServiceStatus": "ACCEPTED"}
    return body


def _identifier(row: dict[str, str]) -> dict[str, Any]:
    return {"address": row} if set(row) == set(_ADDRESS) else row
