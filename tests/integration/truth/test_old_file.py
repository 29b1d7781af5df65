"""Valkey brought back from an old file: nobody sees what was before, nor a hole where something has come since."""

import asyncio
import contextlib
import shutil

import msgspec
import psutil
import pytest

from heliograph.base.errors import StoreUnavailableError
from heliograph.base.paging import Page
from heliograph.base.settings import Settings
from heliograph.domain.accounts.passwords import Passwords
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.ops import embedded
from heliograph.ops.prepare import prepare
from heliograph.wiring import drain, open_product

BACK_S = 30.0


@pytest.fixture
def site(tmp_path, database):
    """The database of the tests, and a Valkey of our own."""
    return Settings(
        data_dir=tmp_path / "site", database_url=database, public_url="http://helio.test", rate_limits="off"
    )


@contextlib.asynccontextmanager
async def running(site, *, lossless):
    """The product of a site that starts as the supervisor starts it."""
    async with embedded.stores(site) as stores:
        assert stores.lossless is lossless
        full = msgspec.structs.replace(site, valkey_url=stores.valkey_url)
        await prepare(full, stores)
        stores.settle()
        async with open_product(full) as product:
            product.registration._passwords = Passwords(time_cost=1, memory_kib=64)
            yield product


def log_of(site):
    return site.data_dir / "valkey" / "appendonlydir"


def put_back(site, old):
    """The old file takes the place of the one that is there."""
    log_of(site).rename(log_of(site).with_name(f"gone-{old.name}"))
    shutil.copytree(old, log_of(site))


class Story:
    """One author, one reader, and what the reader must see: `texts` of the home feed, newest first."""

    def __init__(self, product):
        self.product = product

    async def begin(self):
        make = self.product.registration.create
        self.author = (await make("author", "correct horse battery")).account_id
        self.reader = (await make("reader", "correct horse battery")).account_id
        await self.product.following.follow(self.reader, self.author)
        self.posts = [await self.post(f"post {number}") for number in range(6)]

    async def post(self, text):
        made = await self.product.publishing.publish(self.author, Draft(text, [], Visibility.PUBLIC))
        await drain(self.product)
        return made.post_id

    async def go_on(self):
        """What an old file knows nothing of: a post more, one less, one that is liked."""
        self.posts.append(await self.post("later"))
        gone = self.posts.pop(0)
        await self.product.remover.delete(self.author, gone)
        await self.product.likes.like(self.reader, self.posts[0])
        await drain(self.product)

    async def holds(self, product):
        home = (await product.home.page(self.reader, Page(limit=20))).items
        assert [self._id(item) for item in home] == sorted(self.posts, reverse=True)
        assert b'"favourites_count":1' in home[-1]
        assert b'"favourited":true' in home[-1]
        profile = (await product.profiles.count_fragments([self.author]))[self.author]
        assert b'"statuses_count":%d' % len(self.posts) in profile

    @staticmethod
    def _id(item):
        return int(msgspec.json.decode(item)["id"])


async def test_a_file_from_before_the_last_start(site, tmp_path):
    old = tmp_path / "old"
    async with running(site, lossless=False) as product:
        story = Story(product)
        await story.begin()
        await product.home.page(story.reader, Page(limit=20))
    shutil.copytree(log_of(site), old)
    async with running(site, lossless=True) as product:
        story.product = product
        await story.go_on()
        await story.holds(product)
    put_back(site, old)
    async with running(site, lossless=False) as product:
        await story.holds(product)


async def test_a_file_put_back_while_everybody_is_connected(site, tmp_path):
    """Valkey is killed, and its file is the old one when it comes back; the processes never stop."""
    old = tmp_path / "old"
    async with running(site, lossless=False) as product:
        story = Story(product)
        await story.begin()
        await product.home.page(story.reader, Page(limit=20))
        shutil.copytree(log_of(site), old)
        await story.go_on()
        await story.holds(product)
        put_back(site, old)
        before = product.stores.valkey.run
        kill_valkey(site)
        async with asyncio.timeout(BACK_S):
            while product.stores.valkey.run == before:
                with contextlib.suppress(StoreUnavailableError):
                    await product.stores.valkey.ping()
                await asyncio.sleep(0.05)
        await story.holds(product)


def kill_valkey(site):
    folder = str(site.data_dir.resolve() / "valkey")
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name() == "valkey-server" and process.cwd() == folder:
                process.kill()
