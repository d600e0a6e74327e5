"""A YAML file of rules, read into a pydantic model; what is wrong with it is said in words, with file and line."""

import difflib
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    PrivateAttr,
    StrictStr,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase, CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from dmp_assets.platform.errors import UserError


class RuleError(UserError):
    """A rule file that cannot be used; the message names the file, the line, the rule and what to change."""


def printable(text: str) -> str:
    """Return a text; raises ValueError where it has control characters."""
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError("must not contain control characters such as line breaks")
    return text


def not_empty(entries: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a list of a file; raises ValueError where nothing is in it."""
    if not entries:
        raise ValueError("the list must not be empty")
    return entries


Text = Annotated[StrictStr, AfterValidator(printable)]


class Entry(BaseModel):
    """A mapping in a rule file: a rule, a condition, the file itself. It knows where it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    _path: Path | None = PrivateAttr(default=None)
    _line: int | None = PrivateAttr(default=None)

    @model_validator(mode="wrap")
    @classmethod
    def _keep_place(cls, value: Any, handler: ModelWrapValidatorHandler["Entry"], info: ValidationInfo) -> "Entry":
        entry = handler(value)
        if isinstance(value, CommentedMap):
            entry._path, entry._line = info.context, value.lc.line + 1
        return entry

    @property
    def line(self) -> int | None:
        """The line on which it starts, from 1; None for one that no file holds."""
        return self._line

    def problem(self, *words: str) -> str:
        """Return what is wrong with it, from the place to the detail, as one line."""
        place = [f"{self._path}, line {self._line}"] if self._path else []
        return ": ".join([*place, *words])


E = TypeVar("E", bound=Entry)


def load(path: Path, model: type[E], *, named_by: str | None = None, if_missing: str = "") -> E:
    """Read a file of rules and check all of it before anything is reported.

    Args:
        path: the YAML file (YAML 1.2, UTF-8).
        model: what the file must be; its first field is the list of rules.
        named_by: the field that names a rule in messages, beside its number.
        if_missing: what to do where there is no such file.

    Raises:
        RuleError: if there is no such file, it is not YAML, or it does not fit the model; a line for each mistake.
    """
    try:
        content = YAML().load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RuleError("; ".join(filter(None, [f"{path}: there is no such file", if_missing]))) from error
    except OSError as error:
        raise RuleError(f"{path}: the file cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RuleError(f"{path}: the file is not text in UTF-8; save it as such") from error
    except MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise RuleError(f"{path}{line}: not valid YAML: {error.problem}") from error
    except (YAMLError, ValueError) as error:  # ValueError: the 31st of June
        raise RuleError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from error
    try:
        return model.model_validate(content, context=path)
    except ValidationError as error:
        problems = [
            _in_words(path, model, content, problem["loc"], _told(problem), named_by) for problem in error.errors()
        ]
        raise RuleError("\n".join(problems)) from error


def _told(problem: ErrorDetails) -> str:
    """Return what pydantic found in words; of a field that is none, which one may be meant."""
    if problem["type"] != "extra_forbidden":
        return problem["msg"].removeprefix("Value error, ")
    near = difflib.get_close_matches(str(problem["loc"][-1]), sorted(_fields(Entry)), n=1)
    return f"there is no such field{f'; did you mean {near[0]!r}?' if near else ''}"


def _fields(model: type[BaseModel]) -> set[str]:
    """Return every field that something in a rule file may have."""
    own = {field.alias or name for name, field in model.model_fields.items()}
    return own.union(*(_fields(each) for each in model.__subclasses__()))


def repeated(entries: Iterable[E], key: Callable[[E], str]) -> str:
    """Return in words which keys several entries share, each with the lines of those; '' where every key is another."""
    by_key: dict[str, list[E]] = {}
    for entry in entries:
        by_key.setdefault(key(entry), []).append(entry)
    return "; ".join(f"{shared}{_lines(same)}" for shared, same in by_key.items() if len(same) > 1)


def _lines(entries: Iterable[Entry]) -> str:
    lines = [str(entry.line) for entry in entries if entry.line]
    return f" (lines {', '.join(lines[:-1])} and {lines[-1]})" if lines else ""


def _in_words(
    path: Path, model: type[Entry], content: Any, location: tuple[int | str, ...], message: str, named_by: str | None
) -> str:
    """Return where a problem that pydantic found is, by line and by the rule's number and name, and what it is."""
    if not isinstance(content, dict):
        return f"{path}: the file must start with '{next(iter(model.model_fields))}:'"
    place = f"{path}, line {_line(content, location)}" if location else str(path)
    # What stands in angle brackets tells the members of a union apart and is not in the file.
    parts = [part for part in location if not str(part).startswith("<")]
    if len(parts) < 2 or not isinstance(parts[1], int):
        return ": ".join([place, ".".join(map(str, parts)), message] if parts else [place, message])
    rules, number, *field = parts
    kind, rule = str(rules).removesuffix("s"), content[rules][number]
    name = f" ('{rule[named_by]}')" if isinstance(rule, dict) and named_by in rule else ""
    return f"{place}: {kind} {int(number) + 1}{name}: {'.'.join(map(str, field)) or f'the {kind}'}: {message}"


def _line(content: Any, location: tuple[int | str, ...]) -> int:
    """Return the line of what a location leads to, or of the last thing on the way there that is in the file, from 1."""
    node, line = content, content.lc.line
    for part in location:
        places = node.lc.data if isinstance(node, CommentedBase) else None
        if places and part in places:
            node, line = node[part], places[part][0]
    return line + 1
