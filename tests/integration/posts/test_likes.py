"""Likes: one end decides, both ends agree in the end; a deleted post keeps none."""

import asyncio
import itertools
import random

import msgspec
import pytest

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.base.paging import Page
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product
from heliograph.stores import counts
from heliograph.stores.queries import load, parse
from heliograph.wiring import drain

posts_sql = load("posts")
likes_sql = load("likes")
remains = parse(
    "remains",
    """
-- name: of
-- scatter
SELECT (SELECT count(*) FROM likes WHERE NOT gone) AS likes, (SELECT count(*) FROM favourites WHERE NOT gone) AS favourites,
       (SELECT count(*) FROM counts WHERE kind = 4) AS counts, (SELECT count(*) FROM count_deltas WHERE kind = 4) AS deltas,
       (SELECT count(*) FROM posts) AS posts, (SELECT count(*) FROM media) AS media;
""",
)


async def post(product: Product, author: int) -> int:
    draft = Draft(text="light", media_ids=[], visibility=Visibility.PUBLIC)
    return (await product.publishing.publish(author, draft)).post_id


async def shown(product: Product, viewer: int, post_id: int) -> tuple[int, bool]:
    """The count of likes, and whether the viewer's own is among them."""
    found = msgspec.json.decode(await product.timelines.post(viewer, post_id))
    return found["favourites_count"], found["favourited"]


async def favourites(product: Product, viewer: int) -> list[int]:
    timeline = await product.timelines.favourites(viewer, Page())
    return [int(msgspec.json.decode(item)["id"]) for item in timeline.items]


async def test_liking_at_once_from_several_devices(product: Product, people) -> None:
    ann, bob = await people(2)
    post_id = await post(product, ann)
    for _ in range(3):
        await asyncio.gather(*(product.likes.like(bob, post_id) for _ in range(8)))
        assert await shown(product, bob, post_id) == (1, True)
        assert await favourites(product, bob) == [post_id]
        await asyncio.gather(*(product.likes.unlike(bob, post_id) for _ in range(8)))
        assert await shown(product, bob, post_id) == (0, False)
        assert await favourites(product, bob) == []


@pytest.mark.parametrize("seed", range(3))
async def test_likes_and_unlikes_at_once(product: Product, people, seed: int) -> None:
    ann, *crowd = await people(4)
    post_id = await post(product, ann)
    chance = random.Random(seed)
    changes = [chance.choice([product.likes.like, product.likes.unlike]) for _ in range(18)]
    await asyncio.gather(
        *(change(chance.choice(crowd), post_id) for change in changes), counts.fold(product.stores.shards)
    )
    await drain(product)
    likers = (await product.likes.of(post_id, Page())).ids
    for each in crowd:
        assert await shown(product, each, post_id) == (len(likers), each in likers)
        assert await favourites(product, each) == [post_id] * (each in likers)


async def test_what_was_decided_is_applied_in_any_order(product: Product, people) -> None:
    from heliograph.domain.posts.likes import LikeChanged

    ann, bob = await people(2)
    post_id = await post(product, ann)
    slot, said = ids.slot_of(post_id), []
    for query, gone in (
        (likes_sql.decide_like, False),
        (likes_sql.decide_unlike, True),
        (likes_sql.decide_like, False),
    ):
        row = await product.stores.shards.at(slot).row(query, slot=slot, post_id=post_id, account_id=bob)
        said.append(LikeChanged(bob, post_id, row["rev"], gone))
    for order in itertools.permutations(said):
        for change in [*order, *order]:
            await product.likes.apply(change)
        assert await favourites(product, bob) == [post_id]


async def test_a_deleted_post_cannot_be_liked(product: Product, people) -> None:
    ann, bob = await people(2)
    post_id = await post(product, ann)
    await product.remover.delete(ann, post_id)
    for change in (product.likes.like, product.likes.unlike):
        with pytest.raises(NotFoundError):
            await change(bob, post_id)
    await drain(product)
    with pytest.raises(NotFoundError):
        await product.likes.like(bob, post_id)
    with pytest.raises(NotFoundError):
        await product.likes.like(bob, post_id + 1)


async def test_a_like_under_way_and_a_deletion(product: Product, people) -> None:
    """Who deletes waits for the like that has found the post alive: the purge then sees it."""
    ann, bob = await people(2)
    post_id = await post(product, ann)
    slot = ids.slot_of(post_id)
    async with product.stores.shards.at(slot).transaction() as transaction:
        assert await transaction.value(posts_sql.lock_alive, slot=slot, id=post_id) == ann
        deletion = asyncio.create_task(product.remover.delete(ann, post_id))
        done, _ = await asyncio.wait([deletion], timeout=0.3)
        await transaction.row(likes_sql.decide_like, slot=slot, post_id=post_id, account_id=bob)
    await deletion
    assert not done
    await drain(product)
    (left,) = await product.stores.shards.scatter(remains.of)
    assert dict(left) == {"likes": 0, "favourites": 0, "counts": 0, "deltas": 0, "posts": 0, "media": 0}


async def test_many_like_while_it_is_deleted(product: Product, people) -> None:
    ann, *crowd = await people(9)
    for _ in range(4):
        post_id = await post(product, ann)
        tries = [product.likes.like(each, post_id) for each in crowd]
        tries.insert(4, product.remover.delete(ann, post_id))
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert all(answer is None or isinstance(answer, NotFoundError) for answer in answers), answers
        await asyncio.gather(drain(product), counts.fold(product.stores.shards))
    (left,) = await product.stores.shards.scatter(remains.of)
    assert dict(left) == {"likes": 0, "favourites": 0, "counts": 0, "deltas": 0, "posts": 0, "media": 0}
    for each in crowd:
        assert await favourites(product, each) == []


async def test_likes_below_what_is_kept_close(product: Product, people, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many liked posts are kept in the cache; of older ones the shard is asked."""
    from heliograph.domain.posts import marks

    monkeypatch.setattr(marks, "KEPT", 2)
    ann, bob = await people(2)
    posts = [await post(product, ann) for _ in range(6)]
    for post_id in posts[::2]:
        await product.likes.like(bob, post_id)
    assert (await product.marks.among(bob, posts)).liked == set(posts[::2])
    await product.likes.unlike(bob, posts[0])
    await product.likes.like(bob, posts[5])
    assert (await product.marks.among(bob, posts)).liked == {posts[2], posts[4], posts[5]}
