"""Who is told of what, and that it is told once, however messages come."""

import asyncio
import itertools
import time

import msgspec
import pytest
from hearing import deliver, entities, name_of, post, rows, take_messages, told

from heliograph.base import ids
from heliograph.base.errors import NotFoundError, StoreUnavailableError
from heliograph.base.paging import Page
from heliograph.domain.accounts.account import ProfileChanges
from heliograph.domain.graph.decisions import Wish
from heliograph.domain.notifications import telling
from heliograph.domain.posts.edit import PostChanges
from heliograph.domain.posts.post import Visibility
from heliograph.domain.product import Product
from heliograph.stores.shards import Shard
from heliograph.wiring import drain


class KilledError(Exception):
    """The worker has died here."""


async def test_everything_that_one_is_told(product: Product, across) -> None:
    ann, bob, cat = await across(3)
    named = await post(product, bob, ann)
    own = await post(product, ann)
    answer = await post(product, cat, answers=own)
    await product.likes.like(bob, own)
    header = await product.timelines.header(cat, own)
    await product.publishing.reblog(cat, header, Visibility.PUBLIC)
    await product.following.follow(bob, ann)
    await drain(product)
    assert sorted(await told(product, ann)) == sorted(
        [
            ("mention", bob, named),
            ("mention", cat, answer),
            ("favourite", bob, own),
            ("reblog", cat, own),
            ("follow", bob, 0),
        ]
    )
    assert await told(product, bob) == []
    assert await told(product, cat) == []
    assert await product.notifications.unread(ann, 100) == 5
    for each in await entities(product, ann):
        one = await product.notifications.one(ann, int(each["id"]))
        assert one is not None
        assert await product.notifications.one(bob, int(each["id"])) is None


async def test_nobody_is_told_of_their_own_doing(product: Product, across) -> None:
    (ann,) = await across(1)
    own = await post(product, ann, ann)
    await post(product, ann, ann, answers=own)
    await product.likes.like(ann, own)
    await product.likes.unlike(ann, own)
    await drain(product)
    assert await told(product, ann) == []


async def test_who_is_mentioned_and_answered_is_told_once(product: Product, across) -> None:
    ann, bob = await across(2)
    own = await post(product, ann)
    answer = await post(product, bob, ann, answers=own)
    await drain(product)
    assert await told(product, ann) == [("mention", bob, answer)]


