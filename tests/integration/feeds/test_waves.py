"""What is asked for all day long costs two waves to Valkey at most, three with a thread, and PostgreSQL nothing, once it is warm.

And what is kept so that this is so tells nobody anything wrong: each is changed, and read the moment after, by everybody.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from copy import copy

import msgspec
import pytest
from watched_stores import watched

from heliograph.base.errors import NotFoundError
from heliograph.base.paging import Page
from heliograph.base.settings import Settings
from heliograph.base.topology import Topology
from heliograph.domain.feeds.timelines import AccountFilter
from heliograph.domain.notifications import notices
from heliograph.domain.notifications.inbox import Only
from heliograph.domain.notifications.notification import Kind
from heliograph.domain.posts import authored, threads
from heliograph.domain.posts.edit import PostChanges
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.posts.threads import Place
from heliograph.domain.product import Product
from heliograph.wiring import drain, open_product

PUBLIC, PRIVATE, DIRECT = Visibility.PUBLIC, Visibility.PRIVATE, Visibility.DIRECT
Viewer = int | None


def ids_of(bodies: list[bytes]) -> list[int]:
    return [int(msgspec.json.decode(body)["id"]) for body in bodies]


class Scene:
    """An author with posts, answers and a pin; a reader who follows and is told; somebody else."""

    def __init__(self, product: Product, people: list[int]) -> None:
        self.product = product
        self.author, self.reader, self.other = people
        self.posts: list[int] = []
        self.names: dict[int, str] = {}

    async def set(self) -> None:
        await self.product.following.follow(self.reader, self.author)
        for number in range(4):
            self.posts.append(await self.publish(self.author, f"Photo {number} #light"))
        self.answer = await self.publish(self.reader, "An answer", answered=self.posts[0])
        self.deeper = await self.publish(self.author, "And back", answered=self.answer)
        await self.product.likes.like(self.author, self.answer)
        await self.product.pins.pin(self.author, await self.product.timelines.header(self.author, self.posts[1]))
        await drain(self.product)

    async def publish(
        self, author: int, text: str, visibility: Visibility = PUBLIC, answered: int | None = None
    ) -> int:
        made = await self.product.publishing.publish(author, Draft(text, [], visibility), answered)
        return made.post_id

    async def account(self, viewer: Viewer, only: AccountFilter | None = None, page: Page | None = None) -> list[int]:
        timelines = self.product.timelines
        return ids_of((await timelines.account(viewer, self.author, page or Page(), only or AccountFilter())).items)

    async def public(self, viewer: Viewer) -> list[int]:
        return ids_of((await self.product.timelines.public(viewer, Page(), media_only=False)).items)

    async def tag(self, viewer: Viewer) -> list[int]:
        return ids_of((await self.product.timelines.tag(viewer, "light", Page())).items)

    async def thread(self, viewer: Viewer) -> tuple[list[int], list[int]]:
        found = await self.product.contexts.of(viewer, self.posts[0])
        return ids_of(found.ancestors), ids_of(found.descendants)

    async def notices(self, viewer: Viewer, page: Page | None = None, only: Only | None = None) -> list[int]:
        assert viewer
        found = await self.product.notifications.page(viewer, page or Page(), only or Only())
        return ids_of(found.items)

    async def profile(self, _viewer: Viewer) -> list[int]:
        return ids_of([await self.product.people.named((await self.name(self.author)).upper())])

    async def pinned(self, viewer: Viewer) -> list[int]:
        return ids_of(await self.product.timelines.pinned(viewer, self.author))

    async def post(self, viewer: Viewer) -> list[int]:
        return ids_of([await self.product.timelines.post(viewer, self.posts[0])])

    async def name(self, account: int) -> str:
        if account not in self.names:
            self.names[account] = (await self.product.profiles.get(account)).username
        return self.names[account]

    def beside(self, product: Product) -> "Scene":
        """The same as another process sees it."""
        made = copy(self)
        made.product = product
        return made

    async def everything(self) -> None:
        """Read all there is to read, so that whatever can be kept is."""
        for name, (read, _) in ROUTES.items():
            for viewer in (self.author, self.reader, self.other, *([] if name in OF_MEMBERS else [None])):
                await read(self, viewer)

    async def groups(self, viewer: Viewer) -> int:
        assert viewer
        return len((await self.product.notifications.groups(viewer, Page())).groups)


Read = Callable[[Scene, Viewer], Awaitable[object]]
ROUTES: dict[str, tuple[Read, int]] = {
    "account": (Scene.account, 2),
    "public": (Scene.public, 2),
    "tag": (Scene.tag, 2),
    "notifications": (Scene.notices, 2),
    "groups": (Scene.groups, 2),
    "post": (Scene.post, 2),
    "pinned": (Scene.pinned, 2),
    "profile": (Scene.profile, 2),
    "thread": (Scene.thread, 3),
}
OF_MEMBERS = ("notifications", "groups")


@pytest.fixture
async def scene(product: Product, people: Callable[[int], Awaitable[list[int]]]) -> Scene:
    made = Scene(product, await people(3))
    await made.set()
    return made


@pytest.fixture
async def second(settings: Settings, topology: Topology) -> AsyncIterator[Product]:
    """Another process on the same stores."""
    async with open_product(settings, topology) as opened:
        yield opened


async def test_warm_reads_take_few_waves_and_no_query(scene: Scene) -> None:
    members = {"reader": scene.reader, "author": scene.author, "other": scene.other}
    for name, (read, most) in ROUTES.items():
        for who, viewer in {**members, **({} if name in OF_MEMBERS else {"nobody": None})}.items():
            first = await read(scene, viewer)
            await read(scene, viewer)
            with watched(scene.product) as trips:
                assert await read(scene, viewer) == first
            assert trips.queries == 0, (name, who)
            assert 1 <= trips.waves <= most, (name, who)


async def test_waves_one_after_the_other_are_counted_and_those_together_are_one(product: Product) -> None:
    ping = product.stores.valkey.ping
    await ping()
    with watched(product) as trips:
        ping = product.stores.valkey.ping
        await asyncio.gather(ping(), ping(), ping())
        assert trips.waves == 1
        await ping()
        await ping()
        assert trips.waves == 3
        assert trips.queries == 0
        with pytest.raises(NotFoundError):
            await product.profiles.get(1)
    assert trips.queries == 1


async def test_each_page_of_an_account_is_what_the_shard_has(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a page goes on below what is kept, in both directions."""
    monkeypatch.setattr(authored, "KEPT", 3)
    other = scene.other
    await scene.publish(scene.author, "To followers", PRIVATE)
    await scene.publish(scene.author, f"@{await scene.name(other)} to you", DIRECT)
    for viewer in (None, other, scene.reader, scene.author):
        whole = await scene.account(viewer, page=Page(limit=40))
        assert len(whole) == {None: 5, other: 6, scene.reader: 6, scene.author: 7}[viewer]
        for limit in (1, 2, 5):
            for at in whole:
                older = [ident for ident in whole if ident < at][:limit]
                newer = [ident for ident in whole if ident > at]
                assert await scene.account(viewer, page=Page(limit=limit, max_id=at)) == older
                assert await scene.account(viewer, page=Page(limit=limit, since_id=at)) == newer[:limit]
                assert await scene.account(viewer, page=Page(limit=limit, min_id=at)) == newer[-limit:]


