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


LEVELS = """
from heliograph.base import logs
said = [logs.told("debug"), logs.told("info")]
for level in ("debug", "info", "warning"):
    logs.configure(level)
    said += [logs.told("debug"), logs.told("info")]
print(said)
"""


def test_what_is_not_written_need_not_be_said():
    done = subprocess.run([sys.executable, "-c", LEVELS], stdout=subprocess.PIPE, check=True, text=True)
    assert done.stdout == f"{[False, True, True, True, False, True, False, False]}\n"


SPEAKING = """
import logging
from heliograph.base import logs
logs.configure("debug", {form!r})
evil = "/a\\r\\n2026-01-01 [error] forged\\x1b[2J\\u2028forged\\u202e"
logs.get("test").info("request", path=evil)
logging.getLogger("elsewhere").warning("it said %s", evil)
logs.get("test").info("held", access_token="opens-a-door", csrf_token="opens-a-form", old_password="was-good", tokens=3)
try:
    raise ValueError("in the middle")
except ValueError:
    logs.get("test").exception("failed")
"""


@pytest.mark.parametrize("form", ["json", "console"])
def test_what_somebody_sends_begins_no_line(form):
    done = subprocess.run(
        [sys.executable, "-c", SPEAKING.format(form=form)], capture_output=True, text=True, check=True
    )
    lines = [line for line in done.stderr.splitlines() if "forged" in line]
    assert len(lines) == 2
    assert not any(line.startswith("2026-01-01 [error]") for line in done.stderr.split("\n"))
    assert not {"\x1b", "\r", "\u2028", "\u202e"} & set(done.stderr)
    assert "ValueError: in the middle" in done.stderr
    assert done.stderr.count("\n") > 4 or form == "json"


@pytest.mark.parametrize("form", ["json", "console"])
def test_what_opens_a_door_is_not_written(form):
    done = subprocess.run(
        [sys.executable, "-c", SPEAKING.format(form=form)], capture_output=True, text=True, check=True
    )
    assert not any(word in done.stderr for word in ("opens-a-door", "opens-a-form", "was-good"))
    assert done.stderr.count("[redacted]") == 3
