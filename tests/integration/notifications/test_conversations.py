"""Threads of direct posts, as each of their participants has them."""

import itertools

import msgspec
import pytest
from hearing import deliver, name_of, post, rows, take_messages, talks

from heliograph.base.errors import NotFoundError
from heliograph.base.ids import MAX_ID
from heliograph.base.paging import Page
from heliograph.domain.posts.edit import PostChanges
from heliograph.domain.posts.post import Visibility
from heliograph.domain.product import Product
from heliograph.wiring import drain


async def direct(product: Product, author: int, *to: int, answers: int | None = None) -> int:
    return await post(product, author, *to, visibility=Visibility.DIRECT, answers=answers)


async def ident_of(product: Product, account: int) -> int:
    listing = await product.conversations.page(account, Page())
    return int(msgspec.json.decode(listing.items[0])["id"])


async def test_a_thread_as_each_has_it(product: Product, across) -> None:
    ann, bob, cat = await across(3)
    first = await direct(product, ann, bob)
    await drain(product)
    assert await talks(product, ann) == [(first, False, {bob})]
    assert await talks(product, bob) == [(first, True, {ann})]
    assert await talks(product, cat) == []
    second = await direct(product, bob, ann, cat, answers=first)
    await drain(product)
    assert await talks(product, ann) == [(second, True, {bob, cat})]
    assert await talks(product, bob) == [(second, False, {ann, cat})]
    assert await talks(product, cat) == [(second, True, {ann, bob})]
    other = await direct(product, cat, ann)
    await drain(product)
    assert await talks(product, ann) == [(other, True, {cat}), (second, True, {bob, cat})]
    # What is open to others is none of it.
    await post(product, ann, bob, answers=second)
    await drain(product)
    assert await talks(product, bob) == [(second, False, {ann, cat})]


async def test_pages_of_conversations(product: Product, across) -> None:
    ann, *crowd = await across(5)
    posts = [await direct(product, each, ann) for each in crowd]
    await drain(product)
    await product.blocks.block(ann, crowd[1])
    shown = [posts[3], posts[2], posts[0]]
    first = await product.conversations.page(ann, Page(limit=2))
    assert (first.newest, first.oldest) == (shown[0], shown[1])
    rest = await product.conversations.page(ann, Page(limit=2, max_id=first.oldest))
    assert (rest.newest, rest.oldest, len(rest.items)) == (shown[2], shown[2], 1)
    up = await product.conversations.page(ann, Page(limit=2, min_id=0))
    assert (up.newest, up.oldest) == (shown[1], shown[2])


async def test_a_word_to_oneself(product: Product, across) -> None:
    (ann,) = await across(1)
    note = await direct(product, ann)
    await drain(product)
    assert await talks(product, ann) == [(note, False, {ann})]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_posts_come_in_any_order_and_twice(product: Product, across, order: tuple[int, ...]) -> None:
    ann, bob = await across(2)
    first = await direct(product, ann, bob)
    second = await direct(product, bob, ann, answers=first)
    third = await direct(product, ann, bob, answers=second)
    await deliver(product, *await take_messages(product))
    messages = await take_messages(product)
    assert [message.kind for message in messages] == ["post.tell"] * 3
    await deliver(product, *(messages[number] for number in [*order, *order]))
    assert await talks(product, ann) == [(third, False, {bob})]
    assert await talks(product, bob) == [(third, True, {ann})]
    assert await rows(product, "conversations") == 2


async def test_read_and_unread(product: Product, across) -> None:
    ann, bob = await across(2)
    first = await direct(product, ann, bob)
    messages = await take_messages(product)
    await deliver(product, *messages)
    await deliver(product, *(messages := await take_messages(product)))
    ident = await ident_of(product, bob)
    shown = msgspec.json.decode(await product.conversations.mark(bob, ident, unread=False))
    assert (shown["id"], shown["unread"]) == (str(ident), False)
    await deliver(product, *messages)
    assert await talks(product, bob) == [(first, False, {ann})]
    await product.conversations.mark(bob, ident, unread=True)
    assert await talks(product, bob) == [(first, True, {ann})]
    with pytest.raises(NotFoundError):
        await product.conversations.mark(ann, ident, unread=True)
    with pytest.raises(NotFoundError):
        await product.conversations.remove(ann, ident)