async def test_who_writes_sees_it_at_once_and_so_do_others(scene: Scene, second: Product) -> None:
    beside = scene.beside(second)
    for each in (scene, beside):
        await each.everything()
    ident = await scene.publish(scene.author, "New #light")
    for each in (scene, beside):
        for read in (each.account, each.public, each.tag):
            for viewer in (scene.author, scene.reader, None):
                assert (await read(viewer))[0] == ident
    hidden = await scene.publish(scene.author, "To followers #light", PRIVATE)
    for each in (scene, beside):
        assert (await each.account(scene.reader))[0] == hidden
        assert (await each.account(None))[0] == (await each.account(scene.other))[0] == ident
        for read in (each.public, each.tag):
            assert (await read(scene.author))[0] == ident
    answer = await beside.publish(scene.other, "I see", answered=scene.posts[0])
    for each in (scene, beside):
        assert answer in (await each.thread(None))[1]


async def test_what_is_edited_or_deleted_is_so_everywhere_at_once(scene: Scene, second: Product) -> None:
    beside, (first, pinned, *_) = scene.beside(second), scene.posts
    for each in (scene, beside):
        await each.everything()
    await scene.product.publishing.edit(scene.author, first, PostChanges(text="Without"))
    await beside.product.publishing.edit(scene.author, scene.deeper, PostChanges(text="With #light"))
    for each in (scene, beside):
        assert first not in await each.tag(None)
        assert scene.deeper in await each.tag(None)
        assert await each.pinned(None) == [pinned]
    await beside.product.remover.delete(scene.author, pinned)
    await scene.product.remover.delete(scene.reader, scene.answer)
    for each in (scene, beside):
        for viewer in (None, scene.reader, scene.author):
            for read in (each.account, each.public, each.tag):
                assert pinned not in await read(viewer)
            assert await each.pinned(viewer) == []
            assert (await each.thread(viewer))[1] == [scene.deeper]
    await scene.product.pins.pin(scene.author, await scene.product.timelines.header(scene.author, first))
    assert await beside.pinned(None) == [first]
    await beside.product.pins.unpin(scene.author, first)
    assert await scene.pinned(None) == []


async def test_shares_come_and_go(scene: Scene, second: Product) -> None:
    beside, product = scene.beside(second), scene.product
    theirs = await scene.publish(scene.other, "Theirs")
    before = await beside.account(None)
    original = await product.timelines.header(scene.author, theirs)
    share = await product.publishing.reblog(scene.author, original, PUBLIC)
    assert await beside.account(None) == [share, *before]
    assert await beside.account(None, AccountFilter(reblogs=False)) == before
    await product.publishing.unreblog(scene.author, theirs)
    assert await beside.account(None) == before


