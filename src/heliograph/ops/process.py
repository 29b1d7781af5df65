"""One child process: started, watched for its end, stopped. Knows nothing of what the child is for.

On Linux a child is told to stop by the kernel when we die without having stopped it (kill -9 of the
supervisor). That is the first net only; `orphans` is the second one, at the next start.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

LAST_S = 5.0  # what a server gets for its own emergency exit before SIGKILL


class Command(msgspec.Struct, frozen=True):
    """What to run. `log`: file that takes its output, else it writes where we write."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path | None = None
    log: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM


def dies_with_us(argv: Sequence[str], stop_signal: signal.Signals) -> list[str]:
    """`argv`, so that the kernel sends `stop_signal` when the thread that started it ends (Linux; else unchanged)."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    # setpriv and not preexec_fn: code between fork and exec may deadlock in a process that has threads.
    return [setpriv, "--pdeathsig", stop_signal.name.removeprefix("SIG"), "--", *argv] if setpriv else list(argv)


def ending(code: int) -> str:
    """An exit status in words: `exited with status 1`, `was ended by SIGKILL`."""
    if code >= 0:
        return f"exited with status {code}"
    return f"was ended by {signal.Signals(-code).name}"


class Process:
    """A running child."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Take over `process`; use `spawn` to make one."""
        self._process = process
        self._exit = asyncio.create_task(process.wait())

    @classmethod
    async def spawn(cls, command: Command) -> "Process":
        """Start `command`. Raises OSError when the program or its log cannot be opened."""
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(command.log.open("ab")) if command.log else None
            return cls(
                await asyncio.create_subprocess_exec(
                    *dies_with_us(command.argv, command.stop_signal),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=asyncio.subprocess.STDOUT if output else None,
                    env=command.env,
                    cwd=command.cwd,
                    # A Ctrl-C in the terminal goes to us alone, else the stores would stop before their users.
                    start_new_session=True,
                )
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def exited_within(self, timeout_s: float) -> int | None:
        """Its exit status (negative: minus the signal), or None when it still runs after `timeout_s`."""
        await asyncio.wait({self._exit}, timeout=timeout_s)
        return self._exit.result() if self._exit.done() else None

    async def stop(
        self,
        gentle: signal.Signals,
        grace_s: float,
        hurry: asyncio.Event,
        last: signal.Signals = signal.SIGKILL,
    ) -> int:
        """Stop it: `gentle`, then after `grace_s` or as soon as `hurry` is set `last`, then SIGKILL. Its exit status."""
        hurried = asyncio.create_task(hurry.wait())
        try:
            self._send(gentle)
            await asyncio.wait({self._exit, hurried}, timeout=grace_s, return_when=asyncio.FIRST_COMPLETED)
            if not self._exit.done():
                self._send(last)
                await self.exited_within(LAST_S)
        finally:
            hurried.cancel()
            self._kill_group()
        return await self._exit

    def _send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def _kill_group(self) -> None:
        # What the child itself has started (a decoder, a rewrite of the log) must not outlive it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


async def run(argv: Sequence[str], env: Mapping[str, str], cwd: Path, timeout_s: float = 120.0) -> tuple[int, str]:
    """Run a tool to its end: (exit status, all that it wrote). It is killed after `timeout_s` or when we are cancelled."""
    process = await asyncio.create_subprocess_exec(
        *dies_with_us(argv, signal.SIGKILL),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=env,
        cwd=cwd,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(timeout_s):
            output, _ = await process.communicate()
    except TimeoutError:
        return -signal.SIGALRM, f"{argv[0]} did not finish within {timeout_s:.0f} s"
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return process.returncode or 0, output.decode(errors="replace")
