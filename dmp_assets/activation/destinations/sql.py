"""A table of any database that SQLAlchemy knows: one row per audience and customer, replaced batch by batch in a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import StringConstraints

from dmp_assets.activation.destinations.base import (
    Batch,
    Destination,
    EnvironmentVariable,
    Form,
    RefusedError,
    UnreachableError,
    Words,
)
from dmp_assets.activation.destinations.tables import CUSTOMER
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.rules.files import Text

if TYPE_CHECKING:
    import sqlalchemy as sa
    import sqlalchemy.exc

_AT_ONCE = 400
"""Customers in one statement: SQLite and SQL Server take some thousand parameters."""


class Sql(Destination):
    """A table; the variable holds the database's URL, with user and password."""

    forms: ClassVar[tuple[Form, ...]] = (CUSTOMER,)
    batch_size: ClassVar[int] = 1000
    is_one_each: ClassVar[bool] = True

    kind: Literal["sql"]
    url_variable: EnvironmentVariable
    table: Annotated[Text, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")]

    def prepare(self, settings: Settings) -> None:
        """Find out whether the URL is one."""
        super().prepare(settings)
        self._engine().dispose()

    def send(self, batch: Batch) -> Words:
        """Replace the rows of these customers, or delete them; see `Destination.send`. The table is made if it is not there."""
        import sqlalchemy as sa
        import sqlalchemy.exc

        engine = self._engine()
        table = _table(self.table)
        try:
            with engine.begin() as connection:
                table.create(connection, checkfirst=True)
                keys = [item.fields["customer_id"] for item in batch.items]
                for start in range(0, len(keys), _AT_ONCE):
                    some = keys[start : start + _AT_ONCE]
                    connection.execute(
                        sa.delete(table).where(table.c.audience == batch.audience, table.c.customer_id.in_(some))
                    )
                if batch.action == "add":
                    names = [field.name for field in CUSTOMER]
                    rows = [{name: item.fields.get(name) for name in names} for item in batch.items]
                    connection.execute(sa.insert(table), [{"audience": batch.audience, **row} for row in rows])
        except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
            raise UnreachableError(_words(error)) from None
        except sa.exc.DBAPIError as error:
            raise RefusedError(_words(error), is_about_rows=True) from None
        except sa.exc.SQLAlchemyError as error:
            raise RefusedError(type(error).__name__, is_about_rows=False) from None
        finally:
            engine.dispose()
        return {}

    def _engine(self) -> sa.Engine:
        import sqlalchemy as sa
        import sqlalchemy.exc

        url = self.secret(self.url_variable)
        try:
            return sa.create_engine(url, hide_parameters=True)
        except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError, ValueError) as error:
            raise UserError(
                self.problem(
                    f"destination '{self.name}'",
                    f"{self.url_variable} is no URL of a database that can be opened ({type(error).__name__}); give one such as "
                    "postgresql+psycopg://user:password@host/database, and install its driver",
                )
            ) from None


def _table(name: str) -> sa.Table:
    import sqlalchemy as sa

    schema, _, table = name.rpartition(".")
    columns = [sa.Column(field.name, sa.String(320), primary_key=field.is_key) for field in CUSTOMER]
    audience = sa.Column("audience", sa.String(128), primary_key=True)
    return sa.Table(table, sa.MetaData(), audience, *columns, schema=schema or None)


def _words(error: sa.exc.DBAPIError) -> str:
    """Return what the database said, in its first line, without the statement."""
    text = str(error.orig).strip().splitlines()
    return text[0][:300] if text else type(error).__name__
