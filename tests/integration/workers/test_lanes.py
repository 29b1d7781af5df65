"""What waits for somebody else's server does not hold up the feeds."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from heliograph import wiring
from heliograph.base.paging import Page
from heliograph.base.settings import Settings
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product
from heliograph.stores.idlists import HOME, IdLists

PLAIN = Draft(text="light", media_ids=[], visibility=Visibility.PUBLIC)
# Far less than the mailer's patience.
SOON_S = 5.0


@pytest.fixture
def deaf_server() -> Iterator[socket.socket]:
    """A mail server that lets everybody in and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield listening


@pytest.fixture
def settings(settings: Settings, deaf_server: socket.socket) -> Settings:
    return Settings(
        data_dir=settings.data_dir,
        public_url=settings.public_url,
        smtp_url=f"smtp://127.0.0.1:{deaf_server.getsockname()[1]}",
    )


@pytest.fixture
async def working(product: Product, deaf_server: socket.socket) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(wiring.work(product, stop))
    yield
    stop.set()
    # Whoever still waits for a greeting is told that there will be none.
    deaf_server.close()
    await task


async def test_a_mail_server_that_hangs_holds_up_no_feed(product: Product, people, working) -> None:  # noqa: ARG001
    author, reader = await people(2)
    await product.following.follow(reader, author)
    await product.home.page(reader, Page())
    for number in range(2 * product.settings.worker_concurrency):
        await product.registration.create(f"new{number}", "correct horse battery", f"new{number}@example.org")
    post = (await product.publishing.publish(author, PLAIN)).post_id
    lists = IdLists(product.stores.valkey, product.settings.feed_length)
    until = time.monotonic() + SOON_S
    while True:
        (home,) = await lists.read([(HOME, reader)], 10, 60)
        if post in home.ids:
            return
        assert time.monotonic() < until, "the post was not delivered"
        await asyncio.sleep(0.05)
