"""Every kind of destination. A new one is a module of its own and one line here."""

from dmp_assets.activation.destinations.base import Destination
from dmp_assets.activation.destinations.files import Csv, Parquet
from dmp_assets.activation.destinations.google import Google, GoogleFile
from dmp_assets.activation.destinations.mail import Mail
from dmp_assets.activation.destinations.mailchimp import Mailchimp
from dmp_assets.activation.destinations.meta import Meta, MetaFile
from dmp_assets.activation.destinations.sql import Sql
from dmp_assets.activation.destinations.webhook import Webhook

KINDS: tuple[type[Destination], ...] = (
    Csv,
    Parquet,
    Webhook,
    Mail,
    Google,
    GoogleFile,
    Meta,
    MetaFile,
    Mailchimp,
    Sql,
)
