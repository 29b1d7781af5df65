"""Decodes an upload in a child process that may take only so much memory and time.

The decoders are large C libraries fed by strangers: they run in a process of their own, that can be killed and holds
nothing worth stealing (no environment, no connection, no file but the upload). The server never loads them.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from heliograph.base import logs
from heliograph.base.errors import StoreUnavailableError
from heliograph.domain.media import verdict
from heliograph.domain.media.limits import Limits
from heliograph.domain.media.sniff import Sniffed, sniff

log = logs.get("media")

PROGRAM = "heliograph.domain.media.decoder"
ANSWER_MAX_BYTES = 64 * 1024
COMPLAINTS = "complaints.txt"
# One arena and one thread: memory is the scarcer good, and the other core is the web's.
# And libvips shall not move a large picture into a temporary file, where the memory limit does not see it.
ENVIRONMENT = {
    "VIPS_CONCURRENCY": "1",
    "VIPS_DISC_THRESHOLD": "1t",
    "MALLOC_ARENA_MAX": "1",
    "LC_ALL": "C.UTF-8",
}


class Variant(msgspec.Struct, frozen=True):
    """One size of a photo: `file` within the folder (`640.webp`), pixels, bytes."""

    file: str
    width: int
    height: int
    size_bytes: int


class Decoded(msgspec.Struct, frozen=True):
    """A decoded photo. `width` and `height`: its own size, upright, in pixels (of one frame). `variants`: the smallest first."""

    width: int
    height: int
    blurhash: str
    variants: tuple[Variant, ...]
    animated: bool = False
    peak_kib: int = 0
    cpu_s: float = 0.0

    @property
    def aspect(self) -> float:
        """Width divided by height."""
        return self.width / self.height


async def decode(source: Path, out_dir: Path, limits: Limits) -> Decoded:
    """Decode the upload at `source` and write its variants into `out_dir`; `limits.at_once` at a time in this process.

    The folder is the caller's (see `scratch.py`), who removes it whatever happens. Raises ValidationError with a
    sentence for the uploader when it is not a photo that can be shown, StoreUnavailableError when this machine is
    at fault (its disk is full). Cancelling kills the child.
    """
    found = await asyncio.to_thread(sniff, source, limits)
    request = _request(source, out_dir, found, limits)
    async with _turn(limits.at_once):
        outcome = await _outcome(request, out_dir)
    if outcome.status == 0:
        cost = {"animated": found.frames > 1, "peak_kib": outcome.told["peak_kib"], "cpu_s": outcome.told["cpu_s"]}
        return msgspec.convert(outcome.told["photo"] | cost, Decoded)
    _record(outcome, found, out_dir)
    raise verdict.error(outcome.status, outcome.told.get("reason"), limits)


def _request(source: Path, out_dir: Path, found: Sniffed, limits: Limits) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "path": str(source.absolute()),
        "out_dir": str(out_dir.absolute()),
        "animated": found.frames > 1,
        "max_pixels": limits.max_pixels,
        "memory_mb": limits.memory_mb,
        "timeout_s": limits.timeout_s,
        "deadline_s": limits.deadline_s,
        "parent": os.getpid(),
    }


class _Outcome(msgspec.Struct, frozen=True):
    status: int
    told: dict[str, Any]


# An event loop has its own turn: a semaphore belongs to the loop in which it was first waited for.
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def _turn(at_once: int) -> asyncio.Semaphore:
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(at_once))


async def _outcome(request: dict[str, Any], out_dir: Path) -> _Outcome:
    """Run the child to its end, which may be a violent one."""
    try:
        async with asyncio.timeout(request["deadline_s"]), _child(request, out_dir) as child:
            assert child.stdout is not None
            told = _parse(await child.stdout.readline())
            status = await child.wait()
    except TimeoutError:
        return _Outcome(verdict.TOO_SLOW, {})
    except OSError as error:
        log.exception("media.decoder_not_started")
        raise StoreUnavailableError("scratch") from error
    return _Outcome(status, told) if status or "photo" in told else _Outcome(verdict.MUTE, told)


def _record(outcome: _Outcome, found: Sniffed, out_dir: Path) -> None:
    ordinary = outcome.status in {verdict.REFUSED, verdict.TOO_MUCH_MEMORY, verdict.TOO_SLOW}
    (log.info if ordinary else log.warning)(
        "media.not_decoded",
        kind=found.kind,
        pixels=found.width * found.height * found.frames,
        status=outcome.status,
        reason=outcome.told.get("reason"),
        detail=outcome.told.get("detail"),
        complaints=_complaints(out_dir),
    )


@contextlib.asynccontextmanager
async def _child(request: dict[str, Any], out_dir: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The decoding program, running; killed with its whole process group and waited for on the way out."""
    with (out_dir / COMPLAINTS).open("wb") as complaints:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-m", PROGRAM, json.dumps(request),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=complaints, limit=ANSWER_MAX_BYTES,
            cwd=out_dir, env=ENVIRONMENT | {"TMPDIR": str(out_dir)}, start_new_session=True,
        )  # fmt: skip
    try:
        yield child
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        await asyncio.shield(child.wait())


def _parse(answer: bytes) -> dict[str, Any]:
    """The child's answer; nothing when it was cut off, or died before it gave one."""
    try:
        told = json.loads(answer)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _complaints(out_dir: Path) -> str:
    try:
        return (out_dir / COMPLAINTS).read_bytes()[-1000:].decode(errors="replace")
    except OSError:
        return ""
