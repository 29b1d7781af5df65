"""Reblogs: one end decides, both ends agree in the end; a deleted post keeps none."""

import asyncio
import contextlib
import itertools
import random

import msgspec
import pytest

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.base.paging import Page
from heliograph.domain.feeds.timelines import AccountFilter
from heliograph.domain.graph.decisions import Wish
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.posts.reblogs import ReblogChanged
from heliograph.domain.product import Product
from heliograph.stores import counts
from heliograph.stores.queries import load, parse
from heliograph.wiring import drain

reblogs_sql = load("reblogs")
posts_sql = load("posts")
remains = parse(
    "remains",
    """
-- name: of
-- scatter
SELECT (SELECT count(*) FROM reblogs WHERE NOT gone) AS reblogs, (SELECT count(*) FROM reposts WHERE NOT gone) AS reposts,
       (SELECT count(*) FROM posts) AS posts, (SELECT count(*) FROM counts WHERE kind = 6) AS counts,
       (SELECT count(*) FROM count_deltas WHERE kind = 6) AS deltas;
""",
)
NOTHING = {"reblogs": 0, "reposts": 0, "posts": 0, "counts": 0, "deltas": 0}


async def post(product: Product, author: int, visibility: Visibility = Visibility.PUBLIC) -> int:
    draft = Draft(text="light", media_ids=[], visibility=visibility)
    return (await product.publishing.publish(author, draft)).post_id


async def reblog(product: Product, who: int, post_id: int, visibility: Visibility = Visibility.PUBLIC) -> int:
    return await product.publishing.reblog(who, await product.timelines.proper(who, post_id), visibility)


async def shown(product: Product, viewer: int, post_id: int) -> tuple[int, bool]:
    """The count of reblogs, and whether the viewer's own is among them."""
    found = msgspec.json.decode(await product.timelines.post(viewer, post_id))
    return found["reblogs_count"], found["reblogged"]


async def profile(product: Product, viewer: int, account: int) -> list[tuple[int, int]]:
    """(id, id of what it reblogs) of an account's posts."""
    timeline = await product.timelines.account(viewer, account, Page(), AccountFilter())
    return _pairs(timeline.items)


async def home(product: Product, viewer: int) -> list[tuple[int, int]]:
    return _pairs((await product.home.page(viewer, Page())).items)


def _pairs(items: list[bytes]) -> list[tuple[int, int]]:
    decoded = [msgspec.json.decode(item) for item in items]
    return [(int(each["id"]), int(each["reblog"]["id"]) if each["reblog"] else 0) for each in decoded]


async def statuses_count(product: Product, account: int) -> int:
    return msgspec.json.decode(await product.people.one(account))["statuses_count"]


async def test_a_reblog_is_seen_by_followers_and_again_is_the_same(product: Product, people) -> None:
    ann, bob, cid = await people(3)
    await product.following.follow(cid, bob)
    post_id = await post(product, ann)
    assert await home(product, cid) == []
    wrapper = await reblog(product, bob, post_id)
    assert await reblog(product, bob, post_id, Visibility.UNLISTED) == wrapper
    assert await reblog(product, bob, wrapper) == wrapper, "a reblog is reblogged as what it shows"
    assert await home(product, bob) == [(wrapper, post_id)]
    assert await shown(product, bob, post_id) == (1, True)
    assert await shown(product, cid, wrapper) == (1, False)
    assert await statuses_count(product, bob) == 1
    await drain(product)
    assert await home(product, cid) == [(wrapper, post_id)]
    assert await profile(product, cid, bob) == [(wrapper, post_id)]
    assert (await product.reblogs.of(post_id, Page())).ids == [bob]
    public = await product.timelines.public(cid, Page(), media_only=False)
    assert _pairs(public.items) == [(post_id, 0)]
    await product.publishing.unreblog(bob, post_id)
    await product.publishing.unreblog(bob, post_id)
    for viewer in (bob, cid):
        assert await home(product, viewer) == await profile(product, viewer, bob) == []
    assert await shown(product, bob, post_id) == (0, False)
    await drain(product)
    assert await statuses_count(product, bob) == 0
    again = await reblog(product, bob, post_id)
    assert again != wrapper
    await drain(product)
    assert await home(product, cid) == [(again, post_id)]


async def test_a_worker_that_is_quicker_takes_nothing_from_the_sight_of_ones_own_share(product, people, monkeypatch):
    """It has written the share, and not yet come to deliver it, when the request finds it there."""
    ann, bob = await people(2)
    post_id = await post(product, ann)
    await home(product, bob)
    decide = product.reblogs._decide

    async def overtaken(*given, **named):
        change = await decide(*given, **named)
        await product.reblogs.apply(change)
        return change

    monkeypatch.setattr(product.reblogs, "_decide", overtaken)
    wrapper = await reblog(product, bob, post_id)
    assert await home(product, bob) == [(wrapper, post_id)]


