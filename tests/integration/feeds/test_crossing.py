"""Authors cross the line between push and pull, both ways, while they post and while people follow and read, on two processes.

Nothing that a reader has seen goes again, nothing comes twice, and in the end everybody has everything.
"""

import asyncio
import math
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from circle import Circle, opened

from heliograph.base import clock, ids
from heliograph.base.errors import StoreUnavailableError
from heliograph.base.paging import Page
from heliograph.base.settings import Settings
from heliograph.base.topology import Topology
from heliograph.domain.feeds import backfill, choice, crossing, pulled, rebuild
from heliograph.domain.feeds.crossing import Backfill
from heliograph.domain.graph.idset import IdSet
from heliograph.domain.graph.relations import Relations
from heliograph.domain.posts.post import Visibility
from heliograph.domain.product import Product
from heliograph.stores import costs
from heliograph.stores.idlists import HOME, RECENT, IdLists
from heliograph.stores.queries import parse
from heliograph.stores.shards import Row
from heliograph.wiring import drain

GRACE_S, REFRESH_S = 0.5, 0.05
DEADLINE_S = 60.0
AUTHORS, READERS = (0, 1), range(2, 8)

looking = parse(
    "looking",
    """
-- name: bound
SELECT pull_until FROM accounts WHERE slot = :slot AND id = :id;
""",
)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in life, only that seconds take hundredths: a change is known everywhere before it matters."""
    monkeypatch.setattr(pulled, "REFRESH_S", REFRESH_S)
    monkeypatch.setattr(crossing, "GRACE", timedelta(seconds=GRACE_S))
    # More than one page of followers, and both ways to push late.
    monkeypatch.setattr(backfill, "PAGE", 3)
    monkeypatch.setattr(backfill, "FEW", 3)
    # Nobody is looked at by chance, and nobody gives up.
    monkeypatch.setattr(choice, "DELIVERIES_A_LOOK", math.inf)
    monkeypatch.setattr(rebuild, "PATIENCE_S", 60.0)


@pytest.fixture
async def two_processes(settings: Settings, two_shards: Topology, quick: None) -> AsyncIterator[list[Product]]:  # noqa: ARG001
    """Two that know nothing of each other; who is pulled is said by the test."""
    async with AsyncExitStack() as stack:
        opened_ones = [await stack.enter_async_context(opened(settings, two_shards)) for _ in range(2)]
        await opened_ones[0].stores.valkey.one(lambda _: ("FLUSHALL",))
        yield opened_ones


async def home_of(product: Product, reader: int) -> list[int]:
    timeline = await product.home.page(reader, Page(limit=40))
    return [int(msgspec.json.decode(item)["id"]) for item in timeline.items]


async def state_of(product: Product, author: int) -> int | None:
    return (await product.crossing.audiences([author]))[author].pull_from


async def settled(product: Product, authors: list[int]) -> None:
    """All messages are done, those that come later among them, and nobody is crossing."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            await drain(product)
            states = [await state_of(product, author) for author in authors]
            if ids.MAX_ID not in states and not any(each.pending for each in await product.outbox.state()):
                return
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_comes_twice_or_goes_again(two_processes: list[Product], seed: int) -> None:
    one, other = two_processes
    chance = random.Random(seed)
    circle = await Circle.gather(one, 8)
    authors = [circle.people[author] for author in AUTHORS]
    # The last reader comes late, and one is away all the time.
    for reader in READERS[:-1]:
        for author in AUTHORS:
            await circle.follow(reader, author)
        if reader != READERS[0]:
            await home_of(one, circle.people[reader])
    running = True

    async def post() -> None:
        while running:
            await circle.post(chance.choice(AUTHORS), Visibility.PUBLIC, set())
            await asyncio.sleep(chance.uniform(0, 0.05))

    async def deliver() -> None:
        while running:
            await drain(other)
            # Deliveries are late: what was pulled must not go before they come.
            await asyncio.sleep(chance.uniform(0, 0.3))

    async def read(reader: int) -> None:
        seen: set[int] = set()
        while running:
            shown = await home_of(chance.choice(two_processes), reader)
            assert shown == sorted(set(shown), reverse=True)
            newest = [ident for ident in seen if len(shown) < 40 or ident > shown[-1]]
            assert set(newest) <= set(shown), "what was there has gone"
            seen.update(shown)

    async def cross() -> None:
        for turn in range(6):
            author = authors[turn % 2]
            if await state_of(one, author) is None:
                await one.crossing.start(author)
            else:
                await one.crossing.push_again(author)
            if turn == 2:
                for each in AUTHORS:
                    await circle.follow(READERS[-1], each)
            await asyncio.sleep(chance.uniform(0, 2 * GRACE_S))

    async def live() -> None:
        nonlocal running
        await cross()
        running = False

    active = [circle.people[reader] for reader in READERS[1:-1]]
    async with asyncio.timeout(DEADLINE_S):
        async with asyncio.TaskGroup() as group:
            for doing in (live(), post(), deliver(), *(read(reader) for reader in active)):
                group.create_task(doing)
    for author in authors:
        if await state_of(one, author) is not None:
            await one.crossing.push_again(author)
    await settled(one, authors)
    await asyncio.sleep(2 * REFRESH_S)
    for reader in READERS:
        for product in two_processes:
            assert await product.pulled.lists(await product.relations.of(circle.people[reader])) == []
            assert await home_of(product, circle.people[reader]) == circle.home(reader)[:40]
    lists = IdLists(one.stores.valkey, one.settings.feed_length)
    found = await lists.read([(HOME, reader) for reader in active], 801, 600)
    assert {tuple(each.ids) for each in found} == {tuple(circle.home(READERS[1]))}, "pushed, to the last one"


