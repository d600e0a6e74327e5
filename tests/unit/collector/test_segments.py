import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmp_assets.collector import segments
from dmp_assets.collector.segments import SegmentWriter, read_segment, sealed_segments
from dmp_assets.platform import files
from dmp_assets.platform.errors import UserError


def line(number: int, text: str = "é\\\u2028") -> bytes:
    return json.dumps({"n": number, "text": text}, ensure_ascii=False).encode()


def numbers(folder: Path) -> list[int]:
    return [row["n"] for path in sealed_segments(folder) for row in read_segment(path)]


def leave_open(folder: Path, lines: list[bytes]) -> Path:
    """Leave an open segment as a process does that is killed after it has appended."""
    with SegmentWriter(folder) as writer:
        writer.append(lines)
        path = next((folder / "open").glob("*.ndjson"))
        content = path.read_bytes()
    sealed_segments(folder)[0].unlink()
    path.write_bytes(content)
    return path


def test_what_was_appended_is_read_back_in_its_order(tmp_path):
    with SegmentWriter(tmp_path) as writer:
        writer.append([line(1), line(2)])
        writer.append([])
        writer.append([line(3)])
    assert numbers(tmp_path) == [1, 2, 3]
    assert next(read_segment(sealed_segments(tmp_path)[0])) == {"n": 1, "text": "é\\\u2028"}
    assert list((tmp_path / "open").iterdir()) == []


def test_a_writer_that_wrote_nothing_leaves_no_segment(tmp_path):
    with SegmentWriter(tmp_path) as writer:
        writer.seal()
    assert sealed_segments(tmp_path) == []


@pytest.mark.parametrize("bad", [b"", b'{"a":1}\n{"b":2}', b"[1]", b'{"a":1'])
def test_a_line_that_is_not_one_json_object_is_refused(tmp_path, bad):
    with SegmentWriter(tmp_path) as writer, pytest.raises(ValueError, match="JSON object"):
        writer.append([line(1), bad])
    assert numbers(tmp_path) == []


def test_segments_are_sealed_by_size_and_their_names_sort_by_time_even_if_the_clock_is_set_back(tmp_path):
    (tmp_path / "sealed").mkdir()
    with SegmentWriter(tmp_path) as writer:
        writer.append([line(0)])
    newest = sealed_segments(tmp_path)[0]
    newest.rename(newest.with_name("29990101T000000000000Z-00000000.ndjson.gz"))
    with SegmentWriter(tmp_path, seal_bytes=1) as writer:
        for number in range(1, 30):
            writer.append([line(number)])
    assert numbers(tmp_path) == list(range(30))
    assert len(sealed_segments(tmp_path)) == 30


def test_segments_are_sealed_by_age(tmp_path):
    with SegmentWriter(tmp_path, seal_seconds=0.2) as writer:
        writer.append([line(1)])
        writer.seal_if_due()
        assert sealed_segments(tmp_path) == []
        writer._begun -= 1
        writer.seal_if_due()
        writer._sealer.submit(int).result()
        assert numbers(tmp_path) == [1]


def test_a_second_writer_is_told_that_the_folder_is_taken(tmp_path):
    with SegmentWriter(tmp_path), pytest.raises(UserError, match=r"Another process writes.*DMP_HOME"):
        SegmentWriter(tmp_path)
    SegmentWriter(tmp_path).close()


def test_a_folder_that_cannot_be_made_names_the_setting(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="DMP_HOME"):
        SegmentWriter(tmp_path / "file" / "collector")


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5), st.data())
@settings(max_examples=60)
def test_any_cut_of_the_open_file_recovers_the_whole_records_before_it(tmp_path_factory, texts, data):
    folder = tmp_path_factory.mktemp("cut")
    lines = [line(number, text) for number, text in enumerate(texts)]
    path = leave_open(folder, lines)
    cut = data.draw(st.integers(0, path.stat().st_size))
    os.truncate(path, cut)
    SegmentWriter(folder).close()
    whole = b"".join(each + b"\n" for each in lines)[:cut].count(b"\n")
    assert numbers(folder) == list(range(whole))
    assert list((folder / "open").iterdir()) == []


def test_zeros_that_a_power_failure_leaves_cost_no_record_before_or_after_them(tmp_path):
    path = leave_open(tmp_path, [line(1), line(2)])
    with path.open("ab") as file:
        file.write(b"\0" * 4096 + b"\n" + line(3) + b"\n" + b"\0" * 10)
    SegmentWriter(tmp_path).close()
    assert numbers(tmp_path) == [1, 2, 3]


