"""What sqlfluff sees in place of a macro that is called by its package, ``dmp.parse_time(...)``: a text with its first argument."""

from collections.abc import Callable


def __getattr__(macro: str) -> Callable[..., str]:
    return lambda first, *_: f"{macro}({first})"
