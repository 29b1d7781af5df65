"""Publishing: once for a key, whole or not at all, and whatever dies after the commit is made good by a worker."""

import asyncio
import itertools
import json
from datetime import timedelta

import pytest

from heliograph.base import ids
from heliograph.base.errors import NotFoundError, StoreUnavailableError, ValidationError
from heliograph.base.paging import Page
from heliograph.domain.feeds.timelines import AccountFilter
from heliograph.domain.posts.post import MAX_CHARACTERS, MAX_PHOTOS, Visibility
from heliograph.domain.posts.publish import Draft, Published
from heliograph.domain.product import Product
from heliograph.stores.queries import load, parse
from heliograph.wiring import drain

NUMBERS = itertools.count(1)
media_sql = load("media")
posts_sql = load("posts")
rows = parse(
    "published",
    """
-- name: all
-- scatter
SELECT (SELECT count(*) FROM posts) AS posts, (SELECT count(*) FROM idempotency_keys) AS keys,
       (SELECT count(*) FROM outbox WHERE kind = 'post.published') AS messages,
       (SELECT count(*) FROM media WHERE post_id IS NOT NULL) AS attached;

-- name: age_keys
-- scatter
UPDATE idempotency_keys SET created_at = now() - interval '25 hours';
""",
)


def draft(text: str = "light", media_ids: tuple[int, ...] = (), key: str = "", **more: object) -> Draft:
    return Draft(text=text, media_ids=list(media_ids), visibility=Visibility.PUBLIC, key=key, **more)


async def photo(product: Product, owner: int, state: str = "ready") -> int:
    """A photo as a worker has left it; its one variant is in the object store."""
    slot = ids.slot_of(owner)
    shard = product.stores.shards.at(slot)
    name = f"{owner:x}-{next(NUMBERS):x}-{state}"
    values = {"slot": slot, "account_id": owner, "name": name, "incoming": "", "description": None}
    media_id = await shard.value(media_sql.insert, **values, focus_x=0.0, focus_y=0.0)
    if state == "ready":
        variants = [{"width": 4, "height": 3, "file": "small.webp"}]
        await shard.run(media_sql.ready, slot=slot, id=media_id, blurhash="L", variants=variants)
        await product.stores.objects.put(f"{name}/small.webp", b"photo")
    if state == "failed":
        await shard.run(media_sql.failed, slot=slot, id=media_id, problem="No photo")
    return media_id


async def numbers(product: Product) -> dict[str, int]:
    (found,) = await product.stores.shards.scatter(rows.all)
    return dict(found)


async def own(product: Product, author: int) -> list[dict[str, object]]:
    timeline = await product.timelines.account(author, author, Page(), AccountFilter())
    return [json.loads(item) for item in timeline.items]


async def at_home(product: Product, viewer: int) -> list[int]:
    return [int(json.loads(item)["id"]) for item in (await product.home.page(viewer, Page())).items]


async def test_one_key_at_once_from_two_devices(product: Product, people) -> None:
    (ann,) = await people(1)
    both = await asyncio.gather(*(product.publishing.publish(ann, draft(key="k")) for _ in range(6)))
    assert len({each.post_id for each in both}) == 1
    assert sum(each.created for each in both) == 1
    assert await numbers(product) == {"posts": 1, "keys": 1, "messages": 1, "attached": 0}
    again = await product.publishing.publish(ann, draft("something else", key="k"))
    assert again == Published(both[0].post_id, created=False)
    assert [post["statuses_count"] for post in [json.loads(await product.people.one(ann))]] == [1]


async def test_who_asks_again_since_the_first_server_died_sees_their_post_at_home(product: Product, people) -> None:
    """It had committed the post, and not yet put it into its author's feed."""
    (ann,) = await people(1)
    await product.home.page(ann, Page())
    made = await product.publisher.publish(ann, draft(key="k"))
    assert (await product.home.page(ann, Page())).items == []
    again = await product.publishing.publish(ann, draft(key="k"))
    assert (again.post_id, again.created) == (made.post_id, False)
    assert (await product.home.page(ann, Page())).newest == made.post_id


async def test_one_key_and_a_photo_at_once(product: Product, people) -> None:
    """Whoever comes second finds the photo attached: to their own post, which they get."""
    (ann,) = await people(1)
    for attempt in range(12):
        media = await photo(product, ann)
        key = f"key {attempt}"
        both = await asyncio.gather(
            *(product.publishing.publish(ann, draft(key=key, media_ids=(media,))) for _ in range(3))
        )
        assert len({each.post_id for each in both}) == 1
        assert sum(each.created for each in both) == 1


