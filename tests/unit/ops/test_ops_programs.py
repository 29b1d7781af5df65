"""What programs and servers are given: settings by environment, addresses, argv."""

import signal
import sys
from pathlib import Path

import msgspec
import pytest

from heliograph.base.settings import Settings, load
from heliograph.ops.process import dies_with_us, ending
from heliograph.ops.program import environment, local_url


def test_a_program_reads_exactly_the_settings_of_its_supervisor(tmp_path):
    ours = Settings(data_dir=tmp_path, port=4001, site_name="Møns Klint", registration="closed", upload_max_bytes=7)
    env = environment(ours, "postgresql://x@/y?host=/tmp/z", "unix:///tmp/z/valkey.sock")
    theirs = load(environ={key: value for key, value in env.items() if key.startswith("HELIOGRAPH_")})
    assert theirs == msgspec.structs.replace(
        ours, database_url="postgresql://x@/y?host=/tmp/z", valkey_url="unix:///tmp/z/valkey.sock"
    )


def test_a_program_gets_an_absolute_data_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert environment(Settings(data_dir=Path("var")), "", "")["HELIOGRAPH_DATA_DIR"] == str(tmp_path / "var")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/readyz"),
        ("0.0.0.0", "http://127.0.0.1:80/readyz"),
        ("::", "http://[::1]:80/readyz"),
        ("::1", "http://[::1]:80/readyz"),
        ("localhost", "http://localhost:80/readyz"),
    ],
)
def test_the_local_address_of_the_web_server(host, url):
    assert local_url(Settings(host=host, port=80), "/readyz") == url


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_child_is_told_to_stop_when_we_die():
    argv = dies_with_us(["postgres", "-D", "x"], signal.SIGINT)
    assert argv[0].endswith("setpriv")
    assert argv[1:] == ["--pdeathsig", "INT", "--", "postgres", "-D", "x"]


def test_without_setpriv_the_argv_is_unchanged(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert dies_with_us(["postgres"], signal.SIGINT) == ["postgres"]


def test_endings_in_words():
    assert ending(3) == "exited with status 3"
    assert ending(-9) == "was ended by SIGKILL"
