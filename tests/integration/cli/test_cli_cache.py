"""`heliograph cache`: what is cached and how it serves, beside a running site and without one; and forgetting it."""

import socket
import urllib.request

import pytest
from cli_site import RUNS_AT, Running, heliograph


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def row(text, kind):
    """The words of the line of `kind` in the last table that has one."""
    return [line.split() for line in text.splitlines() if line.split()[:1] == [kind]][-1]


@pytest.mark.timeout(400)
def test_stats_and_flush(tmp_path):
    site = {"data_dir": tmp_path / "site", "port": free_port(), "rate_limits": "off"}
    running = Running(tmp_path / "output", "up", **site)
    try:
        running.says(RUNS_AT)
        made = heliograph("user", "create", "ada", **site)
        assert made.returncode == 0, made.stderr
        for _ in range(3):
            with urllib.request.urlopen(f"http://127.0.0.1:{site['port']}/@ada", timeout=60) as answer:
                assert answer.status == 200
        shown = heliograph("cache", "stats", **site)
        assert shown.returncode == 0, shown.stderr
        assert row(shown.stdout.partition("Served by")[0], "account")[1] == "1"
        served = row(shown.stdout, "account")
        assert int(served[1]) >= 3
        assert sum(float(share.rstrip("%")) for share in served[2:5]) > 99
        refused = heliograph("cache", "flush", "--kind", "nonsense", **site)
        assert refused.returncode == 2
        assert "there is account" in refused.stderr
        flushed = heliograph("cache", "flush", **site)
        assert "forgotten" in flushed.stdout
        assert row(heliograph("cache", "stats", **site).stdout.partition("Served by")[0], "account")[1] == "0"
    finally:
        running.stop()
    assert "No web server answers" in heliograph("cache", "stats", **site).stdout