async def test_whose_posts_may_be_shared(product: Product, people) -> None:
    ann, bob, cid = await people(3)
    await product.following.follow(bob, ann)
    await product.following.follow(cid, bob)
    for visibility in (Visibility.PRIVATE, Visibility.DIRECT):
        post_id = await post(product, ann, visibility)
        with pytest.raises(NotFoundError):
            await reblog(product, bob, post_id)
    with pytest.raises(NotFoundError):
        await reblog(product, ann, post_id)
    own = await post(product, bob, Visibility.PRIVATE)
    wrapper = await reblog(product, bob, own)
    found = msgspec.json.decode(await product.timelines.post(cid, wrapper))
    assert (found["visibility"], found["reblog"]["id"]) == ("private", str(own))
    assert await shown(product, bob, own) == (0, True), "what is for few is not counted"
    assert (await product.reblogs.of(own, Page())).ids == []
    with pytest.raises(NotFoundError):
        await product.timelines.post(ann, wrapper)


async def test_reblogging_at_once_from_several_devices(product: Product, people) -> None:
    ann, bob = await people(2)
    post_id = await post(product, ann)
    for _ in range(3):
        made = await asyncio.gather(*(reblog(product, bob, post_id) for _ in range(8)))
        assert len(set(made)) == 1
        assert await shown(product, bob, post_id) == (1, True)
        assert await profile(product, ann, bob) == [(made[0], post_id)]
        await asyncio.gather(*(product.publishing.unreblog(bob, post_id) for _ in range(8)))
        assert await shown(product, bob, post_id) == (0, False)
        assert await profile(product, ann, bob) == []


@pytest.mark.parametrize("seed", range(3))
async def test_reblogs_and_their_ends_at_once(product: Product, people, seed: int) -> None:
    ann, *crowd = await people(4)
    post_id = await post(product, ann)
    chance = random.Random(seed)

    async def change(who: int, ends: bool) -> None:
        if ends:
            await product.publishing.unreblog(who, post_id)
        else:
            # Another of their devices may end it before it can be answered.
            with contextlib.suppress(NotFoundError):
                await reblog(product, who, post_id)

    await asyncio.gather(
        *(change(chance.choice(crowd), chance.random() < 0.5) for _ in range(18)), counts.fold(product.stores.shards)
    )
    await drain(product)
    found = (await product.reblogs.of(post_id, Page())).ids
    for each in crowd:
        assert await shown(product, each, post_id) == (len(found), each in found)
        assert [original for _, original in await profile(product, ann, each)] == [post_id] * (each in found)
        assert await statuses_count(product, each) == (each in found)


async def test_what_was_decided_is_applied_in_any_order(product: Product, people) -> None:
    ann, bob = await people(2)
    post_id = await post(product, ann)
    slot, said = ids.slot_of(post_id), []
    edge = {"slot": slot, "post_id": post_id, "account_id": bob}
    shard = product.stores.shards.at(slot)
    for gone, visibility in ((False, Visibility.PUBLIC), (True, Visibility.PUBLIC), (False, Visibility.UNLISTED)):
        query = reblogs_sql.decide_unreblog if gone else reblogs_sql.decide_reblog
        row = await shard.row(query, **edge, **({} if gone else {"visibility": int(visibility)}))
        said.append(ReblogChanged(bob, post_id, row["rev"], gone, visibility, ann))
    seen = set()
    for order in itertools.permutations(said):
        for change in [*order, *order]:
            await product.reblogs.settle(change)
        await drain(product)
        ((wrapper, original),) = await profile(product, ann, bob)
        assert original == post_id
        assert msgspec.json.decode(await product.timelines.post(ann, wrapper))["visibility"] == "unlisted"
        assert await statuses_count(product, bob) == 1
        seen.add(wrapper)
    assert len(seen) == 1


