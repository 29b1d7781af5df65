"""An account that has done everything is deleted, and the worker dies at every statement once on the way."""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

import leaving_search as search
import msgspec
import pytest
import structlog
from leaving_life import PASSWORD, Life

from heliograph.base.errors import ForbiddenError, NotFoundError
from heliograph.base.paging import Page
from heliograph.base.topology import Topology
from heliograph.domain.accounts import departure
from heliograph.domain.accounts.credentials import WrongPasswordError
from heliograph.domain.feeds.timelines import AccountFilter
from heliograph.domain.leaving import deletion, ties, traces, writings
from heliograph.domain.posts.post import Visibility
from heliograph.domain.product import Product
from heliograph.stores import counts
from heliograph.stores.cache import Cache
from heliograph.stores.counts import Count
from heliograph.stores.objects import Objects
from heliograph.stores.queries import parse
from heliograph.stores.shards import Session
from heliograph.wiring import drain
from heliograph.workers import handlers, loop

sql = parse(
    "truth",
    """
-- name: counted
-- What every count must be, from the rows that it counts.
-- scatter
SELECT account_id AS id, 2 AS kind, count(*) AS value FROM followers WHERE NOT gone GROUP BY 1
UNION ALL SELECT account_id, 3, count(*) FROM follows WHERE NOT gone GROUP BY 1
UNION ALL SELECT account_id, 1, count(*) FROM posts WHERE deleted_at IS NULL AND visibility <> 3 GROUP BY 1
UNION ALL SELECT post_id, 4, count(*) FROM likes WHERE NOT gone GROUP BY 1
UNION ALL SELECT post_id, 5, count(*) FROM replies WHERE NOT gone GROUP BY 1
UNION ALL SELECT post_id, 6, count(*) FROM reblogs WHERE NOT gone AND visibility < 2 GROUP BY 1;

-- name: alive
-- scatter
SELECT id FROM accounts UNION ALL SELECT id FROM posts WHERE deleted_at IS NULL;

-- name: objects
-- scatter
SELECT name FROM media UNION ALL SELECT substring(avatar FROM '(.*)/') FROM accounts WHERE avatar <> ''
UNION ALL SELECT substring(header FROM '(.*)/') FROM accounts WHERE header <> '';

-- name: written
-- scatter
SELECT id FROM posts WHERE account_id = :account_id UNION ALL SELECT id FROM media WHERE account_id = :account_id;

-- name: messages
-- scatter
SELECT kind, payload FROM outbox;
""",
)

DEADLINE_S = 60.0

leaving: ContextVar[bool] = ContextVar("leaving", default=False)


class KilledError(Exception):
    """The worker has died here."""


class Death:
    """Comes before and after each thing that a deletion asks of a store, once each."""

    def __init__(self) -> None:
        self.before: set[str] = set()
        self.after: set[str] = set()

    def comes(self, seen: set[str], place: str) -> None:
        if leaving.get() and place not in seen:
            seen.add(place)
            raise KilledError(place)


@pytest.fixture
def quiet() -> Iterator[None]:
    """A traceback for each death, with all that is in sight, would take longer than the deletion."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture
def death(
    monkeypatch: pytest.MonkeyPatch,
    product: Product,
    quiet: None,  # noqa: ARG001 -- it only has to be on
) -> Death:
    """Death at every place; and nobody waits long for who comes after."""
    made = Death()
    monkeypatch.setattr(loop, "ATTEMPTS", 10_000)
    monkeypatch.setattr(loop, "FIRST_DELAY_S", 0.0)
    for method in ("rows", "row", "value", "run"):
        _deadly(monkeypatch, Session, method, made, lambda args: args[0].name)
    _deadly(monkeypatch, Cache, "invalidate", made, lambda args: f"invalidate {sorted({kind for kind, _ in args[1]})}")
    _deadly(monkeypatch, Objects, "delete", made, lambda _: "objects.delete")
    resume = product.deletion.resume

    async def watched(*args) -> None:
        leaving.set(True)
        try:
            await resume(*args)
        finally:
            leaving.set(False)

    monkeypatch.setattr(product.deletion, "resume", watched)
    return made


def _deadly(monkeypatch, kind: type, method: str, death: Death, place_of) -> None:
    original = getattr(kind, method)

    async def dying(self, *args, **named):
        place = place_of(args)
        death.comes(death.before, place)
        answer = await original(self, *args, **named)
        death.comes(death.after, place)
        return answer

    monkeypatch.setattr(kind, method, dying)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for long, pages are small, and every pause is the end of a turn."""
    monkeypatch.setattr(departure, "SETTLE_S", 0.0)
    monkeypatch.setattr(deletion, "LOOK_AGAIN_S", 0.02)
    monkeypatch.setattr(handlers, "TURN_S", 0.0)
    for module in (ties, traces, writings):
        monkeypatch.setattr(module, "PAGE", 2)
    monkeypatch.setattr(writings, "POSTS_A_PAGE", 3)


