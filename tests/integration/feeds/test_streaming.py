"""What open streams show, on the real product, with an outlet that keeps what it is shown."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from heliograph.base.errors import (
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    ScopeError,
    StoreUnavailableError,
    UnauthenticatedError,
)
from heliograph.domain.feeds import streams
from heliograph.domain.feeds.channels import Channel, channel
from heliograph.domain.feeds.listeners import CHANNELS_AT_MOST, REVOKED, STOPPING, Listener, Outlet
from heliograph.domain.feeds.streams import Event
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product
from heliograph.stores.valkey import Valkey
from heliograph.wiring import drain

USER = Channel("user")
PUBLIC = Channel("public")


class Kept(Outlet):
    """Keeps what it is shown: (labels, event, payload)."""

    def __init__(self) -> None:
        self.shown: list[tuple[list[str], str, bytes]] = []
        self.ended = ""

    def show(self, news, channel):
        self.shown.append((channel.labels, news.event, news.payload))

    def end(self, reason):
        self.ended = reason


class Ear:
    def __init__(self, listener: Listener, outlet: Kept) -> None:
        self.listener, self.outlet = listener, outlet

    @property
    def events(self) -> list[tuple[str, str]]:
        """(channel, event) of all that was shown."""
        return [(":".join(labels), event) for labels, event, _ in self.outlet.shown]


@pytest.fixture
async def hearing(product: Product) -> AsyncIterator[None]:
    async with product.broadcasting.hearing():
        yield


@pytest.fixture
def listen(product: Product):
    async def opened(account: int, *channels: Channel, scopes=("read",)) -> Ear:
        app, _ = await product.apps.register("A client", ["app://x"], "read write")
        token = (await product.tokens.issue(account, app.id, scopes)).text
        outlet = Kept()
        listener = await product.listeners.open(token, outlet)
        for each in channels:
            await product.listeners.subscribe(listener, each)
        return Ear(listener, outlet)

    return opened


async def until(found, deadline_s=10.0):
    async with asyncio.timeout(deadline_s):
        while not found():  # noqa: ASYNC110 -- other tasks are waited for
            await asyncio.sleep(0.01)


async def post(product: Product, author: int, text: str = "Hello", visibility=Visibility.PUBLIC) -> int:
    return (await product.publishing.publish(author, Draft(text=text, media_ids=[], visibility=visibility))).post_id


async def test_what_is_told_twice_is_shown_once(product, people, listen):
    author, reader = await people(2)
    await product.following.follow(reader, author)
    ear = await listen(reader, USER, PUBLIC)
    ident = await post(product, author)
    told = Event(streams.UPDATE, post=ident)
    await product.broadcasting.show([told, told])
    await product.broadcasting.show([told])
    assert ear.events == [("user", "update"), ("public", "update")]
    await product.broadcasting.show([Event(streams.EDIT, post=ident), Event(streams.EDIT, post=ident)])
    assert ear.events[2:] == [("user", "status.update"), ("public", "status.update")] * 2


@pytest.mark.usefixtures("hearing")
async def test_what_nobody_understands_silences_nobody(product, people, listen):
    """Another version of the code may tell of things that this one does not know."""
    ear = await listen((await people(1))[0], PUBLIC)
    ident = await post(product, (await people(1))[0])
    told = streams.Event(streams.UPDATE, post=ident)
    strange = [b"{", b"\xff", b'{"post":1}', b'{"kind":5}', b'{"kind":"unheard of"}', b'{"kind":"update","post":"x"}']

    async def tell():
        for message in [*strange, msgspec.json.encode(told)]:
            await product.stores.valkey.one(lambda _, message=message: ("PUBLISH", "heliograph:stream", message))
        return ear.events

    async with asyncio.timeout(10):
        while not await tell():  # noqa: ASYNC110 -- other tasks are waited for
            await asyncio.sleep(0.05)
    # As often as it was told until it was heard.
    assert set(ear.events) == {("public", "update")}


async def test_all_who_see_the_same_get_the_same_bytes(product, people, listen):
    author, *readers = await people(4)
    ears = [await listen(reader, PUBLIC) for reader in readers]
    own = await listen(author, PUBLIC)
    await product.broadcasting.show([Event(streams.UPDATE, post=await post(product, author))])
    payloads = {id(ear.outlet.shown[0][2]) for ear in ears}
    assert len(payloads) == 1
    assert own.outlet.shown[0][2] != ears[0].outlet.shown[0][2]


async def test_an_edit_costs_the_cache_no_more_for_many_readers(product, people, listen, monkeypatch):
    author, *readers = await people(12)
    ears = [await listen(reader, PUBLIC) for reader in readers]
    ident = await post(product, author)
    await product.likes.like(readers[3], ident)
    edit = Event(streams.EDIT, post=ident)
    # Whatever is known of the readers is learned once.
    await product.broadcasting.show([edit])
    waves = []
    wave = Valkey.wave

    async def counted(valkey, make, *arrived):
        waves.append(make)
        return await wave(valkey, make, *arrived)

    monkeypatch.setattr(Valkey, "wave", counted)
    await product.broadcasting.show([edit])
    assert len(waves) <= 4
    liked = [msgspec.json.decode(ear.outlet.shown[-1][2])["favourited"] for ear in ears]
    assert liked == [number == 3 for number in range(11)]


@pytest.mark.usefixtures("hearing")
async def test_a_follow_is_learned_through_the_outbox_alone(product, people, listen):
    author, reader = await people(2)
    ear = await listen(reader, USER)
    await product.follows.follow(reader, author)
    await drain(product)
    await until(lambda: author in product.listeners.audience._by_author)
    ident = await post(product, author)
    await until(lambda: ear.outlet.shown)
    assert str(ident).encode() in ear.outlet.shown[0][2]


async def test_what_the_index_still_says_is_not_believed(product, people, listen):
    author, reader = await people(2)
    await product.following.follow(reader, author)
    ear = await listen(reader, USER)
    await product.following.unfollow(reader, author)
    assert reader in product.listeners.audience._by_author[author]
    await product.broadcasting.show([Event(streams.UPDATE, post=await post(product, author))])
    assert ear.events == []


@pytest.mark.usefixtures("hearing")
async def test_a_stream_ends_with_its_token(product, people, listen):
    (account,) = await people(1)
    ear, other = await listen(account, USER), await listen(account, USER)
    bearer, app_id = ear.listener.token, ear.listener.identity.app_id
    await product.tokens.revoke(bearer, app_id)
    await until(lambda: ear.outlet.ended)
    assert (ear.outlet.ended, other.outlet.ended) == (REVOKED, "")
    with pytest.raises(UnauthenticatedError):
        await product.listeners.open(bearer, Kept())
    await product.suspension.suspend(account)
    await until(lambda: other.outlet.ended)
    assert not product.listeners
    assert account not in product.listeners.audience


async def test_the_end_of_the_process_ends_all_and_opens_none(product, people, listen):
    (account,) = await people(1)
    async with product.broadcasting.hearing():
        ear = await listen(account, USER, PUBLIC)
    assert ear.outlet.ended == STOPPING
    assert product.listeners.of(USER.key(account), PUBLIC.key(account)) == []
    with pytest.raises(StoreUnavailableError):
        await listen(account)


async def test_a_stream_carries_only_what_its_token_allows(product, people, listen):
    (account,) = await people(1)
    posts = await listen(account, USER, scopes=("read:statuses",))
    with pytest.raises(ScopeError):
        await product.listeners.subscribe(posts.listener, Channel("user:notification"))
    told = await listen(account, Channel("user:notification"), scopes=("read:notifications",))
    with pytest.raises(ScopeError):
        await product.listeners.subscribe(told.listener, PUBLIC)
    everything = await listen(account, USER)

    async def made(account_id: int, ident: int) -> bytes:
        return b'{"id":"%d","for":"%d"}' % (ident, account_id)

    product.broadcasting._loaders = {streams.NOTIFICATION: made}
    await product.broadcasting.show([Event(streams.NOTIFICATION, account=account, id=7)])
    assert posts.events == []
    assert told.outlet.shown == [(["user:notification"], "notification", b'{"id":"7","for":"%d"}' % account)]
    assert everything.events == [("user", "notification")]


async def test_a_stream_carries_so_many_channels_and_no_more(product, people, listen):
    (account,) = await people(1)
    ear = await listen(account, *(Channel("hashtag", f"t{number}") for number in range(CHANNELS_AT_MOST)))
    with pytest.raises(RateLimitedError):
        await product.listeners.subscribe(ear.listener, PUBLIC)
    # The same channel in other letters is the same.
    await product.listeners.subscribe(ear.listener, Channel("hashtag", "#T1"))
    product.listeners.unsubscribe(ear.listener, Channel("hashtag", "T1"))
    await product.listeners.subscribe(ear.listener, PUBLIC)


def test_channels_are_those_that_mastodon_has():
    assert channel("user", {}) == USER
    assert channel("hashtag", {"tag": "Sea"}).labels == ["hashtag", "Sea"]
    for name in ("", None, 7, ["user"], "users"):
        with pytest.raises(InvalidInputError, match="Unknown stream type"):
            channel(name, {})
    for tag in ("", "#", " ", 7, None):
        with pytest.raises(InvalidInputError, match="Missing tag name parameter"):
            channel("hashtag:local", {"tag": tag})
    with pytest.raises(InvalidInputError, match="Missing list name parameter"):
        channel("list", {})
    with pytest.raises(NotFoundError):
        channel("list", {"list": "1"})
