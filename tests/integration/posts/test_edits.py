"""Editing: all or nothing, one after the other, a history that begins with the beginning; photos in, out and about."""

import asyncio
import json

import pytest
from test_publish import photo

from heliograph.base import ids
from heliograph.base.errors import NotFoundError, ValidationError
from heliograph.base.settings import Settings
from heliograph.base.topology import Topology
from heliograph.domain.posts.edit import PhotoChange, PostChanges
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product
from heliograph.stores.queries import parse
from heliograph.wiring import drain, open_product

sql = parse(
    "looking",
    """
-- name: payloads
-- scatter
SELECT payload FROM outbox WHERE kind = 'post.edited' ORDER BY id;

-- name: left
-- scatter
SELECT (SELECT count(*) FROM posts) AS posts, (SELECT count(*) FROM post_edits) AS edits,
       (SELECT count(*) FROM media) AS media, (SELECT count(*) FROM outbox) AS messages;
""",
)


async def write(product: Product, author: int, text: str = "light", *media: int, **more: object) -> int:
    draft = Draft(text=text, media_ids=list(media), visibility=more.pop("visibility", Visibility.PUBLIC), **more)
    return (await product.publishing.publish(author, draft)).post_id


async def edit(product: Product, author: int, post_id: int, **changes: object) -> dict[str, object]:
    await product.publishing.edit(author, post_id, PostChanges(**changes))
    return await shown(product, author, post_id)


async def shown(product: Product, viewer: int | None, post_id: int) -> dict[str, object]:
    return json.loads(await product.timelines.post(viewer, post_id))


async def history(product: Product, post_id: int) -> list[tuple[str, str, bool, list[int]]]:
    edits = await product.editor.history(await product.posts.get(post_id))
    moments = [each.created_at for each in edits]
    assert moments == sorted(set(moments))
    assert moments[0] == ids.time_of(post_id)
    return [(each.text, each.spoiler_text, each.sensitive, [photo.id for photo in each.photos]) for each in edits]


async def test_an_edit_is_seen_at_once_and_everywhere(
    product: Product, people, settings: Settings, topology: Topology
) -> None:
    ann, bob = await people(2)
    post_id = await write(product, ann, "light #one")
    assert await history(product, post_id) == [("light #one", "", False, [])]
    async with open_product(settings, topology) as elsewhere:
        assert (await shown(elsewhere, bob, post_id))["edited_at"] is None
        edited = await edit(product, ann, post_id, text="dark #two", spoiler_text="gloom", language="de")
        assert await shown(elsewhere, ann, post_id) == edited
    assert (edited["spoiler_text"], edited["sensitive"], edited["language"]) == ("gloom", True, "de")
    assert "dark" in edited["content"]
    assert [tag["name"] for tag in edited["tags"]] == ["two"]
    assert edited["created_at"] < edited["edited_at"]
    await edit(product, ann, post_id, spoiler_text="")
    await edit(product, ann, post_id, sensitive=True)
    assert await history(product, post_id) == [
        ("light #one", "", False, []),
        ("dark #two", "gloom", True, []),
        ("dark #two", "", False, []),
        ("dark #two", "", True, []),
    ]


async def test_no_change_is_no_edit(product: Product, people) -> None:
    (ann,) = await people(1)
    media = await photo(product, ann)
    post_id = await write(product, ann, "light", media, spoiler_text="bright", language="en")
    before = await shown(product, ann, post_id)
    for changes in ({}, {"text": "light"}, {"sensitive": False}, {"media_ids": [media]}, {"language": "en"}):
        assert await edit(product, ann, post_id, **changes) == before
    same = PhotoChange(media, focus=(0.0, 0.0))
    assert await edit(product, ann, post_id, media_ids=[media], photos=(same,)) == before
    assert len(await history(product, post_id)) == 1


async def test_edits_at_once_are_all_in_the_history(product: Product, people) -> None:
    (ann,) = await people(1)
    post_id = await write(product, ann, "begin")
    texts = [f"text {number}" for number in range(8)]
    await asyncio.gather(*(edit(product, ann, post_id, text=text) for text in texts))
    found = [text for text, *_ in await history(product, post_id)]
    assert found[0] == "begin"
    assert sorted(found[1:]) == texts
    assert found[-1] in (await shown(product, ann, post_id))["content"]


async def test_who_may_not_edit_what(product: Product, people) -> None:
    ann, bob = await people(2)
    post_id = await write(product, ann)
    header = await product.timelines.proper(bob, post_id)
    shared = await product.publishing.reblog(bob, header, Visibility.PUBLIC)
    for who, what in ((bob, post_id), (bob, shared), (ann, post_id + 1)):
        with pytest.raises(NotFoundError):
            await edit(product, who, what, text="dark")
    bad = ({"text": " "}, {"text": "x" * 3000}, {"media_ids": [1]}, {"text": "\0"})
    for changes in bad:
        with pytest.raises(ValidationError):
            await edit(product, ann, post_id, **changes)
    assert len(await history(product, post_id)) == 1
    await product.remover.delete(ann, post_id)
    with pytest.raises(NotFoundError):
        await edit(product, ann, post_id, text="dark")