@pytest.fixture
async def life(product: Product, topology: Topology, tmp_path: Path) -> Life:
    lived = Life(product, topology, tmp_path)
    await lived.live()
    return lived


async def own_ids(life: Life) -> list[int]:
    """The account's id, those of all its posts and photos."""
    rows = await life.product.stores.shards.scatter(sql.written, account_id=life.who)
    return [life.who, *(row["id"] for row in rows)]


async def wrong_counts(product: Product) -> list[tuple[int, Count, int, int]]:
    """(of what, which count, what it says, what is true) of every count that is not right."""
    shards = product.stores.shards
    alive = [row["id"] for row in await shards.scatter(sql.alive)]
    truth = {(row["id"], row["kind"]): row["value"] for row in await shards.scatter(sql.counted)}
    said = {ident: kinds for _, part in await counts.read(shards, alive) for ident, kinds in part.items()}
    return [
        (ident, kind, said[ident].get(kind, 0), truth.get((ident, kind), 0))
        for ident in alive
        for kind in Count
        if said[ident].get(kind, 0) != truth.get((ident, kind), 0)
    ]


async def wrong_on_show(life: Life) -> list[tuple[str, str, int, int]]:
    """As `wrong_counts`, of what others see of each other, which comes from the cache."""
    product = life.product
    truth = {(row["id"], row["kind"]): row["value"] for row in await product.stores.shards.scatter(sql.counted)}
    kinds = {"statuses_count": 1, "followers_count": 2, "following_count": 3}
    kinds_of_posts = {"favourites_count": 4, "replies_count": 5, "reblogs_count": 6}
    shown = []
    for other in life.others.values():
        shown.append((kinds, msgspec.json.decode(await product.people.one(other))))
        timeline = await product.timelines.account(other, other, Page(limit=40), AccountFilter())
        shown += [(kinds_of_posts, post) for post in map(msgspec.json.decode, timeline.items) if not post["reblog"]]
    assert len(shown) > 2 * len(life.others)
    return [
        (each["id"], name, each[name], truth.get((int(each["id"]), kind), 0))
        for kinds, each in shown
        for name, kind in kinds.items()
        if each[name] != truth.get((int(each["id"]), kind), 0)
    ]


async def lost_objects(product: Product) -> set[str]:
    """Photos in the store that belong to nobody."""
    named = {row["name"] for row in await product.stores.shards.scatter(sql.objects)}
    stored = [item.name async for item in product.stores.objects.list("")]
    return {name for name in stored if name.rpartition("/")[0] not in named}


async def all_gone(product: Product, account_id: int) -> None:
    """Wait until workers have done with an account that is being deleted."""
    deadline_s = time.monotonic() + DEADLINE_S
    while account_id in await product.profiles.many([account_id]):
        assert time.monotonic() < deadline_s, "the account is still there"
        await drain(product)
        await asyncio.sleep(0.02)
    await drain(product)


async def test_nothing_is_left_wherever_the_worker_dies(
    life: Life, product: Product, topology: Topology, death
) -> None:
    idents = await own_ids(life)
    lived_in = {table for table, _ in await search.in_tables(topology, idents)}
    assert await search.tables(topology) - search.IMPERSONAL <= lived_in, (
        "the life of tests/…/leaving_life.py lacks some"
    )
    assert await wrong_counts(product) == []
    assert await wrong_on_show(life) == []

    await product.departure.delete(life.who)
    await all_gone(product, life.who)

    # A worker that died before it gave the names back has left that to a message of its own.
    assert death.before - death.after == {"directory.release"}, "all else was tried again"
    assert len(death.before) > 60
    left = await search.in_tables(topology, idents)
    assert {place: count for place, count in left.items() if place not in search.MAY_STAY} == {}
    assert await product.stores.shards.scatter(sql.messages) == []
    assert await wrong_counts(product) == []
    assert await wrong_on_show(life) == []
    assert await lost_objects(product) == set()
    assert await search.in_valkey(product, [life.who]) == []
    assert await search.in_lists(product, [life.who]) == {}
    await nobody_sees_any(life, idents)