async def test_what_is_merged_from_a_list(two_processes: list[Product]) -> None:
    """Pushed; pulled from an id on that all know before; what is below an id still pulled; pushed."""
    one, other = two_processes
    circle = await Circle.gather(one, 4)
    author, reader = circle.people[0], circle.people[1]
    await circle.follow(1, 0)

    async def merged(product: Product) -> list[tuple[str, int]]:
        await asyncio.sleep(2 * REFRESH_S)
        return await product.pulled.lists(await product.relations.of(reader))

    async def later(bound: int) -> None:
        while ids.first_at(clock.now()) <= bound:  # noqa: ASYNC110 -- it is the clock that is waited for
            await asyncio.sleep(0.01)

    assert await home_of(other, reader) == []
    assert await merged(one) == []
    pull_from = await one.crossing.start(author)
    early = await circle.post(0, Visibility.PUBLIC, set())
    assert early < pull_from, "on a machine that is not slower than this test is patient"
    assert await merged(other) == [(RECENT, author)]
    assert await home_of(other, reader) == [], "it is pushed, and that is late"
    await later(pull_from)
    first = await circle.post(0, Visibility.PUBLIC, set())
    assert await home_of(other, reader) == [first]
    await drain(one)
    assert await home_of(other, reader) == [first, early]
    await one.crossing.push_again(author)
    await one.crossing.push_again(author)
    ((bound,),) = await one.stores.shards.of(author).rows(looking.bound, slot=ids.slot_of(author), id=author)
    await later(bound)
    late = await circle.post(0, Visibility.PUBLIC, set())
    assert await merged(other) == [(RECENT, author)]
    assert await home_of(other, reader) == [first, early], "nobody has delivered it"
    await settled(one, [author])
    assert await merged(one) == await merged(other) == []
    assert await home_of(other, reader) == [late, first, early]
    # A message that comes once more does not end what has begun since.
    await one.crossing.start(author)
    await one.crossing.push_again(author)
    await one.backfills.cross(Backfill(author, first, bound), 0, _noted)
    assert await state_of(one, author) == ids.MAX_ID


