"""Keeps one service running: starts it, watches it, starts it again when it has crashed or gone deaf.

It never gives up on a service that has been ready once: a store that comes back late is better than
none. The first start is different: it fails with a sentence, because a person is looking at it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from heliograph.base import logs
from heliograph.base.errors import StartError
from heliograph.ops import logfile
from heliograph.ops.probes import Health
from heliograph.ops.process import Process, ending
from heliograph.ops.service import Service

log = logs.get("ops.keeper")

POLL_S = 0.02


class Backoff:
    """Pauses between restarts in seconds: doubled up to a limit, small again after a long healthy time."""

    def __init__(self, first_s: float = 0.1, limit_s: float = 5.0, healthy_s: float = 30.0) -> None:
        """`healthy_s`: a run at least this long starts the row anew."""
        self._first_s, self._limit_s, self._healthy_s = first_s, limit_s, healthy_s
        self._next_s = first_s

    def pause_s(self, ran_s: float = 0.0) -> float:
        """How long to wait now, after a run of `ran_s`."""
        if ran_s >= self._healthy_s:
            self._next_s = self._first_s
        pause_s, self._next_s = self._next_s, min(self._limit_s, self._next_s * 2)
        return pause_s


class Keeper:
    """One service and its present process, if any."""

    def __init__(self, service: Service, hurry: asyncio.Event) -> None:
        """`hurry`: set when stopping must not wait any longer."""
        self.service = service
        self._hurry = hurry
        self._process: Process | None = None
        self._backoff = Backoff()
        self._started_at = 0.0
        self._log_offset = 0

    @property
    def pid(self) -> int | None:
        """The process id, None while there is no process."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the service and wait until it is ready. Raises StartError, with nothing left running."""
        try:
            try:
                await self._start_once()
            except _FailedError as failure:
                if not self.service.mend(failure.output):
                    raise
                await self._start_once()
        except _FailedError as failure:
            raise StartError(self.service.explain(failure.reason, failure.output)) from None
        except OSError as error:
            raise StartError(f"{self.service.name} cannot start: {error}") from error

    async def keep(self) -> None:
        """Watch and restart, until cancelled."""
        while True:
            reason = await self._trouble()
            log.warning("service lost", service=self.service.name, reason=reason)
            await self.stop()
            await self._restart()

    async def stop(self) -> None:
        """Stop the process, if there is one, and wait for its end."""
        if self._process is None:
            return
        service, process = self.service, self._process
        code = await process.stop(service.stop_signal, service.grace_s, self._hurry, service.last_signal)
        self._process = None
        log.debug("service ended", service=service.name, how=ending(code))

    async def _start_once(self) -> None:
        service = self.service
        await service.prepare()
        if service.log:
            logfile.bound(service.log)
            self._log_offset = logfile.size(service.log)
        self._process = await Process.spawn(service.command())
        try:
            await self._become_ready(self._process)
            await service.started()
        except (_FailedError, StartError):
            await self.stop()
            raise
        self._started_at = asyncio.get_running_loop().time()
        log.info("service ready", service=service.name, pid=self.pid)

    async def _become_ready(self, process: Process) -> None:
        clock = asyncio.get_running_loop().time
        begin_s = silent_since_s = clock()
        while (health := await self.service.probe()) is not Health.READY:
            if (code := await process.exited_within(POLL_S)) is not None:
                raise _FailedError(f"it {ending(code)}", self._output())
            silent_since_s = clock() if health is Health.BUSY else silent_since_s
            if clock() - silent_since_s > self.service.ready_timeout_s or clock() - begin_s > self.service.busy_limit_s:
                raise _FailedError(f"it was not ready after {clock() - begin_s:.0f} s", self._output())

    async def _trouble(self) -> str:
        """Wait until the process has ended or does not answer any more; why, in words."""
        if self._process is None:
            return "it does not run"
        misses = 0
        while misses < self.service.misses_allowed:
            code = await self._process.exited_within(self.service.check_every_s)
            if code is not None:
                return f"it {ending(code)}"
            misses = misses + 1 if await self.service.probe() is Health.DOWN else 0
            self._bound_log()
        return f"it did not answer {misses} times"

    async def _restart(self) -> None:
        ran_s = asyncio.get_running_loop().time() - self._started_at
        while True:
            await asyncio.sleep(self._backoff.pause_s(ran_s))
            try:
                return await self.start()
            except StartError as error:
                log.error("service does not start", service=self.service.name, reason=error.message)  # noqa: TRY400 -- the sentence says it all
                ran_s = 0.0

    def _bound_log(self) -> None:
        if self.service.log:
            # A full disk must not end the watch over the server that suffers from it.
            with contextlib.suppress(OSError):
                logfile.bound(self.service.log)

    def _output(self) -> str:
        return logfile.since(self.service.log, self._log_offset) if self.service.log else ""


class _FailedError(Exception):
    """A start has failed."""

    def __init__(self, reason: str, output: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.output = output


@contextlib.asynccontextmanager
async def kept(service: Service, hurry: asyncio.Event) -> AsyncIterator[Keeper]:
    """Have `service` ready and kept running inside the block, stopped after it. Raises StartError."""
    keeper = Keeper(service, hurry)
    watch: asyncio.Task[None] | None = None
    try:
        await keeper.start()
        watch = asyncio.create_task(keeper.keep(), name=f"keep {service.name}")
        yield keeper
    finally:
        if watch:
            watch.cancel()
            await asyncio.wait({watch})
        await keeper.stop()
        if watch and not watch.cancelled():
            watch.result()
