"""Short socket paths, bounded logs, growing pauses, binaries in the wheels."""

import os
from pathlib import Path

import pytest

from heliograph.base.errors import StartError
from heliograph.ops import binaries, logfile, sockets
from heliograph.ops.keeper import Backoff

SUN_PATH_BYTES = 104  # macOS, with the closing zero; Linux has 108


def test_socket_paths_are_short_however_long_the_data_directory():
    deep = Path("/", *(["a" * 40] * 10))
    for path in (sockets.postgres(deep).with_name(".s.PGSQL.5432.lock"), sockets.valkey(deep)):
        assert len(os.fsencode(path)) < SUN_PATH_BYTES


def test_each_data_directory_has_its_own_sockets():
    assert sockets.folder(Path("/a")) != sockets.folder(Path("/b"))


def test_a_socket_folder_behind_a_link_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(StartError, match="belongs to somebody else"):
        sockets.prepare(tmp_path / "link", os.geteuid(), os.getegid())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_socket_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 12345, 12345)
    with pytest.raises(StartError, match="uid 12345"):
        sockets.prepare(tmp_path / "theirs", os.geteuid(), os.getegid())


def test_an_open_socket_folder_of_ours_is_closed(tmp_path):
    (tmp_path / "ours").mkdir(mode=0o777)
    sockets.prepare(tmp_path / "ours", os.geteuid(), os.getegid())
    assert (tmp_path / "ours").stat().st_mode & 0o777 == 0o700


def test_a_log_is_cut_under_its_writer(tmp_path):
    path = tmp_path / "x.log"
    with path.open("ab", buffering=0) as writer:
        writer.write(b"old\n" * 10)
        logfile.bound(path, limit_bytes=39)
        writer.write(b"new\n")
    assert path.read_bytes() == b"new\n"
    assert (tmp_path / "x.log.1").read_bytes() == b"old\n" * 10


def test_a_short_log_is_left_alone(tmp_path):
    path = tmp_path / "x.log"
    path.write_bytes(b"old\n")
    logfile.bound(path, limit_bytes=4)
    assert path.read_bytes() == b"old\n"


def test_only_what_this_start_wrote_is_quoted(tmp_path):
    path = tmp_path / "x.log"
    path.write_bytes(b"before\n")
    offset = logfile.size(path)
    with path.open("ab") as file:
        file.write(b"after\n")
    assert logfile.since(path, offset) == "after\n"


def test_pauses_grow_to_a_limit_and_shrink_after_health():
    backoff = Backoff(first_s=1, limit_s=5, healthy_s=30)
    assert [backoff.pause_s(0) for _ in range(5)] == [1, 2, 4, 5, 5]
    assert backoff.pause_s(31) == 1


def test_the_binaries_are_found_and_can_be_run():
    for path in (binaries.postgres("postgres"), binaries.postgres("initdb"), binaries.valkey()):
        assert os.access(path, os.X_OK)


def test_a_missing_binary_says_what_to_do():
    with pytest.raises(StartError, match="DATABASE_URL"):
        binaries.postgres("no-such-program")