async def nobody_sees_any(life: Life, idents: list[int]) -> None:
    """Feeds hold bare ids until they age out; whoever reads them sees nothing of those."""
    product = life.product
    texts = []
    for other in life.others.values():
        pages = [
            await product.home.page(other, Page(limit=40)),
            await product.notifications.page(other, Page(limit=40)),
            await product.conversations.page(other, Page(limit=40)),
            await product.timelines.public(other, Page(limit=40), media_only=False),
        ]
        texts += [item for page in pages for item in page.items]
        texts.append(await product.people.one(other))
    shown = [msgspec.json.decode(text) for text in texts]
    assert shown
    assert not set(map(str, idents)) & {each["id"] for each in shown}
    mentioned = {mention["id"] for each in shown for mention in each.get("mentions", ())}
    assert str(life.who) not in mentioned
    people = {person["id"] for each in shown for person in each.get("accounts", ())}
    assert str(life.who) not in people


async def test_it_is_gone_for_everybody_at_once(life: Life, product: Product) -> None:
    friend, first = life.others["friend"], life.posts[0]
    cookie = await product.sessions.start(life.who, "a browser")
    await product.timelines.post(friend, first)
    await product.departure.delete(life.who)
    with pytest.raises(NotFoundError):
        await product.timelines.post(friend, first)
    with pytest.raises(NotFoundError):
        await product.profiles.by_username(life.name)
    assert await product.identities.of_session(cookie) is None
    with pytest.raises(ForbiddenError):
        await product.credentials.log_in(life.name, PASSWORD)
    with pytest.raises(NotFoundError):
        await product.departure.delete(life.who)
    with pytest.raises(NotFoundError):
        await product.suspension.restore(life.who)


async def test_nothing_of_it_is_cached_with_others(life: Life, product: Product) -> None:
    """Not even what hydration would hide."""
    friend = life.others["friend"]
    # Has been told of nothing but a post; the friend of other things as well.
    named = (await product.registration.create("named", PASSWORD)).account_id
    root = await life.post(friend, "once more")
    await life.post(life.who, "@named an answer on which nothing hangs", root)
    await drain(product)

    async def cached() -> set[int]:
        thread = await product.threads.around(root, root, 0, 40, 40)
        news = [each for other in (friend, named) for each in (await product.notices.of(other)).told]
        about = {ident for each in news for ident in (each.from_id, each.subject_id)}
        return {place.post_id for place in thread} | about

    idents = {life.who, *life.posts}
    assert len(await cached() & idents) > 2
    await product.departure.delete(life.who)
    await all_gone(product, life.who)
    assert not await cached() & idents


async def test_its_names_are_free_again(product: Product) -> None:
    first = (await product.registration.create("phoenix", PASSWORD, "phoenix@example.com")).account_id
    await product.departure.delete(first)
    await all_gone(product, first)
    with pytest.raises(WrongPasswordError):
        await product.credentials.log_in("phoenix", PASSWORD)
    second = (await product.registration.create("phoenix", PASSWORD, "phoenix@example.com")).account_id
    assert (await product.profiles.by_username("phoenix")).id == second != first


async def test_a_new_owner_of_the_name_is_not_meant_by_old_posts(life: Life, product: Product) -> None:
    fan = life.others["fan"]
    about = await life.post(fan, f"I thank @{life.name} and @{life.names['friend']}")
    letter = await life.post(fan, f"@{life.name} for your eyes", visibility=Visibility.DIRECT)
    await drain(product)
    before = msgspec.json.decode(await product.timelines.post(fan, about))
    await product.departure.delete(life.who)
    await all_gone(product, life.who)
    heir = (await product.registration.create(life.name, PASSWORD)).account_id
    after = msgspec.json.decode(await product.timelines.post(fan, about))
    assert [mention["username"] for mention in before["mentions"]] == [life.name, life.names["friend"]]
    assert [mention["username"] for mention in after["mentions"]] == [life.names["friend"]]
    assert f"@{life.name} and <span" in after["content"]
    with pytest.raises(NotFoundError):
        await product.timelines.post(heir, letter)


async def test_it_waits_for_what_began_before(product: Product) -> None:
    account = (await product.registration.create("leaver", PASSWORD)).account_id
    other = (await product.registration.create("stayer", PASSWORD)).account_id
    await product.following.follow(other, account)
    # A slow worker has the message of the follow.
    held = [
        message
        for shard in product.stores.shards.all
        for message in await product.outbox.lease(shard, 10, ["follow.changed"], inside=True)
    ]
    await product.departure.delete(account)
    await drain(product)
    assert (await product.profiles.get(account)).state == "deleted"
    (slow,) = held
    await product.outbox.done(slow)
    await all_gone(product, account)
