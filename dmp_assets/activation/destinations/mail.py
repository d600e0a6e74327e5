"""Mail to each member: a Jinja template of the project, filled with what is known of the member, with a way to unsubscribe.

A mail cannot be taken back or made not to have been sent. So each is sent by itself; where it is not known whether one was sent,
because this process died in between, it is not sent again.
"""

from __future__ import annotations

import email.policy
import smtplib
import urllib.parse
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, PrivateAttr

from dmp_assets.activation.destinations.base import (
    Batch,
    Destination,
    EnvironmentVariable,
    Field,
    Form,
    Item,
    RefusedError,
    UnreachableError,
    Words,
)
from dmp_assets.activation.normalise import email as email_form
from dmp_assets.activation.normalise import plain
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.mail import connected
from dmp_assets.platform.settings import Settings
from dmp_assets.rules.files import Text

_ID = "{id}"
_CLOSING = 421
_NOT_LOGGED_IN = (530, 535, 538)


def _is_sender(text: str) -> str:
    """Return a sender; raises ValueError where it has no address."""
    if "@" not in parseaddr(text)[1]:
        raise ValueError("give an address, such as News <news@shop.example>")
    return text


def _names_member(address: str) -> str:
    """Return an address to unsubscribe at; raises ValueError where it cannot say who does."""
    if not address.startswith(("https://", "http://", "mailto:")) or _ID not in address:
        raise ValueError(
            f"give an https or mailto address with {_ID} in it, which stands for a pseudonym of the address"
        )
    return address


class Mail(Destination):
    """A mail server that takes one mail per member."""

    forms: ClassVar[tuple[Form, ...]] = (
        (
            Field("email", "email", email_form),
            Field("first_name", "first_name", plain, is_key=False),
            Field("last_name", "last_name", plain, is_key=False),
        ),
    )
    channels: ClassVar[tuple[str, ...]] = ("email",)
    batch_size: ClassVar[int] = 1
    is_one_each: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = False
    is_once: ClassVar[bool] = True

    kind: Literal["smtp"]
    server_variable: EnvironmentVariable
    sender: Annotated[Text, AfterValidator(_is_sender)]
    subject: Text
    template: Text
    unsubscribe: Annotated[Text, AfterValidator(_names_member)]

    _templates: Any = PrivateAttr(default=None)

    def prepare(self, settings: Settings) -> None:
        """Read the template, and fill it once."""
        import jinja2

        super().prepare(settings)
        self._address()
        path = settings.project_dir / self.template
        environment = jinja2.Environment(
            autoescape=True, undefined=jinja2.StrictUndefined
        )  # of HTML; a subject is none
        plain_text = jinja2.Environment(autoescape=False, undefined=jinja2.StrictUndefined)  # noqa: S701
        try:
            templates = (
                environment.from_string(path.read_text(encoding="utf-8")),
                plain_text.from_string(self.subject),
            )
            sample = {"first_name": "", "last_name": "", "unsubscribe": ""}
            for template in templates:
                template.render(sample)
        except (OSError, UnicodeDecodeError, jinja2.TemplateError) as error:
            line = f", line {error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
            raise UserError(
                self.problem(
                    f"destination '{self.name}'",
                    f"the template {path}{line} cannot be used ({str(error).splitlines()[0]}); it knows first_name, last_name "
                    "and unsubscribe",
                )
            ) from None
        self._templates = templates

    def send(self, batch: Batch) -> Words:
        """Send a mail; see `Destination.send`. One that the server does not take now, such as at first sight, is refused too."""
        (item,) = batch.items
        message = self.message(item)
        try:
            server = connected(self._address())
        except (OSError, smtplib.SMTPException) as error:
            raise UnreachableError(f"no mail server ({type(error).__name__})", has_nothing=True) from None
        try:
            server.send_message(message, to_addrs=[item.fields["email"]])
        except smtplib.SMTPRecipientsRefused as error:
            ((code, words),) = error.recipients.values()
            return _refused(item, code, words)
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            return _refused(item, error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            raise UnreachableError(f"the mail server broke off ({type(error).__name__})") from None
        finally:
            server.close()
        return {}

    def message(self, item: Item) -> EmailMessage:
        """Return the mail to a member: of the same row always the same, with the same Message-ID."""
        member = item.delivery_id
        address = self.unsubscribe.replace(_ID, member)
        known = {"first_name": "", "last_name": "", **item.fields, "unsubscribe": address}
        body, subject = self._templates
        mail = EmailMessage(policy=email.policy.SMTP)
        mail["From"], mail["To"] = self.sender, item.fields["email"]
        mail["Subject"] = " ".join(subject.render(known).split())
        mail["Message-ID"] = f"<{member}@{parseaddr(self.sender)[1].rpartition('@')[2]}>"
        mail["List-Unsubscribe"] = f"<{address}>"
        if address.startswith("https://"):
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.set_content(body.render(known), subtype="html")
        return mail

    def _address(self) -> str:
        address = self.secret(self.server_variable)
        parts = urllib.parse.urlsplit(address)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise UserError(
                self.problem(
                    f"destination '{self.name}'",
                    f"{self.server_variable} is no mail server; give smtp://user:password@host:587 or smtps://host:465",
                )
            )
        return address


def _refused(item: Item, code: int, words: bytes | str) -> Words:
    text = f"{code} {words.decode('utf-8', 'replace') if isinstance(words, bytes) else words}"
    if code == _CLOSING:
        raise UnreachableError(text, has_nothing=True)
    if code in _NOT_LOGGED_IN:
        raise RefusedError(text, is_about_rows=False)
    return {item.delivery_id: text}
