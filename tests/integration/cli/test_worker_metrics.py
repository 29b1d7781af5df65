"""A worker's metrics, as Prometheus fetches them."""

import re
import socket
import urllib.request

import pytest
from cli_site import heliograph, leftovers, until


@pytest.fixture
def port():
    """A port that is free, at least a moment ago."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def taken():
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def scraped(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return answer.read().decode()
    except OSError:
        return None


def with_gauges(port):
    text = scraped(port)
    return text if text and 'heliograph_outbox_pending{shard="main"}' in text else None


def test_work_serves_its_metrics_and_ends_cleanly(cluster, database, tmp_path, running, port):
    stores = {"database_url": database, "valkey_url": cluster.valkey_url, "data_dir": tmp_path}
    worker = running("work", worker_metrics_port=port, **stores)
    text = until(lambda: with_gauges(port), worker.text)
    assert re.search(r"^heliograph_feed_deliveries_total 0\.0$", text, re.MULTILINE)
    assert worker.stop() == 0, worker.text()
    assert scraped(port) is None
    assert "Traceback" not in worker.text()


def test_a_taken_port_is_refused_in_one_line(cluster, database, tmp_path, taken):
    stores = {"database_url": database, "valkey_url": cluster.valkey_url, "data_dir": tmp_path}
    done = heliograph("work", worker_metrics_port=taken, **stores)
    assert done.returncode == 2
    assert f"cannot serve its metrics on 127.0.0.1, port {taken}: Address already in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_worker_of_a_site_serves_them_too(running, tmp_path, port):
    site = running("up", data_dir=tmp_path / "site", port=0, worker_metrics_port=port)
    assert until(lambda: with_gauges(port), site.text)
    assert site.stop() == 0
    assert leftovers(tmp_path / "site") == []


def test_a_site_says_that_the_port_is_taken_and_ends(running, tmp_path, taken):
    site = running("up", data_dir=tmp_path / "site", port=0, worker_metrics_port=taken)
    assert site.process.wait(60) == 2
    assert f"port {taken}: Address already in use" in site.text()
    assert leftovers(tmp_path / "site") == []