async def test_an_answer_that_its_reader_may_not_see(product: Product, across) -> None:
    ann, bob = await across(2)
    own = await post(product, ann)
    await post(product, bob, answers=own, visibility=Visibility.PRIVATE)
    await drain(product)
    assert await told(product, ann) == []
    await product.following.follow(ann, bob)
    answer = await post(product, bob, answers=own, visibility=Visibility.PRIVATE)
    await drain(product)
    assert await told(product, ann) == [("mention", bob, answer)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_likes_come_in_any_order_and_twice(product: Product, across, order: tuple[int, ...]) -> None:
    ann, bob = await across(2)
    own = await post(product, ann)
    await drain(product)
    await product.likes.like(bob, own)
    await product.likes.unlike(bob, own)
    await product.likes.like(bob, own)
    messages = await take_messages(product)
    await deliver(product, *(messages[number] for number in [*order, *order]))
    assert await told(product, ann) == [("favourite", bob, own)]
    await product.likes.unlike(bob, own)
    messages += await take_messages(product)
    await deliver(product, messages[3], *(messages[number] for number in order))
    assert await told(product, ann) == []


async def test_a_dismissed_one_stays_away_until_it_happens_again(product: Product, across) -> None:
    ann, bob = await across(2)
    own = await post(product, ann)
    await product.likes.like(bob, own)
    messages = await take_messages(product)
    await deliver(product, *messages)
    (first,) = await entities(product, ann)
    await product.notifications.dismiss(ann, int(first["id"]))
    await deliver(product, *messages)
    assert await told(product, ann) == []
    with pytest.raises(NotFoundError):
        await product.notifications.dismiss(ann, int(first["id"]))
    await product.likes.unlike(bob, own)
    await product.likes.like(bob, own)
    await drain(product)
    (again,) = await entities(product, ann)
    assert int(again["id"]) > int(first["id"])


async def test_clearing_puts_away_what_there_is(product: Product, across, monkeypatch) -> None:
    from heliograph.domain.notifications import inbox

    monkeypatch.setattr(inbox, "CLEARED_AT_ONCE", 2)
    ann, bob = await across(2)
    posts = [await post(product, bob, ann) for _ in range(5)]
    await deliver(product, *await take_messages(product))
    messages = await take_messages(product)
    await deliver(product, *messages)
    assert await told(product, ann) == [("mention", bob, each) for each in reversed(posts)]
    await product.notifications.clear(ann)
    assert await told(product, ann) == []
    await deliver(product, *messages)
    assert await told(product, ann) == []


@pytest.mark.parametrize("late", [False, True])
async def test_requests_to_follow(product: Product, across, late: bool) -> None:
    ann, bob = await across(2)
    await product.profiles.update(ann, ProfileChanges(locked=True))
    await drain(product)
    await product.following.follow(bob, ann)
    asked = await take_messages(product)
    if not late:
        await deliver(product, *asked)
        assert await told(product, ann) == [("follow_request", bob, 0)]
    await product.following.accept(ann, bob)
    accepted = await take_messages(product)
    await deliver(product, *accepted, *asked)
    assert await told(product, ann) == [("follow", bob, 0)]
    await product.following.unfollow(bob, ann)
    await drain(product)
    await deliver(product, *accepted, *asked)
    assert await told(product, ann) == []


async def test_a_rejected_request_goes(product: Product, across) -> None:
    ann, bob = await across(2)
    await product.profiles.update(ann, ProfileChanges(locked=True))
    await product.following.follow(bob, ann)
    await drain(product)
    await product.follows.reject(ann, bob)
    await drain(product)
    assert await told(product, ann) == []


async def test_another_wish_about_a_follow_is_no_news(product: Product, across) -> None:
    ann, bob = await across(2)
    await product.following.follow(bob, ann)
    await drain(product)
    (first,) = await entities(product, ann)
    await product.following.follow(bob, ann, Wish(notify=True))
    await drain(product)
    assert [each["id"] for each in await entities(product, ann)] == [first["id"]]


async def test_bells(product: Product, across, monkeypatch) -> None:
    monkeypatch.setattr(telling, "BELLS_A_PAGE", 2)
    author, *listeners, deaf = await across(7)
    for each in listeners:
        await product.following.follow(each, author, Wish(notify=True))
    await product.following.follow(deaf, author)
    foreign = await post(product, deaf)
    await drain(product)
    first = await post(product, author)
    more = await post(product, author, answers=first, visibility=Visibility.PRIVATE)
    await post(product, author, answers=foreign)
    header = await product.timelines.header(author, foreign)
    await product.publishing.reblog(author, header, Visibility.PUBLIC)
    named = await post(product, author, listeners[0])
    await post(product, author, visibility=Visibility.DIRECT)
    await drain(product)
    rung = [("status", author, post_id) for post_id in (named, more, first)]
    for each in listeners[1:]:
        assert sorted(await told(product, each)) == sorted(rung)
    # Once for one post.
    assert sorted(await told(product, listeners[0])) == sorted([("mention", author, named), *rung[1:]])
    assert "status" not in {kind for kind, _, _ in await told(product, deaf)}
    await product.following.unfollow(listeners[0], author)
    await post(product, author)
    await drain(product)
    # The private one is not theirs to see any more.
    assert len(await told(product, listeners[0])) == 2
    assert len(await told(product, listeners[1])) == 4


async def test_an_edit_tells_those_whom_it_names(product: Product, across) -> None:
    ann, bob, cat = await across(3)
    own = await post(product, ann, bob)
    await drain(product)
    (first,) = await entities(product, bob)
    names = [await name_of(product, each) for each in (bob, cat)]
    await product.publishing.edit(ann, own, PostChanges(text=f"light @{names[0]} @{names[1]}"))
    messages = await take_messages(product)
    await deliver(product, *messages, *messages)
    assert await told(product, cat) == [("mention", ann, own)]
    assert [each["id"] for each in await entities(product, bob)] == [first["id"]]


async def test_a_deleted_post_takes_along_what_was_told_of_it(product: Product, across) -> None:
    ann, bob = await across(2)
    own = await post(product, ann, bob)
    await product.likes.like(bob, own)
    published = await take_messages(product)
    await deliver(product, *published)
    published += await take_messages(product)
    await deliver(product, *published)
    assert await told(product, ann) == [("favourite", bob, own)]
    assert await told(product, bob) == [("mention", ann, own)]
    await product.remover.delete(ann, own)
    # At once, before any worker.
    assert await told(product, ann) == []
    assert await told(product, bob) == []
    await drain(product)
    assert await rows(product, "notifications") == 0
    assert [(await product.notices.of(each)).told for each in (ann, bob)] == [[], []]
    await deliver(product, *published)
    assert await rows(product, "notifications") == 0


async def test_what_a_worker_has_erased_that_died_over_it(product: Product, across, monkeypatch) -> None:
    ann, bob, cat = await across(3)
    own = await post(product, ann, bob)
    for each in (bob, cat):
        await product.likes.like(each, own)
    await drain(product)
    assert len(await told(product, ann)) == 2
    assert len(await told(product, bob)) == 1

    async def dies(*_) -> None:
        raise KilledError

    monkeypatch.setattr(telling, "ERASED_A_PAGE", 1)
    with monkeypatch.context() as patched:
        patched.setattr(product.notices, "refresh", dies)
        header = await product.timelines.header(ann, own)
        with pytest.raises(KilledError):
            await product.telling.forget(header)
    await product.telling.forget(header)
    assert await rows(product, "notifications") == 0
    await drain(product)
    assert [(await product.notices.of(each)).told for each in (ann, bob)] == [[], []]


async def test_blocks_and_mutes(product: Product, across) -> None:
    ann, bob, cat, dan = await across(4)
    own = await post(product, ann)
    for each in (bob, cat, dan):
        await post(product, each, ann)
        await product.likes.like(each, own)
    await drain(product)
    assert len(await told(product, ann)) == 6
    # What was told is hidden at the very next read, whoever blocks.
    await product.blocks.block(ann, bob)
    await product.blocks.block(dan, ann)
    assert {by for _, by, _ in await told(product, ann)} == {cat}
    assert await product.notifications.unread(ann, 100) == 2
    await product.mutes.mute(ann, cat, notifications=False)
    assert len(await told(product, ann)) == 2
    await product.mutes.mute(ann, cat, notifications=True)
    assert await told(product, ann) == []
    # And what happens now is not told at all.
    before = await rows(product, "notifications")
    await post(product, cat, ann)
    await drain(product)
    await product.mutes.unmute(ann, cat)
    assert len(await told(product, ann)) == 2
    assert await rows(product, "notifications") == before


async def test_what_may_no_longer_be_seen(product: Product, across) -> None:
    ann, bob = await across(2)
    await product.following.follow(bob, ann, Wish(notify=True))
    await drain(product)
    secret = await post(product, ann, visibility=Visibility.PRIVATE)
    await drain(product)
    assert await told(product, bob) == [("status", ann, secret)]
    await product.following.unfollow(bob, ann)
    assert await told(product, bob) == []


async def test_suspended_accounts_are_absent(product: Product, across) -> None:
    ann, bob = await across(2)
    await post(product, bob, ann)
    await product.following.follow(bob, ann)
    await drain(product)
    assert len(await told(product, ann)) == 2
    await product.suspension.suspend(bob)
    assert await told(product, ann) == []


async def test_tombstones_are_swept(product: Product, across) -> None:
    from heliograph.base.ids import MAX_ID

    ann, bob = await across(2)
    await product.following.follow(bob, ann)
    await post(product, bob, ann)
    await drain(product)
    await product.telling.sweep(MAX_ID)
    assert len(await told(product, ann)) == 2
    assert await rows(product, "notifications") == 2
    await product.notifications.clear(ann)
    await product.telling.sweep(MAX_ID)
    assert await rows(product, "notifications") == 0


async def test_a_shard_that_is_away_keeps_only_its_own_people_waiting(product: Product, across, monkeypatch) -> None:
    author, lower, upper = (await across(4))[:3]
    lower, upper = sorted((lower, upper), key=ids.slot_of)
    assert product.stores.shards.of(lower) is not product.stores.shards.of(upper)
    rows_of = Shard.rows

    async def away(self, query, **parameters):
        if self is product.stores.shards.of(upper) and query.name == "notifications.tell":
            raise StoreUnavailableError("postgres")
        return await rows_of(self, query, **parameters)

    for each in (lower, upper):
        await product.following.follow(each, author)
    await drain(product)
    with monkeypatch.context() as broken:
        broken.setattr(Shard, "rows", away)
        made = await post(product, author, lower, upper)
        await drain(product)
        assert await told(product, lower) == [("mention", author, made)]
        home = await product.home.page(upper, Page())
        assert [int(msgspec.json.decode(item)["id"]) for item in home.items] == [made], "the feed has it"
        assert await told(product, upper) == []
    deadline = time.monotonic() + 20
    while not await told(product, upper):
        assert time.monotonic() < deadline
        await drain(product)
        await asyncio.sleep(0.05)
    assert await told(product, upper) == await told(product, lower) == [("mention", author, made)]