async def test_photos_in_order_out_and_in_again(product: Product, people) -> None:
    ann, bob = await people(2)
    first, second, third = [await photo(product, ann) for _ in range(3)]
    post_id = await write(product, ann, "", first, second)
    other = await write(product, ann, "", await photo(product, ann))
    edited = await edit(product, ann, post_id, media_ids=[third, first])
    assert [each["id"] for each in edited["media_attachments"]] == [str(third), str(first)]
    described = PhotoChange(second, description="a hill", focus=(0.5, -0.5))
    edited = await edit(product, ann, post_id, media_ids=[second, third], photos=(described,))
    assert [(each["id"], each["description"]) for each in edited["media_attachments"]] == [
        (str(second), "a hill"),
        (str(third), None),
    ]
    assert edited["media_attachments"][0]["meta"]["focus"] == {"x": 0.5, "y": -0.5}
    assert [media for *_, media in await history(product, post_id)] == [
        [first, second],
        [third, first],
        [second, third],
    ]
    # What the history shows is not free for another post, and what another post has is not free for this one.
    with pytest.raises(ValidationError):
        await write(product, ann, "", first)
    taken = int((await shown(product, ann, other))["media_attachments"][0]["id"])
    for bad in (taken, await photo(product, bob), await photo(product, ann, "waiting"), second + 1):
        with pytest.raises(ValidationError):
            await edit(product, ann, post_id, media_ids=[second, bad])
    with pytest.raises(ValidationError):
        await edit(product, ann, post_id, media_ids=[])
    assert (await edit(product, ann, post_id, media_ids=[], text="words"))["media_attachments"] == []
    assert len(await history(product, post_id)) == 4


async def test_photos_that_several_edits_want(product: Product, people) -> None:
    (ann,) = await people(1)
    media = [await photo(product, ann) for _ in range(2)]
    posts = [await write(product, ann) for _ in range(4)]
    tries = [edit(product, ann, post_id, media_ids=media[:: 1 if at % 2 else -1]) for at, post_id in enumerate(posts)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(each) for each in answers].count(ValidationError) == len(posts) - 1
    attached = [len((await shown(product, ann, post_id))["media_attachments"]) for post_id in posts]
    assert sorted(attached) == [0, 0, 0, 2]


async def test_the_message_says_what_has_changed(product: Product, people) -> None:
    ann, bob, cid = await people(3)
    names = [(await product.profiles.get(each)).username for each in (bob, cid)]
    post_id = await write(product, ann, f"@{names[0]} #one #two")
    await drain(product)
    await edit(product, ann, post_id, text=f"@{names[0]} @{names[1]} #two #three")
    [row] = await product.stores.shards.scatter(sql.payloads)
    assert row["payload"] == {
        "post": post_id, "author": ann, "visibility": 0, "mentioned": [cid], "old_tags": ["one", "two"],
        "tags": ["two", "three"],
    }  # fmt: skip


async def test_a_direct_post_comes_to_whom_an_edit_names(product: Product, people) -> None:
    ann, bob, cid = await people(3)
    names = [(await product.profiles.get(each)).username for each in (bob, cid)]
    post_id = await write(product, ann, f"@{names[0]}", visibility=Visibility.DIRECT)
    with pytest.raises(NotFoundError):
        await shown(product, cid, post_id)
    await edit(product, ann, post_id, text=f"@{names[1]}")
    assert (await shown(product, cid, post_id))["id"] == str(post_id)
    with pytest.raises(NotFoundError):
        await shown(product, bob, post_id)
    await drain(product)
    assert (await shown(product, cid, post_id))["id"] == str(post_id)


async def test_deleting_leaves_nothing_of_what_was(product: Product, people) -> None:
    (ann,) = await people(1)
    first, second = await photo(product, ann), await photo(product, ann)
    post_id = await write(product, ann, "", first)
    await edit(product, ann, post_id, media_ids=[second])
    await drain(product)
    await product.remover.delete(ann, post_id)
    await drain(product)
    [left] = await product.stores.shards.scatter(sql.left)
    assert dict(left) == {"posts": 0, "edits": 0, "media": 0, "messages": 0}
    assert [item async for item in product.stores.objects.list("")] == []


async def test_a_warning_in_front_of_nothing_is_the_text(product: Product, people) -> None:
    (ann,) = await people(1)
    media = await photo(product, ann)
    post_id = await write(product, ann, "", media, spoiler_text="nude")
    found = await shown(product, ann, post_id)
    assert (found["content"], found["spoiler_text"], found["sensitive"]) == ("<p>nude</p>", "", True)