async def test_a_request_that_dies_is_finished_by_the_outbox(
    product: Product, people, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, cid = await people(3)
    await product.following.follow(cid, bob)
    await home(product, cid)
    post_id = await post(product, ann)
    whole = product.reblogs.apply

    async def dies(_: ReblogChanged) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(product.reblogs, "apply", dies)
    with pytest.raises(asyncio.CancelledError):
        await reblog(product, bob, post_id)
    monkeypatch.setattr(product.reblogs, "apply", whole)
    assert await home(product, cid) == []
    await drain(product)
    assert [original for _, original in await home(product, cid)] == [post_id]
    assert await shown(product, bob, post_id) == (1, True)


async def test_a_worker_that_was_quicker_and_has_not_told_the_cache(product: Product, people, monkeypatch) -> None:
    """The message is applied before the request comes to it: whoever has asked sees their part at once all the same."""
    author, fan = await people(2)
    original = await post(product, author)
    for gone in (False, True):
        assert await shown(product, fan, original) == (int(gone), gone)
        change = await product.reblogs._decide(fan, original, Visibility.PUBLIC, gone=gone)
        with monkeypatch.context() as patched:
            patched.setattr(product.reblogs, "_show", told_nobody)
            await product.reblogs.apply(change)
        await product.reblogs.apply(change)
        assert await shown(product, fan, original) == (int(not gone), not gone)


async def told_nobody(*_) -> None: ...


async def test_a_deleted_post_is_reblogged_by_nobody(product: Product, people) -> None:
    ann, *crowd = await people(6)
    for each in crowd[1:]:
        await product.following.follow(each, crowd[0])
    for _ in range(2):
        post_id = await post(product, ann)
        tries = [reblog(product, each, post_id) for each in crowd]
        tries.insert(3, product.remover.delete(ann, post_id))
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert all(isinstance(answer, int | NotFoundError | None) for answer in answers), answers
        for each in crowd:
            assert await home(product, each) == await profile(product, each, crowd[0]) == []
        await drain(product)
        await counts.fold(product.stores.shards)
    (left,) = await product.stores.shards.scatter(remains.of)
    assert dict(left) == NOTHING
    for each in crowd:
        assert await statuses_count(product, each) == 0
    with pytest.raises(NotFoundError):
        await reblog(product, crowd[0], post_id)


async def test_a_late_message_makes_no_post_of_a_deleted_original(product: Product, people) -> None:
    """The purge has been told of a reblog whose other end did not know of it; then comes what it should have known."""
    ann, bob = await people(2)
    post_id = await post(product, ann)
    slot = ids.slot_of(post_id)
    edge = {"slot": slot, "post_id": post_id, "account_id": bob}
    row = await product.stores.shards.at(slot).row(reblogs_sql.decide_reblog, **edge, visibility=0)
    await product.remover.delete(ann, post_id)
    await drain(product)
    await product.reblogs.settle(ReblogChanged(bob, post_id, row["rev"], False, Visibility.PUBLIC, ann))
    await drain(product)
    (left,) = await product.stores.shards.scatter(remains.of)
    assert (left["posts"], left["reposts"]) == (0, 0)


async def test_lists_leave_out_whom_one_blocks(product: Product, people) -> None:
    ann, bob, cid = await people(3)
    post_id = await post(product, ann)
    for each in (bob, cid):
        await reblog(product, each, post_id)
    found = (await product.reblogs.of(post_id, Page())).ids
    assert found == [cid, bob]
    pages = [(await product.reblogs.of(post_id, Page(limit=1))).ids]
    first = await product.reblogs.of(post_id, Page(limit=1))
    pages.append((await product.reblogs.of(post_id, Page(limit=1, max_id=first.oldest))).ids)
    assert pages == [[cid], [bob]]
    everybody = await product.people.seen_by(None, found)
    assert [int(msgspec.json.decode(each)["id"]) for each in everybody] == found


async def test_one_entry_for_one_original(product: Product, people) -> None:
    ann, bob, cid, dan = await people(4)
    for each in (ann, bob, cid):
        await product.following.follow(dan, each)
    first, second = await post(product, ann), await post(product, ann)
    shared = [await reblog(product, bob, first), await reblog(product, cid, first)]
    await drain(product)
    assert await home(product, dan) == [(shared[1], first), (second, 0)]
    older = await product.home.page(dan, Page(max_id=shared[1], limit=1))
    assert _pairs(older.items) == [(shared[0], first)]
    newer = await product.home.page(dan, Page(min_id=0, limit=2))
    assert _pairs(newer.items) == [(second, 0), (first, 0)]
    await product.remover.delete(ann, first)
    assert await home(product, dan) == [(second, 0)]


async def test_those_whose_reblogs_are_not_wanted(product: Product, people) -> None:
    ann, bob, cid = await people(3)
    await product.following.follow(cid, bob, Wish(reblogs=False))
    shared, own = await reblog(product, bob, await post(product, ann)), await post(product, bob)
    await drain(product)
    assert await home(product, cid) == [(own, 0)]
    await product.following.follow(cid, bob, Wish(reblogs=True))
    assert [ident for ident, _ in await home(product, cid)] == [own, shared]


async def test_a_reblog_of_somebody_blocked_or_muted_stays_away(product: Product, people) -> None:
    ann, bob, cid = await people(3)
    await product.following.follow(cid, bob)
    shared = await reblog(product, bob, await post(product, ann))
    await drain(product)
    assert [ident for ident, _ in await home(product, cid)] == [shared]
    await product.blocks.block(ann, cid)
    assert await home(product, cid) == await profile(product, cid, bob) == []


async def test_posts_asked_for_twice(product: Product, people) -> None:
    """Whatever this process knows already, each is there once, and the original only when it was asked for."""
    ann, bob = await people(2)
    original = await post(product, ann)
    wrapper = await reblog(product, bob, original)
    for _ in range(2):
        assert _pairs(await product.timelines.posts(bob, [wrapper, wrapper])) == [(wrapper, original)]
        assert _pairs(await product.timelines.posts(bob, [original, wrapper])) == [(original, 0), (wrapper, original)]
