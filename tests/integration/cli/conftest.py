"""Starts commands that run on, and cleans up after them."""

import contextlib

import psutil
import pytest
from cli_site import Running, leftovers


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """Starts commands that run on; whatever they leave is ended after the module's tests."""
    folder = tmp_path_factory.mktemp("out")
    started, data_dirs = [], set()

    def start(*words, **settings):
        started.append(Running(folder / f"{len(started)}.out", *words, **settings))
        data_dirs.add(settings["data_dir"])
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()
    for data_dir in data_dirs:
        for process in leftovers(data_dir):
            with contextlib.suppress(psutil.Error):
                process.kill()
