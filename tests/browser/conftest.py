"""A live site on loopback, worker included, and a real Chromium in front of it.

A fresh database a test, one browser a run: all in one event loop, since a browser belongs to the loop that started it.
"""

import asyncio
import io
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
import uvicorn
from PIL import Image, ImageFilter
from playwright.async_api import Browser, async_playwright
from visitors import Arrive, Visitor, visitor

from heliograph.base.settings import Settings
from heliograph.base.topology import Topology
from heliograph.domain.product import Product
from heliograph.stores.valkey import Valkey
from heliograph.web.app import create_app
from heliograph.wiring import open_product, work

CHROMIUM = shutil.which("chromium")
SWITCHES = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MAX_BYTES = 3 * 1024 * 1024


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, upload_max_bytes=MAX_BYTES)


@pytest_asyncio.fixture(loop_scope="session")
async def database(cluster: Any) -> AsyncIterator[str]:
    name = await cluster.clone()
    yield cluster.dsn(name)
    await cluster.drop(name)


@pytest_asyncio.fixture(loop_scope="session")
async def product(settings: Settings, topology: Topology) -> AsyncIterator[Product]:
    async with Valkey.open(topology.valkey_url) as valkey:
        await valkey.one(lambda _: ("FLUSHALL",))
    async with open_product(settings, topology) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def site(product: Product) -> AsyncIterator[str]:
    """The address of the running site. Its public address is another one: pages must not depend on it."""
    stop = asyncio.Event()
    server = uvicorn.Server(uvicorn.Config(create_app(product), host="127.0.0.1", port=0, log_config=None))
    working = asyncio.create_task(work(product, stop))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 -- uvicorn has a flag, no event
            await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    stop.set()
    await asyncio.gather(serving, working)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def arrive(site: str, browser: Browser) -> AsyncIterator[Arrive]:
    """Lets people arrive; in the end nobody may have had anything to complain of (take from `complaints` what was meant)."""
    came: list[Visitor] = []

    async def arrive(**options: Any) -> Visitor:
        came.append(await visitor(site, browser, **options))
        return came[-1]

    yield arrive
    for each in came:
        await each.close()
    assert [each.complaints for each in came] == [[] for _ in came]


@pytest.fixture
def photo(tmp_path: Path) -> Callable[..., Path]:
    """Makes a photo: clouds of light and dark, in the proportions asked for."""

    def make(name: str = "clouds.jpg", size: tuple[int, int] = (1400, 933)) -> Path:
        noise = Image.effect_noise((size[0] // 40, size[1] // 40), 90).resize(size, Image.Resampling.BICUBIC)
        soft = noise.filter(ImageFilter.GaussianBlur(12))
        picture = Image.merge("RGB", (soft, noise, soft.point(lambda value: 255 - value)))
        picture.save(tmp_path / name, quality=85)
        return tmp_path / name

    return make


@pytest.fixture
def not_a_photo(tmp_path: Path) -> Path:
    """A text file that calls itself a photo."""
    path = tmp_path / "letter.jpg"
    path.write_text("Dear photographer, this is only a letter.\n")
    return path


@pytest.fixture
def torn_photo(tmp_path: Path, photo: Callable[..., Path]) -> Path:
    """A photo whose header is in order, and whose end is missing."""
    body = photo("whole.jpg").read_bytes()
    path = tmp_path / "torn.jpg"
    path.write_bytes(body[: len(body) // 2])
    return path


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    """A photo that is larger than the site allows."""
    noise = io.BytesIO()
    Image.effect_noise((1200, 1200), 90).save(noise, "PNG")
    path = tmp_path / "large.png"
    path.write_bytes(noise.getvalue() + bytes(2 * MAX_BYTES))
    return path
