import datetime as dt
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dmp_assets.platform.files import atomic_file, read_yaml, write_atomically


def test_a_file_is_replaced_as_a_whole_and_its_folder_is_made(tmp_path: Path):
    file = tmp_path / "new folder" / "page.html"
    for content, expected in (("é\n", b"\xc3\xa9\n"), (b"\x00\xff", b"\x00\xff"), ("", b"")):
        write_atomically(file, content)
        assert file.read_bytes() == expected
    assert list(file.parent.iterdir()) == [file]


def test_a_failure_leaves_the_old_version_and_nothing_else(tmp_path: Path):
    file = tmp_path / "page.html"
    write_atomically(file, "old")
    with pytest.raises(KeyboardInterrupt), atomic_file(file) as unfinished:
        unfinished.write(b"half of the new")
        raise KeyboardInterrupt
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_reader_never_sees_a_part(tmp_path: Path):
    file = tmp_path / "page.html"
    write_atomically(file, "old")
    with atomic_file(file) as unfinished:
        unfinished.write(b"new")
        unfinished.flush()
        assert file.read_text() == "old"
    assert file.read_text() == "new"


def test_a_killed_process_leaves_the_old_version(tmp_path: Path):
    file = tmp_path / "page.html"
    write_atomically(file, "old")
    program = (
        "import os, pathlib\nfrom dmp_assets.platform.files import atomic_file\n"
        f"with atomic_file(pathlib.Path({str(file)!r})) as file:\n    file.write(b'new'); file.flush(); os.abort()"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, capture_output=True).returncode != 0
    assert file.read_text() == "old"


@pytest.mark.parametrize(("mode", "expected"), [(0o600, 0o600), (0o666, 0o644)])
def test_the_mode_holds_for_the_old_and_the_new_file(tmp_path: Path, mode: int, expected: int):
    file = tmp_path / "secret"
    before = os.umask(0o022)
    try:
        for _ in range(2):
            write_atomically(file, "content", mode=mode)
            assert stat.S_IMODE(file.stat().st_mode) == expected
    finally:
        os.umask(before)


def test_yaml_is_read_with_plain_values_only(tmp_path):
    file = tmp_path / "1.yml"
    file.write_text("a: [1, 2.5, 2024-01-02, é]\nb:\n", encoding="utf-8")
    assert read_yaml(file) == {"a": [1, 2.5, dt.date(2024, 1, 2), "é"], "b": None}
    file.write_text("")
    assert read_yaml(file) is None
    file.write_text("!!python/object/apply:os.getcwd []")
    with pytest.raises(yaml.YAMLError):
        read_yaml(file)
