"""The platform's macros without dbt: what they write for DuckDB."""

from pathlib import Path
from typing import Any

import jinja2
import yaml

PROJECT = Path(__file__).parents[3] / "dbt_project"


def macros(*files: str) -> Any:
    """Return the macros of these files of `dbt_project/macros` (without their ending) and of the dialect."""
    settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
    sources = [(PROJECT / "macros" / f"{file}.sql").read_text() for file in ("dialect", *files)]
    environment = jinja2.Environment(autoescape=False, extensions=["jinja2.ext.do"])  # noqa: S701  # it writes SQL
    found: dict[str, Any] = {}

    class Adapter:
        @staticmethod
        def dispatch(name: str, _: str) -> Any:
            return found[f"default__{name}"]

    known: dict[str, Any] = {"adapter": Adapter, "return": lambda value: value, "var": settings.__getitem__}
    environment.globals.update(known)
    module = environment.from_string("\n".join(sources)).module
    found.update(vars(module))
    return module
