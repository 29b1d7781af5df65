"""Starts sites and cleans up after them."""

import contextlib

import psutil
import pytest
from ops_sites import Site, leftovers

from heliograph.ops import sockets


@pytest.fixture
def sites(tmp_path):
    """Starts sites on `tmp_path / "site"`; whatever they leave is ended after the test."""
    started = []
    data_dir = tmp_path / "site"

    def start(*flags, data_dir=data_dir, **options):
        started.append(Site(data_dir, *flags, **options))
        return started[-1]

    yield start
    for site in started:
        site.process.kill()
        site.process.wait()
    rest = [process for site in started for process in leftovers(site.data_dir)]
    for process in rest:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(rest, timeout=5)
    for site in started:
        sockets.remove(sockets.folder(site.data_dir.resolve()))