@pytest.mark.parametrize("step", range(6))
def test_a_kill_between_any_two_steps_of_sealing_neither_loses_nor_doubles_a_segment(tmp_path, monkeypatch, step):
    """The steps: the compression, the rename, its sync, the removal, its sync."""
    path = leave_open(tmp_path, [line(1), line(2)])
    calls = 0

    class Killed(BaseException):
        pass

    def interrupted(function):
        def call(*arguments, **options):
            nonlocal calls
            if calls == step:
                raise Killed
            calls += 1
            return function(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(segments, "write_gzip", interrupted(segments.write_gzip))
        for module in (files, segments):
            patch.setattr(module, "sync_folder", interrupted(module.sync_folder))
        patch.setattr(Path, "replace", interrupted(Path.replace))
        patch.setattr(Path, "unlink", interrupted(Path.unlink))
        try:
            segments._seal_file(path, tmp_path / "sealed")
            assert step == 5
        except Killed:
            assert step < 5
    SegmentWriter(tmp_path).close()
    assert numbers(tmp_path) == [1, 2]
    assert len(sealed_segments(tmp_path)) == 1
    assert len(list((tmp_path / "sealed").iterdir())) == 1
    assert list((tmp_path / "open").iterdir()) == []


def test_a_half_written_temporary_file_is_made_anew(tmp_path):
    path = leave_open(tmp_path, [line(1)])
    (tmp_path / "sealed" / f"{path.stem}.ndjson.gz.123.tmp").write_bytes(b"\x1f\x8b half")
    SegmentWriter(tmp_path).close()
    assert numbers(tmp_path) == [1]
    assert list((tmp_path / "open").iterdir()) == []


def test_append_returns_only_after_its_lines_were_forced_to_the_disk(tmp_path, monkeypatch):
    synced: list[int] = []
    fsync = os.fsync

    def recorded(fd: int) -> None:
        fsync(fd)
        synced.append(os.fstat(fd).st_size)

    with SegmentWriter(tmp_path) as writer:
        writer.append([line(1)])
        monkeypatch.setattr(os, "fsync", recorded)
        writer.append([line(2), line(3)])
        assert synced == [next((tmp_path / "open").iterdir()).stat().st_size]


def test_a_disk_that_fails_to_sync_acknowledges_nothing(tmp_path, monkeypatch):
    def broken(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with SegmentWriter(tmp_path) as writer:
        writer.append([line(1)])
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", broken)
            for number in (2, 3):
                with pytest.raises(OSError, match="Input/output"):
                    writer.append([line(number)])
        writer.append([line(4)])
    assert numbers(tmp_path) == [1, 4]


FULL_DISK = """
import errno, resource, sys
from pathlib import Path
from dmp_assets.collector.segments import SegmentWriter

line = b'{"n":%d,"text":"' + b"x" * 600 + b'"}'
writer = SegmentWriter(Path(sys.argv[1]))
writer.append([line % 1])
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
for number in (2, 3):
    try:
        writer.append([line % number])
    except OSError as error:
        print(errno.errorcode[error.errno], next(Path(sys.argv[1], "open").iterdir()).stat().st_size)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
writer.append([line % 4])
writer.close()
"""


def test_a_write_that_does_not_fit_raises_keeps_nothing_and_the_next_one_works(tmp_path):
    """A limit on the size of files stands for the full disk: like it, it lets the write begin."""
    finished = subprocess.run([sys.executable, "-c", FULL_DISK, tmp_path], capture_output=True, text=True, check=True)
    assert finished.stdout.split() == ["EFBIG", "618", "EFBIG", "618"]
    assert numbers(tmp_path) == [1, 4]


def test_a_segment_that_cannot_be_sealed_waits_in_the_open_folder_and_is_sealed_later(tmp_path, monkeypatch):
    def no_room(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with SegmentWriter(tmp_path) as writer:
        writer.append([line(1)])
        with monkeypatch.context() as patch:
            patch.setattr(segments, "write_gzip", no_room)
            with pytest.raises(OSError, match="No space"):
                writer.seal()
        writer.append([line(2)])
        writer.seal_if_due()
        writer._sealer.submit(int).result()
        assert numbers(tmp_path) == [1]
    assert numbers(tmp_path) == [1, 2]


def test_a_damaged_segment_is_named(tmp_path):
    with SegmentWriter(tmp_path) as writer:
        writer.append([line(number) for number in range(100)])
    path = sealed_segments(tmp_path)[0]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match=path.name):
        list(read_segment(path))
