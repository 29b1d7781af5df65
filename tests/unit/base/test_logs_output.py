"""A log that cannot be written harms nobody."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import logging
from heliograph.base import logs
logs.configure("info", {form!r})
for number in range(500):
    logs.get("test").info("something", number=number, text="x" * 100)
    logging.getLogger("elsewhere").warning("something %s", number)
    try:
        raise ValueError(number)
    except ValueError:
        logs.get("test").exception("failed")
print("alive")
"""


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_full_disk_does_not_fail_who_logs(form):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    with full.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(form=form)], stdout=subprocess.PIPE, stderr=output, check=False
        )
    assert done.stdout == b"alive\n"
