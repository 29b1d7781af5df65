"""A whole site on a port: web server and worker over real stores, in a thread of its own, one for each module.

Tests here are clients: they are plain functions that talk HTTP. `person` makes people as quickly as the product can.
A module that wants other settings says so: `SETTINGS = {"upload_max_bytes": 1_000_000}`.
"""

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
import uvicorn
from living_site import DEADLINE_S, Person, Site, until
from watching import watched

from heliograph.base import metrics
from heliograph.base.settings import Settings
from heliograph.base.topology import ShardSpec, Topology
from heliograph.stores import shards
from heliograph.stores.valkey import Valkey
from heliograph.web.app import create_app
from heliograph.web.server import config
from heliograph.wiring import open_product, work

PATIENCE_S = 60.0


def failed_messages() -> float:
    """How often a worker of this process has failed at a message."""
    found = [sample for family in metrics.outbox_messages.collect() for sample in family.samples]
    return sum(
        sample.value for sample in found if sample.name.endswith("_total") and "failed" in sample.labels.values()
    )


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """A database that is as slow as a busy machine makes it is not away. (Valkey is frozen in some tests, which wait for that.)"""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("COMMAND_TIMEOUT_S", "ACQUIRE_TIMEOUT_S", "CONNECT_TIMEOUT_S"):
            patch.setattr(shards, name, PATIENCE_S)
        yield


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest, cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    started: list[Site] = []
    failed: list[BaseException] = []
    stop = threading.Event()
    broken: list[str] = []
    failures = failed_messages()
    # A line for each request, and from another thread: pytest does not always know whose output that is.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

    async def serve(listening: socket.socket) -> None:
        port = listening.getsockname()[1]
        usual = {"public_url": f"http://127.0.0.1:{port}", "password_grant": "on", "rate_limits": "off"}
        settings = Settings(data_dir=folder, port=port, **usual | getattr(request.module, "SETTINGS", {}))
        database = await cluster.clone()
        topology = Topology((ShardSpec("main", cluster.dsn(database)),), cluster.valkey_url, f"file://{folder}/media")
        async with Valkey.open(topology.valkey_url) as client:
            await client.one(lambda _: ("FLUSHALL",))
        async with open_product(settings, topology) as product, product.broadcasting.hearing():
            app = watched(create_app(product), broken)
            server = uvicorn.Server(config(app, log_level="error"))
            ending = asyncio.Event()
            worker = asyncio.create_task(work(product, ending))
            web = asyncio.create_task(server.serve(sockets=[listening]))
            made = Site(asyncio.get_running_loop(), product, folder)
            made.topology = topology
            started.append(made)
            await asyncio.to_thread(stop.wait)
            product.listeners.end_all()
            server.should_exit = True
            ending.set()
            await asyncio.gather(web, worker)
        await cluster.drop(database)

    def live() -> None:
        try:
            # As a server's own: only of what says that it is TCP does asyncio send without delay, and answers in two parts
            # would wait 40 ms for the first to be acknowledged.
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
                listening.bind(("127.0.0.1", 0))
                # From now on who connects waits, until the server takes them.
                listening.listen()
                asyncio.run(serve(listening))
        except BaseException as error:  # noqa: BLE001 -- handed to the thread that can report it
            failed.append(error)

    thread = threading.Thread(target=live)
    thread.start()
    until(lambda: started or failed)
    if failed:
        raise failed[0]
    yield started[0]
    started[0].http.close()
    stop.set()
    thread.join(DEADLINE_S)
    structlog.reset_defaults()
    assert not failed, failed
    assert not broken, "a client's request is never the server's error"
    assert failed_messages() == failures, "a worker could not do what a request had promised"


@pytest.fixture(scope="module")
def ada(site: Site) -> Person:
    return site.person()


@pytest.fixture(scope="module")
def grace(site: Site) -> Person:
    return site.person()


@pytest.fixture
def stranger(site: Site) -> Person:
    return site.person()
