"""Finds and stops what an earlier supervisor of the same data directory has left running.

Only the holder of the data directory's lock may call it: then no living supervisor can own what it
finds. Programs are known by a mark in their environment, servers by their name and working folder.
Neither can be forged by a reused process id, and neither needs a file that a kill could leave half-written.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterable, Sequence
from pathlib import Path

import psutil

from heliograph.base import logs

log = logs.get("ops.orphans")

# Not HELIOGRAPH_...: it is no setting, and settings refuse what they do not know.
MARK = "HG_SUPERVISED_DATA_DIR"
GONE = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)


def programs(data_dir: Path) -> list[psutil.Process]:
    """Living programs that were started by a supervisor of `data_dir`, without us and our ancestors."""
    me = psutil.Process()
    kin = {me.pid, *(parent.pid for parent in me.parents())}
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(*GONE):
            if process.pid not in kin and process.environ().get(MARK) == str(data_dir):
                found.append(process)
    return found


def servers(name: str, folder: Path) -> list[psutil.Process]:
    """Living processes of the server `name` whose working folder is `folder`."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(*GONE):
            if process.name().startswith(name) and process.cwd() == str(folder):
                found.append(process)
    return found


async def stop(found: Sequence[psutil.Process], steps: Iterable[tuple[signal.Signals | None, float]]) -> None:
    """End all of `found`: for each step send the signal (None: only wait), then wait so many seconds at most."""
    for number, patience_s in steps:
        living = [process for process in found if _lives(process)]
        if not living:
            return
        log.warning("stopping what was left", pids=[process.pid for process in living], signal=number and number.name)
        for process in living:
            with contextlib.suppress(*GONE):
                if number is not None:
                    process.send_signal(number)
        await _wait(living, patience_s)


async def stop_programs(data_dir: Path) -> None:
    """Stop the programs that an earlier supervisor of `data_dir` has left."""
    await stop(programs(data_dir), ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)))


async def _wait(processes: Sequence[psutil.Process], patience_s: float) -> None:
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + patience_s
    # They are no children of ours: nothing wakes us at their end.
    while loop.time() < deadline_s and any(map(_lives, processes)):  # noqa: ASYNC110 -- see above
        await asyncio.sleep(0.02)


def _lives(process: psutil.Process) -> bool:
    try:
        # A zombie has let go of everything; only its parent has not looked yet.
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE and process.pid != os.getpid())
    except GONE:
        return False
