"""What the collector refuses, for its tests."""

import contextlib
from collections.abc import Generator

import pytest

from dmp_assets.collector.wire import RequestError


def refusal(action, *arguments) -> tuple[int, str]:
    with pytest.raises(RequestError) as refused:
        action(*arguments)
    return refused.value.status, refused.value.code


@contextlib.contextmanager
def only_refused(status: int) -> Generator[None]:
    """Let a refusal with this status pass, and nothing else."""
    try:
        yield
    except RequestError as refused:
        if refused.status != status:
            raise