async def test_a_key_that_was_used_between_two_looks(product: Product, people, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look for the key finds nothing, then the other request commits, then the photo is looked at."""
    (ann,) = await people(1)
    media = await photo(product, ann)
    look, first = product.publisher._by_key, []

    async def slow_look(author: int, key: str) -> int | None:
        found = await look(author, key)
        if not first:
            first.append(await look(author, key))
            first.append((await product.publishing.publish(ann, draft(key="k", media_ids=(media,)))).post_id)
        return found

    monkeypatch.setattr(product.publisher, "_by_key", slow_look)
    second = await product.publishing.publish(ann, draft(key="k", media_ids=(media,)))
    assert second == Published(first[1], created=False)


async def test_keys_are_personal_and_forgotten_after_a_day(product: Product, people) -> None:
    ann, bob = await people(2)
    made = [await product.publishing.publish(who, draft(key="k")) for who in (ann, bob)]
    assert all(each.created for each in made)
    await product.publisher.sweep()
    assert not (await product.publishing.publish(ann, draft(key="k"))).created
    await product.stores.shards.scatter(rows.age_keys)
    await product.publisher.sweep()
    assert (await product.publishing.publish(ann, draft(key="k"))).created


async def test_a_photo_in_two_posts_at_once(product: Product, people) -> None:
    """One post has it, the other does not come to be; nothing of it stays, its key least of all."""
    (ann,) = await people(1)
    for attempt in range(6):
        media, free = await photo(product, ann), await photo(product, ann)
        tries = [
            product.publishing.publish(
                ann, draft(f"{attempt} {key}", media_ids=(free, media)[key == "b" :], key=f"{attempt}{key}")
            )
            for key in "ab"
        ]
        answers = await asyncio.gather(*tries, return_exceptions=True)
        made = [each for each in answers if isinstance(each, Published)]
        assert len(made) == 1
        assert [type(each) for each in answers if each not in made] == [ValidationError]
        assert len((await product.posts.get(made[0].post_id)).photos) in (1, 2)
    found = await numbers(product)
    assert (found["posts"], found["keys"], found["messages"]) == (6, 6, 6)
    assert json.loads(await product.people.one(ann))["statuses_count"] == 6


async def test_what_cannot_be_published(product: Product, people) -> None:
    ann, bob = await people(2)
    theirs, waiting, failed, free = (
        await photo(product, bob),
        await photo(product, ann, "waiting"),
        await photo(product, ann, "failed"),
        await photo(product, ann),
    )
    refused = [
        draft(""),
        draft("  \n "),
        draft("x" * (MAX_CHARACTERS + 1)),
        draft("x" * MAX_CHARACTERS, spoiler_text="y"),
        draft("nul \0"),
        draft(spoiler_text="\0"),
        draft(media_ids=(free, free)),
        draft(media_ids=tuple(range(MAX_PHOTOS + 1))),
        draft(media_ids=(theirs,)),
        draft(media_ids=(waiting,)),
        draft(media_ids=(failed,)),
        draft(media_ids=(free, free + 1)),
    ]
    for each in refused:
        with pytest.raises(ValidationError):
            await product.publishing.publish(ann, each)
    assert await numbers(product) == {"posts": 0, "keys": 0, "messages": 0, "attached": 0}
    many = [await photo(product, ann) for _ in range(MAX_PHOTOS)]
    made = await product.publishing.publish(ann, draft("x" * MAX_CHARACTERS, media_ids=tuple(reversed(many))))
    assert [each.id for each in (await product.posts.get(made.post_id)).photos] == many[::-1]
    only = await product.publishing.publish(ann, draft("", media_ids=(free,)))
    assert [each["id"] for each in await own(product, ann)] == [str(only.post_id), str(made.post_id)]


async def test_a_process_that_dies_after_the_commit(product: Product, people, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither cache nor feeds have heard of the post: it is on disk, and a worker does all the rest."""
    ann, bob = await people(2)
    await product.following.follow(bob, ann)
    for viewer in (ann, bob):
        assert await at_home(product, viewer) == []
    assert json.loads(await product.people.one(ann))["statuses_count"] == 0
    committed = asyncio.Event()

    async def never(*_: object) -> None:
        committed.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(product.publisher, "_show_author", never)
        request = asyncio.create_task(product.publishing.publish(ann, draft(key="k")))
        await asyncio.wait_for(committed.wait(), timeout=5)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
    assert (await numbers(product))["posts"] == 1
    await drain(product)
    again = await product.publishing.publish(ann, draft(key="k"))
    assert not again.created
    for viewer in (ann, bob):
        assert await at_home(product, viewer) == [again.post_id]
    assert json.loads(await product.people.one(ann))["statuses_count"] == 1


@pytest.mark.parametrize("pause_ms", [0, 1, 2, 3, 4, 5, 7, 9, 12])
async def test_a_request_cut_off_anywhere(product: Product, people, pause_ms: int) -> None:
    """However far it came: after the workers are done, all know of the post or nobody does."""
    ann, bob = await people(2)
    await product.following.follow(bob, ann)
    assert await at_home(product, bob) == []
    request = asyncio.create_task(product.publishing.publish(ann, draft(key="k")))
    await asyncio.wait([request], timeout=pause_ms / 1000)
    request.cancel()
    await asyncio.wait([request])
    await drain(product)
    found = await numbers(product)
    assert found["posts"] == found["keys"] <= 1
    for viewer in (ann, bob):
        assert len(await at_home(product, viewer)) == found["posts"]
    assert json.loads(await product.people.one(ann))["statuses_count"] == found["posts"]
    made = await product.publishing.publish(ann, draft(key="k"))
    assert made.created is (found["posts"] == 0)


async def test_deleting_twice_and_what_is_not_ones_own(product: Product, people) -> None:
    ann, bob = await people(2)
    media = await photo(product, ann)
    made = await product.publishing.publish(ann, draft(media_ids=(media,), key="k"))
    with pytest.raises(NotFoundError):
        await product.remover.delete(bob, made.post_id)
    with pytest.raises(NotFoundError):
        await product.remover.delete(ann, made.post_id + 1)
    answers = await asyncio.gather(
        *(product.remover.delete(ann, made.post_id) for _ in range(4)), return_exceptions=True
    )
    assert [type(each) for each in answers if each is not None] == [NotFoundError] * 3
    for _ in range(2):
        assert await own(product, ann) == []
        with pytest.raises(NotFoundError):
            await product.timelines.post(ann, made.post_id)
        assert json.loads(await product.people.one(ann))["statuses_count"] == 0
        await drain(product)
    assert await numbers(product) == {"posts": 0, "keys": 0, "messages": 0, "attached": 0}
    assert [item async for item in product.stores.objects.list("")] == []


async def test_photos_that_are_kept_can_be_attached_again_for_a_day(
    product: Product, people, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from the answer to the deletion, which no worker has settled yet; a day counts from there, not the upload."""
    ann, bob = await people(2)
    again, left = await photo(product, ann), await photo(product, ann)
    made = await product.publishing.publish(ann, draft(media_ids=(again, left)))
    await drain(product)
    await product.remover.delete(ann, made.post_id, keep_photos=True)
    with pytest.raises(ValidationError):
        await product.publishing.publish(bob, draft(media_ids=(again,)))
    # All uploads count as old, none as long detached.
    monkeypatch.setattr("heliograph.domain.media.uploads.ids.first_at", lambda _: (1 << 63) - 1)
    assert await product.uploads.sweep() == 0
    redrafted = await product.publishing.publish(ann, draft(media_ids=(again,)))
    await drain(product)
    assert await numbers(product) == {"posts": 1, "keys": 0, "messages": 0, "attached": 1}
    assert len([item async for item in product.stores.objects.list("")]) == 2
    monkeypatch.setattr("heliograph.domain.media.uploads.ORPHAN_AGE", timedelta(seconds=-1))
    assert await product.uploads.sweep() == 1
    await drain(product)
    with pytest.raises(NotFoundError):
        await product.uploads.get(ann, left)
    (shown,) = json.loads(await product.timelines.post(ann, redrafted.post_id))["media_attachments"]
    assert shown["id"] == str(again)
    assert len([item async for item in product.stores.objects.list("")]) == 1


@pytest.mark.parametrize("fails", ["_end_likes", "discard", "remove"])
async def test_a_purge_that_fails_in_the_middle(
    product: Product, people, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    """It is run again from its beginning, and leaves nothing."""
    ann, *crowd = await people(6)
    media = await photo(product, ann)
    made = await product.publishing.publish(ann, draft(media_ids=(media,)))
    for each in crowd:
        await product.likes.like(each, made.post_id)
    await drain(product)
    await product.remover.delete(ann, made.post_id)
    monkeypatch.setattr("heliograph.domain.posts.delete.LIKES_A_PAGE", 2)
    with monkeypatch.context() as patched:
        if fails == "_end_likes":
            applied, apply = [], product.likes.apply

            async def some(change: object) -> None:
                applied.append(change)
                if len(applied) == 3:
                    raise StoreUnavailableError("postgres")
                await apply(change)

            patched.setattr(product.likes, "apply", some)
        elif fails == "discard":
            discard = product.uploads.discard

            async def half(photos: list[str], incoming: list[str]) -> None:
                await discard(photos, incoming)
                raise StoreUnavailableError("objects")

            patched.setattr(product.uploads, "discard", half)
        else:

            async def not_at_all(*_: object) -> None:
                raise StoreUnavailableError("postgres")

            patched.setattr("heliograph.domain.posts.delete.counts.forget", not_at_all)
        with pytest.raises(StoreUnavailableError):
            await product.remover.purge(made.post_id, ann)
    for _ in range(2):
        await product.remover.purge(made.post_id, ann)
    from test_likes import favourites, remains

    (left,) = await product.stores.shards.scatter(remains.of)
    assert set(dict(left).values()) == {0}, dict(left)
    assert [item async for item in product.stores.objects.list("")] == []
    assert [await favourites(product, each) for each in crowd] == [[]] * 5
