import pytest

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.ports import listen


def test_a_taken_port_is_told_with_what_to_do():
    with listen("127.0.0.1", 0, "The first") as first:
        port = first.getsockname()[1]
        with pytest.raises(
            UserError, match=rf"The second cannot listen on 127\.0\.0\.1:{port} .*choose another --host or --port"
        ):
            listen("127.0.0.1", port, "The second")


def test_a_port_is_free_again_once_nobody_listens():
    first = listen("127.0.0.1", 0, "The first")
    port = first.getsockname()[1]
    first.close()
    listen("127.0.0.1", port, "The second").close()
