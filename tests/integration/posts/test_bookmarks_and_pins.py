"""What an account marks for itself, and at the top of its profile."""

import asyncio
import json

import pytest

from heliograph.base import ids
from heliograph.base.errors import NotFoundError, ValidationError
from heliograph.base.paging import Page
from heliograph.domain.posts.pins import PINS_AT_MOST
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product
from heliograph.stores.cache import Cache
from heliograph.stores.queries import load, parse
from heliograph.stores.valkey import Valkey
from heliograph.wiring import drain

bookmarks_sql = load("bookmarks")
sql = parse(
    "left",
    """
-- name: of
-- scatter
SELECT (SELECT count(*) FROM bookmarks) AS bookmarks, (SELECT count(*) FROM pins) AS pins;
""",
)


async def write(product: Product, author: int, visibility: Visibility = Visibility.PUBLIC) -> int:
    draft = Draft(text="light", media_ids=[], visibility=visibility)
    return (await product.publishing.publish(author, draft)).post_id


async def kept(product: Product, viewer: int, **page: int) -> list[int]:
    timeline = await product.bookmarked.page(viewer, Page(**page))
    return [int(json.loads(item)["id"]) for item in timeline.items]


async def shown(product: Product, viewer: int, post_id: int) -> dict[str, object]:
    return json.loads(await product.timelines.post(viewer, post_id))


async def left(product: Product) -> dict[str, int]:
    [row] = await product.stores.shards.scatter(sql.of)
    return dict(row)


async def test_bookmarks_in_their_order(product: Product, people) -> None:
    ann, bob = await people(2)
    posts = [await write(product, ann) for _ in range(4)]
    for at in (2, 0, 3):
        await asyncio.gather(*(product.bookmarks.add(bob, posts[at]) for _ in range(4)))
        assert (await shown(product, bob, posts[at]))["bookmarked"] is True
    assert await kept(product, bob) == [posts[3], posts[0], posts[2]]
    assert await kept(product, ann) == []
    first = await product.bookmarked.page(bob, Page(limit=1))
    assert await kept(product, bob, limit=1, max_id=first.oldest) == [posts[0]]
    assert await kept(product, bob, limit=2, min_id=0) == [posts[0], posts[2]]
    await product.bookmarks.remove(bob, posts[0])
    assert await kept(product, bob) == [posts[3], posts[2]]
    assert (await shown(product, bob, posts[0]))["bookmarked"] is False


async def test_bookmarks_end_with_the_post(product: Product, people) -> None:
    ann, bob = await people(2)
    gone, hidden, there = [await write(product, ann, Visibility(kind)) for kind in (0, 2, 0)]
    for post_id in (gone, hidden, there):
        await product.bookmarks.add(bob, post_id)
    await product.remover.delete(ann, gone)
    assert await kept(product, bob) == [there]
    await drain(product)
    assert (await left(product))["bookmarks"] == 2
    # Made while the post was being deleted: it ends when it is met; what is only not to be seen stays.
    slot = ids.slot_of(bob)
    await product.stores.shards.at(slot).run(bookmarks_sql.add, slot=slot, account_id=bob, post_id=gone)
    assert (await left(product))["bookmarks"] == 3
    assert await kept(product, bob) == [there]
    assert (await left(product))["bookmarks"] == 2


async def test_the_outbox_tells_a_cache_that_was_away(product: Product, people, tmp_path, monkeypatch) -> None:
    ann, bob = await people(2)
    post_id = await write(product, ann)
    for who in (ann, bob):
        assert (await shown(product, who, post_id))["bookmarked"] is False
    async with Valkey.open(f"unix://{tmp_path}/nobody") as nobody:
        with monkeypatch.context() as patch:
            for feature in (product.bookmarks, product.pins):
                patch.setattr(feature, "_cache", Cache(nobody))
            await product.bookmarks.add(bob, post_id)
            await pin(product, ann, post_id)
    await drain(product)
    assert (await shown(product, bob, post_id))["bookmarked"] is True
    assert (await shown(product, ann, post_id))["pinned"] is True


async def pin(product: Product, who: int, post_id: int) -> None:
    await product.pins.pin(who, await product.timelines.header(who, post_id))


async def test_pins_in_their_order_and_no_more_than_may_be(product: Product, people) -> None:
    (ann,) = await people(1)
    posts = [await write(product, ann) for _ in range(PINS_AT_MOST + 3)]
    for at in (1, 0):
        await pin(product, ann, posts[at])
        await pin(product, ann, posts[at])
    assert await product.pins.of(ann) == posts[:2]
    assert (await shown(product, ann, posts[0]))["pinned"] is True
    answers = await asyncio.gather(*(pin(product, ann, each) for each in posts[2:]), return_exceptions=True)
    refused = [str(each) for each in answers if each is not None]
    assert refused == ["Validation failed: You have already pinned the maximum number of posts"] * 3
    assert len(await product.pins.of(ann)) == PINS_AT_MOST
    await pin(product, ann, posts[0])
    await product.pins.unpin(ann, posts[0])
    assert (await shown(product, ann, posts[0]))["pinned"] is False
    await product.remover.delete(ann, posts[1])
    assert len(await product.pins.of(ann)) == PINS_AT_MOST - 2


async def test_what_cannot_be_pinned(product: Product, people) -> None:
    ann, bob = await people(2)
    post_id, direct = await write(product, ann), await write(product, ann, Visibility.DIRECT)
    shared = await product.publishing.reblog(bob, await product.timelines.proper(bob, post_id), Visibility.PUBLIC)
    for who, what, why in (
        (bob, post_id, "Someone else's post cannot be pinned"),
        (bob, shared, "A boost cannot be pinned"),
        (ann, direct, "Posts that are only visible to mentioned users cannot be pinned"),
    ):
        with pytest.raises(ValidationError, match=f"^Validation failed: {why}$"):
            await pin(product, who, what)
    header = await product.timelines.header(ann, post_id)
    await product.remover.delete(ann, post_id)
    with pytest.raises(NotFoundError):
        await product.pins.pin(ann, header)
    await drain(product)
    assert await left(product) == {"bookmarks": 0, "pins": 0}
