"""New posts, many together: what each of them needs of a worker is asked once for all."""

import asyncio
from collections.abc import Sequence

import msgspec

from heliograph.domain.feeds.deliver import SPREAD
from heliograph.domain.posts.publish import NewPost
from heliograph.domain.posts.threads import Reply
from heliograph.domain.product import Product
from heliograph.stores.outbox import Message
from heliograph.workers.loop import Together


def published(product: Product) -> Together:
    """What is done to messages PUBLISHED. Those of large audiences are handed on, as SPREAD."""

    async def handle(messages: Sequence[Message]) -> set[int]:
        posts = {message.id: _post(message) for message in messages}
        large = await _publish(product, list(posts.values()))
        handed_on = [message for message in messages if posts[message.id].post in large]
        for message in handed_on:
            await product.outbox.hand_on(message, SPREAD)
        if handed_on:
            await product.outbox.hint(SPREAD)
        return {message.id for message in handed_on}

    return handle


def _post(message: Message) -> NewPost:
    return msgspec.convert(message.payload | {"request_id": message.request_id}, NewPost)


async def _publish(product: Product, posts: list[NewPost]) -> set[int]:
    """All but large deliveries; gives their posts."""
    await product.publisher.settle({post.post: post.author for post in posts})
    await product.streams.tell_published(*(post.post for post in posts))
    large = await product.delivery.deliver(posts)
    # Of threads and hashtags other shards have a part, which may be away: the feeds do not wait for them.
    replies = [msgspec.convert(post.reply | {"post": post.post}, Reply) for post in posts if post.reply]
    await asyncio.gather(*(product.threads.settle(reply, gone=False) for reply in replies))
    await product.everybody.settle(*(post.post for post in posts))
    await asyncio.gather(*(product.tagging.published(post.post, post.tags) for post in posts if post.tags))
    await product.telling.announce(posts)
    return large