async def _noted(_: int) -> None: ...


async def test_neither_a_wrong_clock_nor_a_shard_that_is_away_hides_who_crosses(
    two_processes: list[Product], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else their posts are neither pushed nor merged, and readers of this process do not see them."""
    one, other = two_processes
    circle = await Circle.gather(one, 2)
    author, reader = circle.people
    relations = await one.relations.of(reader)
    assert await one.pulled.lists(relations) == []
    shards = one.stores.shards
    (away,) = [shard for shard in shards.all if shard is not shards.of(author)]

    async def unavailable(*_: object, **__: object) -> list[Row]:
        raise StoreUnavailableError("postgres")

    monkeypatch.setattr(away, "rows", unavailable)
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(hours=1))
    await other.crossing.start(author)
    followed = Relations(following=IdSet([author]))
    async with asyncio.timeout(DEADLINE_S / 10):
        while await one.pulled.lists(followed) != [(RECENT, author)]:  # noqa: ASYNC110 -- its own looks are waited for
            await asyncio.sleep(REFRESH_S)


@pytest.fixture
def looks_always(monkeypatch: pytest.MonkeyPatch) -> None:
    """After `quick`, where nobody looks: every post has its author's audience looked at, and every page is counted."""
    monkeypatch.setattr(costs, "LEAST_US_A_DAY", 1)
    monkeypatch.setattr(choice, "DELIVERIES_A_LOOK", 0)
    monkeypatch.setattr(choice, "LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr("heliograph.domain.feeds.crowd.SAMPLED", 1)


@pytest.mark.usefixtures("quick", "looks_always")
async def test_places_of_the_pulled_are_limited(two_processes: list[Product], monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = two_processes
    circle = await Circle.gather(one, 2)
    await circle.follow(1, 0)
    monkeypatch.setattr(choice, "MOST_PULLED", 0)
    for _ in range(5):
        await circle.post(0, Visibility.PUBLIC, set())
        await drain(other)
    assert await state_of(one, circle.people[0]) is None
    monkeypatch.setattr(choice, "MOST_PULLED", 1)
    await circle.post(0, Visibility.PUBLIC, set())
    await drain(other)
    assert await state_of(one, circle.people[0]) is not None


@pytest.mark.usefixtures("quick", "looks_always")
async def test_the_choice_is_made_by_cost(two_processes: list[Product], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever posts more often than the followers read comes to be pulled, and is pushed again when that has changed."""
    one, other = two_processes
    assert one.settings.push_limit == 0
    readers = range(1, 13)
    circle = await Circle.gather(one, 1 + len(readers))
    author = circle.people[0]
    for reader in readers:
        await circle.follow(reader, 0)
        await home_of(one, circle.people[reader])
    # Three pages a day are believed of each reader, and a week's posts are a seventh a day, each of which is fetched once.
    merge_us = 3 * len(readers) * costs.COSTS.merge_us
    push_us = costs.COSTS.begin_us + len(readers) * costs.COSTS.push_us
    enough = 7 * costs.MARGIN * merge_us / (push_us - costs.MARGIN * costs.COSTS.fetch_us)
    posts = 0
    while await state_of(one, author) is None:
        await circle.post(0, Visibility.PUBLIC, set())
        await drain(other)
        posts += 1
        assert posts < 100
    assert posts == math.ceil(enough)
    # They read all day: what is counted in this process changes the choice at the next look.
    await one.crowds.flush()
    for _ in range(400):
        await home_of(one, circle.people[1])
    await one.crowds.flush()
    await other.choice.review()
    assert await state_of(one, author) is not None, "it was looked at today"
    monkeypatch.setattr(choice, "REVIEW_S", 0.0)
    await other.choice.review()
    assert await state_of(one, author) == ids.MAX_ID
    await settled(one, [author])
    for reader in readers:
        assert await home_of(other, circle.people[reader]) == circle.home(reader)[:40]
