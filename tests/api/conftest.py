"""A whole site on a port: web server and worker over real stores, in a thread of its own, one for each module.

Tests here are clients: they are plain functions that talk HTTP. `person` makes people as quickly as the product can.
A module that wants other settings says so: `SETTINGS = {"upload_max_bytes": 1_000_000}`.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from living_site import DEADLINE_S, Person, Site, until

from heliograph.base.settings import Settings
from heliograph.base.topology import ShardSpec, Topology
from heliograph.stores.valkey import Valkey
from heliograph.web.app import create_app
from heliograph.wiring import open_product, work


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest, cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    started: list[Site] = []
    failed: list[BaseException] = []
    stop = threading.Event()

    async def serve(listening: socket.socket) -> None:
        values = {"password_grant": "on", "rate_limits": "off"} | getattr(request.module, "SETTINGS", {})
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = Settings(data_dir=folder, public_url=url, **values)
        database = await cluster.clone()
        topology = Topology((ShardSpec("main", cluster.dsn(database)),), cluster.valkey_url, f"file://{folder}/media")
        async with Valkey.open(topology.valkey_url) as valkey:
            await valkey.one(lambda _: ("FLUSHALL",))
        async with open_product(settings, topology) as product:
            server = uvicorn.Server(uvicorn.Config(create_app(product), log_level="error", lifespan="off", ws="none"))
            ending = asyncio.Event()
            worker = asyncio.create_task(work(product, ending))
            web = asyncio.create_task(server.serve(sockets=[listening]))
            started.append(Site(asyncio.get_running_loop(), product, folder))
            await asyncio.to_thread(stop.wait)
            server.should_exit = True
            ending.set()
            await asyncio.gather(web, worker)
        await cluster.drop(database)

    def live() -> None:
        try:
            with socket.create_server(("127.0.0.1", 0)) as listening:
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
    assert not failed, failed


@pytest.fixture(scope="module")
def ada(site: Site) -> Person:
    return site.person()


@pytest.fixture(scope="module")
def grace(site: Site) -> Person:
    return site.person()


@pytest.fixture
def stranger(site: Site) -> Person:
    return site.person()