async def test_a_removed_conversation_comes_back_with_the_next_post(product: Product, across) -> None:
    ann, bob = await across(2)
    first = await direct(product, ann, bob)
    await deliver(product, *await take_messages(product))
    messages = await take_messages(product)
    await deliver(product, *messages)
    ident = await ident_of(product, bob)
    await product.conversations.remove(bob, ident)
    await deliver(product, *messages)
    assert await talks(product, bob) == []
    assert await product.conversations.one(bob, ident) is None
    second = await direct(product, ann, bob, answers=first)
    await drain(product)
    assert await talks(product, bob) == [(second, True, {ann})]
    await product.conversations.remove(bob, ident)
    await product.telling.sweep(MAX_ID)
    assert await rows(product, "conversations") == 1


async def test_a_deleted_last_post_gives_way(product: Product, across) -> None:
    ann, bob, cat = await across(3)
    first = await direct(product, ann, bob)
    second = await direct(product, bob, ann, answers=first)
    third = await direct(product, ann, bob, cat, answers=second)
    await deliver(product, *await take_messages(product))
    messages = await take_messages(product)
    await deliver(product, *messages)
    await product.remover.delete(ann, third)
    # At once it is not shown; the worker puts the one before in its place.
    assert await talks(product, bob) == []
    await drain(product)
    await deliver(product, *messages)
    assert [(last, people) for last, _, people in await talks(product, ann)] == [(second, {bob})]
    assert [(last, people) for last, _, people in await talks(product, bob)] == [(second, {ann})]
    assert await talks(product, cat) == []
    await product.remover.delete(ann, first)
    await product.remover.delete(bob, second)
    await drain(product)
    await deliver(product, *messages)
    assert await rows(product, "conversations") == 0


async def test_an_edit_brings_people_in(product: Product, across) -> None:
    ann, bob, cat = await across(3)
    first = await direct(product, ann, bob)
    await drain(product)
    names = [await name_of(product, each) for each in (bob, cat)]
    await product.publishing.edit(ann, first, PostChanges(text=f"dark @{names[0]} @{names[1]}"))
    await drain(product)
    assert await talks(product, cat) == [(first, True, {ann, bob})]


async def test_nobody_writes_into_the_list_of_who_blocks_them(product: Product, across) -> None:
    ann, bob, cat = await across(3)
    first = await direct(product, ann, bob, cat)
    await drain(product)
    await product.blocks.block(bob, cat)
    await direct(product, cat, ann, bob, answers=first)
    await drain(product)
    assert await talks(product, bob) == [(first, True, {ann})]


async def test_what_is_deleted_while_it_is_told_of_gives_its_place_back(
    product: Product, across, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await across(2)
    first = await direct(product, ann, bob)
    await drain(product)
    second = await direct(product, ann, bob, answers=first)
    add = product.telling._correspondence.add

    async def late(post_id: int) -> None:
        """Another worker deletes the post between the look at it and what is written of it."""
        seen = product.posts.fragments
        looked = await seen([post_id])
        await product.remover.delete(ann, post_id)
        await product.purge_post(post_id, ann)

        async def as_it_was(post_ids):
            monkeypatch.setattr(product.posts, "fragments", seen)
            return looked if list(post_ids) == [post_id] else await seen(post_ids)

        monkeypatch.setattr(product.posts, "fragments", as_it_was)
        await add(post_id)

    monkeypatch.setattr(product.telling._correspondence, "add", late)
    await drain(product)
    assert await talks(product, ann) == [(first, False, {bob})]
    assert [last for last, _, _ in await talks(product, bob)] == [first]
    assert second > first
