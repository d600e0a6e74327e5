"""What every kind of destination is: its settings in ``destinations.yml``, its table of fields, and how a batch is sent.

A new kind is one module with one class, and one line in ``destinations/__init__.py``.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, StringConstraints

from dmp_assets.activation.normalise import Normalise
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.rules.files import Entry, Text

Action = Literal["add", "remove"]
Words = Mapping[str, str]
"""What a destination said of rows that it refused, by `Item.delivery_id`."""


def _is_variable(name: str) -> str:
    """Return the name of an environment variable; raises ValueError for what looks like the secret itself."""
    if not re.fullmatch("[A-Z][A-Z0-9_]*", name):
        raise ValueError(
            "give the name of an environment variable in capitals, such as CRM_TOKEN, never the secret itself"
        )
    return name


def _is_http(address: str) -> str:
    """Return an address; raises ValueError where it is none of the web."""
    if not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", address):
        raise ValueError("give an http or https address without a user and password")
    return address.rstrip("/")


EnvironmentVariable = Annotated[Text, AfterValidator(_is_variable)]
WebAddress = Annotated[Text, AfterValidator(_is_http)]
Slug = Annotated[Text, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Country = Annotated[Text, StringConstraints(pattern=r"^[A-Z]{2}$")]


@dataclass(frozen=True)
class Field:
    """One field of a row that is sent.

    Attributes:
        name: as the destination calls it.
        identifier: what of a person it is: customer_id, email, phone, first_name, last_name, postcode, country.
        normalise: makes the form that the destination wants.
        is_hashed: whether the SHA-256 of it is sent, and nothing else.
        is_key: whether a row must have it and is known by it; a row may lack any other, and is sent again where that has changed.
    """

    name: str
    identifier: str
    normalise: Normalise
    is_hashed: bool = False
    is_key: bool = True


Form = tuple[Field, ...]
"""The fields of one kind of row."""


@dataclass(frozen=True)
class Item:
    """One row on its way.

    Attributes:
        delivery_id: of the row in this sync; the same when it is sent again after a crash.
        customer_id: whose it is.
        fields: what is sent, by the fields' names.
    """

    delivery_id: str
    customer_id: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Batch:
    """Rows that are sent together; after a crash they are sent again as they are, under the same key.

    Attributes:
        sync_id: of the sync.
        audience: whose members they are.
        action: whether they are added (or changed) or removed.
        items: the rows.
    """

    sync_id: str
    audience: str
    action: Action
    items: Sequence[Item]

    @property
    def key(self) -> str:
        """The idempotency key: of the same rows of the same sync always the same, of others another."""
        named = "\n".join([self.sync_id, self.action, *(item.delivery_id for item in self.items)])
        return hashlib.sha256(named.encode()).hexdigest()[:32]

    def of(self, items: Sequence[Item]) -> Batch:
        """Return some of the rows as a batch of their own."""
        return replace(self, items=items)


class RefusedError(Exception):
    """The destination does not take a batch; its message holds the destination's words.

    Attributes:
        is_about_rows: whether single rows may be the reason, so that halves of the batch are tried; else nothing more is sent.
    """

    def __init__(self, words: str, *, is_about_rows: bool) -> None:
        """Keep the destination's words."""
        super().__init__(words)
        self.is_about_rows = is_about_rows


class UnreachableError(Exception):
    """The destination does not answer, or not now: the batch is tried again, and else stays in the outbox for the next run.

    Attributes:
        has_nothing: whether it is certain that nothing arrived.
        after: seconds after which the destination asks to be tried again; None if it does not say.
    """

    def __init__(self, words: str, *, has_nothing: bool = False, after: float | None = None) -> None:
        """Keep what happened."""
        super().__init__(words)
        self.has_nothing, self.after = has_nothing, after


class Destination(Entry):
    """An entry of ``destinations.yml``; each kind has a class of its own.

    Class attributes:
        forms: the rows that a customer gives: one for each value of a single key field, else one of the newest values.
        channels: of the audiences that it takes; empty for any.
        batch_size: rows in a batch at most.
        is_advertiser: whether it takes no small audience.
        is_one_each: whether it gets the newest value only, one row per customer.
        is_repeatable: whether a batch that may have arrived can be sent again without effect.
        is_once: whether a row is sent once and for all: nothing of it is changed or removed later.
    """

    forms: ClassVar[tuple[Form, ...]]
    channels: ClassVar[tuple[str, ...]] = ()
    batch_size: ClassVar[int] = 1000
    is_advertiser: ClassVar[bool] = False
    is_one_each: ClassVar[bool] = False
    is_repeatable: ClassVar[bool] = True
    is_once: ClassVar[bool] = False

    name: Slug
    kind: str
    country: Country | None = None

    @property
    def identifiers(self) -> list[str]:
        """What of a person it takes, as `Field.identifier`."""
        return list(dict.fromkeys(field.identifier for form in self.forms for field in form))

    @property
    def secrets(self) -> list[str]:
        """The environment variables that it needs."""
        return [getattr(self, name) for name in type(self).model_fields if name.endswith("_variable")]

    @property
    def is_whole(self) -> bool:
        """Whether all rows are written anew each time, as into a file."""
        return False

    def prepare(self, settings: Settings) -> None:  # noqa: ARG002 - some kinds have files in the project
        """Find out whether it can be sent to, without sending anything.

        Raises:
            UserError: a setting or secret is wrong.
        """
        for variable in self.secrets:
            self.secret(variable)

    def secret(self, variable: str) -> str:
        """Return the value of an environment variable.

        Raises:
            UserError: it is not set.
        """
        value = os.environ.get(variable)
        if not value:
            raise UserError(
                self.problem(
                    f"destination '{self.name}'",
                    f"the environment variable {variable} is not set; set it to its secret",
                )
            )
        return value

    def send(self, batch: Batch) -> Words:
        """Send a batch, and return what was said of the rows that were refused; all others arrived.

        Args:
            batch: of at most `batch_size` rows.

        Raises:
            RefusedError, UnreachableError: see there.
        """
        raise NotImplementedError

    def write(self, settings: Settings, batch: Batch) -> None:
        """Write all rows of an audience in the place of what was there, where `is_whole`."""
        raise NotImplementedError

    def is_written(self, settings: Settings, audience: str) -> bool:
        """Return whether what was written last is still there, where `is_whole`."""
        raise NotImplementedError


def rows_of(batch: Batch) -> list[dict[str, Any]]:
    """Return the rows as plain objects."""
    return [dict(item.fields) for item in batch.items]
