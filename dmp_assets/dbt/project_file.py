"""Change the list of sources and the currencies and time zones in a project's ``dbt_project.yml``, and nothing else in it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmp_assets.platform.files import write_atomically
from dmp_assets.platform.project import PACKAGE_DIR

if TYPE_CHECKING:
    from ruamel.yaml import YAML


_SETTINGS = ("sources", "currency", "exchange_rates", "time_zones", "event_time_zone")


class ProjectFile:
    """The settings of the dbt project: read, changed, and written back with their comments.

    A setting that the file leaves to the platform is written into it as the platform has it.
    """

    def __init__(self, project_dir: Path) -> None:
        """Read the file."""
        self.path = project_dir / "dbt_project.yml"
        self._yaml = _yaml()
        self._content: Any = self._yaml.load(self.path.read_text(encoding="utf-8"))
        platform: Any = self._yaml.load((PACKAGE_DIR / "dbt_project.yml").read_text(encoding="utf-8"))
        self._vars: Any = self._content.setdefault("vars", {})
        self._amount_type: str = platform["vars"]["amount_type"]
        for name in _SETTINGS:
            self._vars.setdefault(name, platform["vars"][name])

    @property
    def sources(self) -> dict[str, list[str]]:
        """Contract tables of each listed source."""
        return {name: list(tables or []) for name, tables in (self._vars["sources"] or {}).items()}

    @property
    def currency(self) -> str:
        """The platform's currency."""
        return self._vars["currency"]

    def has_rate(self, currency: str) -> bool:
        """Return whether amounts in a currency can be converted."""
        return currency == self.currency or currency in self._vars["exchange_rates"]

    def list_table(self, source: str, contract: str) -> None:
        """Add a contract table to a source, and the source if it is new."""
        if source not in self._vars["sources"]:
            # At the beginning: the comment before the next setting hangs on the last entry.
            self._vars["sources"].insert(0, text_for_all(source), [])
        tables = self._vars["sources"][source]
        if contract not in tables:
            tables.append(contract)

    def rename(self, source: str, name: str) -> None:
        """Give a listed source another name, at the same place in the list."""
        sources = self._vars["sources"]
        place = list(sources).index(source)
        comment = sources.ca.items.pop(source, None)
        sources.insert(place, text_for_all(name), sources.pop(source))
        if comment:
            sources.ca.items[name] = comment

    def unlist(self, source: str) -> None:
        """Take a source off the list."""
        del self._vars["sources"][source]

    def set_currency(self, currency: str) -> None:
        """Set the currency of all amounts."""
        self._vars["currency"] = currency

    def set_rate(self, currency: str, rate: float, from_date: str = "1970-01-01") -> None:
        """Say what one unit of a currency is worth from a date on."""
        from ruamel.yaml.scalarstring import DoubleQuotedScalarString

        self._vars["exchange_rates"].setdefault(currency, {})[DoubleQuotedScalarString(from_date)] = rate

    def set_amount_digits(self, digits: int) -> bool:
        """Keep so many digits of amounts behind the point; return whether that is more than were kept before."""
        if digits <= int(self._vars.get("amount_type", self._amount_type).strip(") ").split(",")[1]):
            return False
        self._vars["amount_type"] = f"decimal(18, {digits})"
        return True

    def add_time_zone(self, zone: str) -> None:
        """Know stores in a time zone."""
        if zone not in self._vars["time_zones"]:
            self._vars["time_zones"].append(zone)

    def set_time_zones(self, *zones: str) -> None:
        """Know stores in these time zones only; the first is also that of the events' dates."""
        del self._vars["time_zones"][:]
        self._vars["time_zones"].extend(zones)
        self._vars["event_time_zone"] = zones[0]

    def text(self, sources: dict[str, list[str]] | None = None) -> str:
        """Return the file's new text; with sources, as if these were all."""
        listed = self._vars["sources"]
        if sources is not None:
            self._vars["sources"] = sources
        stream = io.StringIO()
        self._yaml.dump(self._content, stream)
        self._vars["sources"] = listed
        return stream.getvalue()

    def write(self) -> None:
        """Write the file anew, whole or not at all."""
        write_atomically(self.path, self.text())


def edited_yaml(text: str, edit: Callable[[Any], None]) -> str:
    """Return the text of a yml file after a change of its content, with its comments."""
    yaml, stream = _yaml(), io.StringIO()
    content = yaml.load(text)
    edit(content)
    yaml.dump(content, stream)
    return stream.getvalue()


def yaml_text(document: Any) -> str:
    """Return a new document in the style of the project's yml files."""
    stream = io.StringIO()
    _yaml().dump(text_for_all(document), stream)
    return stream.getvalue()


def text_for_all(value: Any) -> Any:
    """Return a content, keys too, in which every text is one to all readers: YAML 1.1, as dbt has it, takes ``on`` for true."""
    import yaml.nodes
    import yaml.resolver
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, dict):
        return {text_for_all(key): text_for_all(each) for key, each in value.items()}
    if isinstance(value, list):
        return [text_for_all(each) for each in value]
    if not isinstance(value, str):
        return value
    read_as = yaml.resolver.Resolver().resolve(yaml.nodes.ScalarNode, value, (True, False))
    plain = read_as == "tag:yaml.org,2002:str" and "{{" not in value
    return value if plain else DoubleQuotedScalarString(value)


def _yaml() -> YAML:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1000
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