async def test_blocks_mutes_and_suspensions_count_from_the_next_read_on(scene: Scene, second: Product) -> None:
    beside, product = scene.beside(second), scene.product
    for each in (scene, beside):
        await each.everything()
    shown = {"account": await scene.account(None), "public": await scene.public(None), "tag": await scene.tag(None)}
    await product.mutes.mute(scene.reader, scene.author)
    await product.blocks.block(scene.author, scene.other)
    for each in (scene, beside):
        assert await each.account(scene.reader) == shown["account"], "whoever looks for them finds them"
        assert await each.account(scene.other) == await each.public(scene.other) == await each.tag(scene.other) == []
        assert await each.public(scene.reader) == await each.tag(scene.reader) == []
        assert (await each.thread(None))[1] == [scene.answer, scene.deeper]
    await product.suspension.suspend(scene.author)
    for each in (scene, beside):
        assert await each.public(None) == await each.tag(None) == []
        for read in (each.account, each.pinned):
            with pytest.raises(NotFoundError):
                await read(None)
    await product.everybody.forget()
    assert await scene.public(None) == [], "a list that is made meanwhile leaves them out"
    await product.suspension.restore(scene.author)
    await drain(product)
    for each in (scene, beside):
        assert await each.account(None) == shown["account"]
        assert await each.public(None) == shown["public"]
        assert await each.tag(None) == shown["tag"]


async def test_what_is_told_is_there_when_it_has_been_told_and_what_is_put_away_is_gone(
    scene: Scene, second: Product
) -> None:
    beside, product, reader = scene.beside(second), scene.product, scene.reader
    before = await beside.notices(reader)
    assert len(before) == 2, "liked, and answered"
    await product.likes.like(scene.other, scene.answer)
    await drain(product)
    newest, *rest = await beside.notices(reader)
    assert rest == before
    await product.likes.unlike(scene.other, scene.answer)
    await drain(product)
    assert await beside.notices(reader) == before
    await product.notifications.dismiss(reader, before[0])
    assert await beside.notices(reader) == await scene.notices(reader) == before[1:]
    await beside.product.notifications.clear(reader)
    assert await beside.notices(reader) == await scene.notices(reader) == []
    assert newest not in await scene.notices(reader)


async def test_each_page_of_notifications_is_what_the_shard_has(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "KEPT", 2)
    for _ in range(4):
        post = await scene.publish(scene.reader, "Again")
        await scene.product.likes.like(scene.author, post)
        await drain(scene.product)
    whole = await scene.notices(scene.reader)
    assert len(whole) == 6
    likes = Only(frozenset({Kind.FAVOURITE}))
    assert len(await scene.notices(scene.reader, only=likes)) == 5
    for limit in (1, 2, 5):
        for at in whole:
            older, newer = [each for each in whole if each < at], [each for each in whole if each > at]
            assert await scene.notices(scene.reader, Page(limit=limit, max_id=at)) == older[:limit]
            assert await scene.notices(scene.reader, Page(limit=limit, min_id=at)) == newer[-limit:]


async def test_a_name_that_is_free_again_is_whose_it_is_now(product: Product) -> None:
    register, password = product.registration, "correct horse battery"
    first = (await register.create("phoenix", password)).account_id
    assert ids_of([await product.people.named("Phoenix")]) == [first]
    await product.departure.delete(first)
    with pytest.raises(NotFoundError):
        await product.people.named("phoenix")
    await product.approval.release(first, "phoenix", None)
    again = (await register.create("Phoenix", password)).account_id
    assert ids_of([await product.people.named("phoenix")]) == [again]


async def test_what_is_guessed_leaves_nothing_in_the_cache(product: Product, people) -> None:
    """Ids, names and hashtags that do not exist are without end."""
    (account,) = await people(1)
    valkey, timelines = product.stores.valkey, product.timelines
    assert (await timelines.account(None, account, Page(), AccountFilter())).items == []
    before = await valkey.one(lambda _: ("DBSIZE",))
    for number in range(1, 20):
        for read in (timelines.account(None, account + number, Page(), AccountFilter()),
                     timelines.pinned(None, account + number), product.people.named(f"nobody{number}")):  # fmt: skip
            with pytest.raises(NotFoundError):
                await read
        assert (await timelines.tag(None, f"nothing{number}", Page())).items == []
    assert await valkey.one(lambda _: ("DBSIZE",)) == before


async def test_a_long_thread_is_read_from_its_shard(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await scene.everything()
    cached = await scene.thread(scene.reader)
    monkeypatch.setattr(threads, "PLACES_KEPT", 1)
    late = await scene.publish(scene.other, "One more", answered=scene.deeper)
    assert await scene.thread(scene.reader) == (cached[0], [*cached[1], late])
    assert (await scene.product.threads.around(scene.posts[0], scene.deeper, 40, 60, 20))[:2] == [
        Place(scene.deeper, scene.answer, -1),
        Place(scene.answer, scene.posts[0], -2),
    ]
