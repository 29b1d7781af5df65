"""One command, one site: holds the data directory, runs the stores, then the programs, until told to stop.

It never serves anything itself and never imports a program: what crashes there cannot crash here.
"""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack

import msgspec
import psutil

from heliograph.base import logs
from heliograph.base.errors import StartError
from heliograph.base.settings import Settings
from heliograph.ops import claim, embedded
from heliograph.ops.embedded import Stores
from heliograph.ops.keeper import kept
from heliograph.ops.program import Program, Supervised, environment, local_url

log = logs.get("ops.supervisor")

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

Prepare = Callable[[Stores], Awaitable[None]]
OnReady = Callable[["Site"], None]


class Site(msgspec.Struct, frozen=True):
    """A running site. `settings`: those it runs with (a port of 0 has become a real one)."""

    settings: Settings
    stores: Stores


async def run(
    settings: Settings, programs: Sequence[Program], *, prepare: Prepare | None = None, on_ready: OnReady | None = None
) -> None:
    """Run the site until SIGTERM, SIGINT or SIGHUP; a second signal hastens the stop.

    `prepare` runs when the stores are ready and before the programs start (migrations); `on_ready` when everything
    is. Programs get every setting, and the stores' URLs, by environment. Raises StartError when the site cannot
    start, after what had started was stopped. Call it from the main thread.
    """
    asked, hurry = asyncio.Event(), asyncio.Event()
    with _signals(asked, hurry):
        site = asyncio.create_task(_run(settings, programs, prepare, on_ready, hurry))
        waiting = asyncio.create_task(asked.wait())
        try:
            await asyncio.wait({site, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            site.cancel()
            await asyncio.wait({site, waiting})
        if not site.cancelled():
            site.result()


async def _run(
    settings: Settings,
    programs: Sequence[Program],
    prepare: Prepare | None,
    on_ready: OnReady | None,
    hurry: asyncio.Event,
) -> None:
    # What is entered last is left first, and that order is wanted. Programs stop before the stores, since they finish
    # requests and hand back leases, which takes stores. Among them the last started (worker) goes first: its work may
    # come from the others, never the other way round. Valkey before PostgreSQL: it is the copy. The data directory is
    # given free at the very end, when nothing of ours is left in it.
    async with AsyncExitStack() as stack:
        data_dir = await stack.enter_async_context(claim.claimed(settings.data_dir))
        settings = _with_port(settings)
        stores = await stack.enter_async_context(embedded.started(settings, data_dir, hurry))
        if prepare:
            await prepare(stores)
        stores.settle()
        env = environment(settings, stores.database_url, stores.valkey_url)
        for program in programs:
            url = None if program.ready_path is None else local_url(settings, program.ready_path)
            await stack.enter_async_context(kept(Supervised(program, env, url), hurry))
        if on_ready:
            on_ready(Site(settings, stores))
        await asyncio.Event().wait()


@contextlib.contextmanager
def _signals(asked: asyncio.Event, hurry: asyncio.Event) -> Iterator[None]:
    def heard(number: signal.Signals) -> None:
        (hurry if asked.is_set() else asked).set()
        log.info("stopping at once" if hurry.is_set() else "stopping", signal=number.name)

    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, heard, number)
    try:
        yield
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


def _with_port(settings: Settings) -> Settings:
    """`settings` with a port that is free now. Raises StartError when the one wanted is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As a server would: the remains of closed connections are no obstacle, a listener is.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise StartError(_refused(settings, error)) from error
        return msgspec.structs.replace(settings, port=probe.getsockname()[1])


def _refused(settings: Settings, error: OSError) -> str:
    return (
        f"The web server cannot listen on {settings.host}, port {settings.port}: {os.strerror(error.errno or 0)}"
        f"{_listener(settings.port)}. Stop what is there, or set HELIOGRAPH_PORT (or HELIOGRAPH_HOST) to another."
    )


def _listener(port: int) -> str:
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,) and connection.pid:
                return f" (process {connection.pid}, {psutil.Process(connection.pid).name()})"
    return ""
