"""New posts that are delivered together: as if each came alone, whatever happens to one of them or to the worker."""

import asyncio
import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heliograph.base.paging import Page
from heliograph.domain.feeds import deliver
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import PUBLISHED, Draft
from heliograph.domain.product import Product
from heliograph.stores import counts, outbox
from heliograph.stores.idlists import HOME, IdLists
from heliograph.stores.queries import parse
from heliograph.wiring import drain, workers

sql = parse(
    "together_tests",
    """
-- name: left
-- scatter
SELECT kind, attempts, run_at > now() AS later FROM outbox ORDER BY id;

-- name: again
-- A worker that was killed: its lease has run out.
-- scatter
UPDATE outbox SET run_at = now() WHERE dead_at IS NULL;
""",
)

AUTHORS, READERS = 3, 4
PLAIN = Draft(text="light", media_ids=[], visibility=Visibility.PUBLIC)


class Killed(BaseException):
    """The worker is no more."""


class Town:
    """Everybody reads every author."""

    def __init__(self, product: Product, people: list[int]) -> None:
        self.product = product
        self.authors, self.readers = people[:AUTHORS], people[AUTHORS:]
        self.posts: list[int] = []

    async def settle(self) -> None:
        for reader in self.readers:
            for author in self.authors:
                await self.product.following.follow(reader, author)
            await self.product.home.page(reader, Page())
        await drain(self.product)
        await counts.fold(self.product.stores.shards)

    async def post(self, author: int) -> int:
        self.posts.append((await self.product.publishing.publish(self.authors[author], PLAIN)).post_id)
        return self.posts[-1]

    async def feeds(self) -> list[list[int]]:
        lists = IdLists(self.product.stores.valkey, self.product.settings.feed_length)
        found = await lists.read([(HOME, reader) for reader in self.readers], 800, 600)
        return [each.ids for each in found]

    async def waiting(self) -> tuple[int, int]:
        """Posts and deliveries."""
        (state,) = await self.product.outbox.state()
        return state.posts, state.deliveries

    async def left(self) -> list[tuple[str, int, bool]]:
        return [tuple(row.values()) for row in await self.product.stores.shards.scatter(sql.left)]


@pytest.fixture
async def town(product: Product, people) -> Town:
    made = Town(product, await people(AUTHORS + READERS))
    await made.settle()
    return made


async def test_many_posts_are_one_task(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    pushes = []
    push = IdLists.push

    async def noted(self, some):
        pushes.append(list(some))
        return await push(self, pushes[-1])

    monkeypatch.setattr(IdLists, "push", noted)
    for number in range(12):
        await town.post(number % AUTHORS)
    await drain(town.product)
    assert await town.feeds() == [town.posts[::-1]] * READERS
    assert await town.left() == []
    assert sum(any(kind == HOME for kind, _, _ in some) for some in pushes) == 1


async def test_one_that_cannot_be_handled_holds_up_no_other(town: Town) -> None:
    await town.post(0)
    async with town.product.stores.shards.at(1).transaction() as transaction:
        await outbox.put(transaction, 1, PUBLISHED, {"strange": True})
    await town.post(1)
    await drain(town.product)
    assert await town.feeds() == [town.posts[::-1]] * READERS
    assert await town.left() == [(PUBLISHED, 1, True)]


async def test_a_large_audience_is_handed_on(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver, "FEW", READERS - 1)
    monkeypatch.setattr(deliver, "PAGE", 2)
    await town.post(0)
    (posts,) = [each for each in workers(town.product) if PUBLISHED in each.lane.kinds and each.lane.inside]
    await posts.drain()
    assert await town.left() == [(deliver.SPREAD, 0, False)]
    assert await town.feeds() == [[]] * READERS
    assert await town.waiting() == (1, READERS)
    with monkeypatch.context() as patch:
        patch.setattr(IdLists, "push", _fails_at(2))
        await drain(town.product)
    assert await town.waiting() == (1, READERS - 2), "a page is in"
    await town.product.stores.shards.scatter(sql.again)
    await drain(town.product)
    assert await town.feeds() == [town.posts] * READERS
    assert await town.left() == []
    assert await town.waiting() == (0, 0)


def _fails_at(call: int):
    push, count = IdLists.push, itertools.count(1)

    async def pushing(self, some):
        if next(count) == call:
            raise ZeroDivisionError
        return await push(self, some)

    return pushing


# What a worker does, in order: so many calls into Valkey before it is killed; -1: it is not.
lives = st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 6)), min_size=1, max_size=6)


@given(lives=lives, few=st.sampled_from([2, 1000]), wave=st.integers(1, 5))
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_killed_anywhere_repeated_and_out_of_order(
    town: Town, lives: list[tuple[int, int]], few: int, wave: int
) -> None:
    """At every moment each feed is in order and has nothing twice; in the end it has everything."""
    valkey, product = town.product.stores.valkey, town.product
    calls = valkey.wave
    left = -1

    async def mortal(*arguments, **named):
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        return await calls(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deliver, "FEW", few)
        patch.setattr(deliver, "PAGE", 2)
        patch.setattr("heliograph.stores.pushing.WAVE_IDS", wave)
        patch.setattr(valkey, "wave", mortal)
        for posts, life in lives:
            left = -1
            for number in range(posts):
                await town.post(number % AUTHORS)
            left = life
            await _work(product)
            left = -1
            for feed in await town.feeds():
                assert feed == sorted(set(feed), reverse=True)
                assert set(feed) <= set(town.posts)
        await _finish(product)
        assert await town.feeds() == [town.posts[::-1]] * READERS


async def _finish(product: Product) -> None:
    """Until nothing is left, what waits for a store that was slow for once among it."""
    while any(state.pending for state in await product.outbox.state()):
        await product.stores.shards.scatter(sql.again)
        await drain(product)


async def _work(product: Product) -> None:
    """All lanes, until nothing is due or the worker is killed; then its messages are due again."""
    done = await asyncio.gather(*(worker.drain() for worker in workers(product)), return_exceptions=True)
    assert all(isinstance(each, int | Killed) for each in done), done
    await product.stores.shards.scatter(sql.again)
