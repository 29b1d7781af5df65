"""The programs of a site, each in the foreground: `serve` (web) and `work` (background work). `up` supervises them."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from heliograph.base import logs, metrics, openfiles
from heliograph.base.settings import Settings
from heliograph.cli.context import begin, begin_command, product

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(serve)
    app.command()(work)


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on; else the setting `host`.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; else the setting `port`.")] = None,
    uds: Annotated[Path | None, typer.Option(help="Listen on this unix socket instead.")] = None,
) -> None:
    """Run the web server alone, beside stores that run elsewhere.

    \b
    HELIOGRAPH_DATABASE_URL=postgresql://... HELIOGRAPH_VALKEY_URL=valkey://... heliograph serve
    heliograph --config /etc/heliograph.toml serve --port 3001
    heliograph --config /etc/heliograph.toml serve --uds /run/heliograph/web.sock
    """
    import msgspec
    import uvloop

    found = begin(context)
    changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    uvloop.run(_serve(msgspec.structs.replace(found, **changes), uds))


async def _serve(settings: Settings, uds: Path | None) -> None:
    import uvicorn

    from heliograph.web.app import create_app
    from heliograph.web.server import config, spare_collections
    from heliograph.wiring import open_product

    class Server(uvicorn.Server):
        """Leaves signals to us: uvicorn would raise them again at its end, before the stores are closed."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    openfiles.allow_many()
    async with open_product(settings) as opened, opened.broadcasting.hearing(), opened.crowds.counting():
        listening = {"uds": str(uds)} if uds else {"host": settings.host, "port": settings.port}
        server = Server(config(create_app(opened), **listening))

        def stop() -> None:
            server.force_exit = server.should_exit
            server.should_exit = True
            # They have no end of their own that the server could wait for.
            opened.listeners.end_all()

        spare_collections()
        with _on_stop(stop):
            await server.serve()


def work(
    context: typer.Context,
    retry_dead: Annotated[
        bool, typer.Option("--retry-dead", help="Only put messages that were given up back into the queue.")
    ] = False,
) -> None:
    """Run a worker alone: deliveries to feeds, decoding of photos, mail, chores.

    \b
    heliograph --config /etc/heliograph.toml work
    HELIOGRAPH_WORKER_METRICS_PORT=9300 heliograph work      its metrics at http://127.0.0.1:9300/
    heliograph work --retry-dead      what was given up (see `heliograph status`) is tried again
    """
    if retry_dead:
        revived = asyncio.run(_retry_dead(begin_command(context)))
        typer.echo(f"{revived} messages are back in the queue.")
        return
    import uvloop

    uvloop.run(_work(begin(context)))


async def _work(settings: Settings) -> None:
    from heliograph import wiring

    stop = asyncio.Event()
    async with wiring.open_product(settings) as opened:
        with metrics.exposed(settings.host, settings.worker_metrics_port), _on_stop(stop.set):
            await wiring.work(opened, stop)
    logs.get("worker").debug("worker.ended")


async def _retry_dead(settings: Settings) -> int:
    async with product(settings) as opened:
        revived = await opened.outbox.revive()
        await opened.outbox.hint()
        return revived


@contextlib.contextmanager
def _on_stop(heard: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, heard)
    try:
        yield
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)
