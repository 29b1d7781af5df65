"""Which message goes to which part of the domain. A handler may be called twice, late, or out of order."""

import time
from typing import Protocol

import msgspec

from heliograph.domain.accounts import approval, departure, letters, profiles, suspension
from heliograph.domain.feeds import crossing, deliver, tagging
from heliograph.domain.graph import blocks, follows, mutes, tag_follows
from heliograph.domain.media import uploads
from heliograph.domain.notifications import notices, telling
from heliograph.domain.notifications.notification import Kind
from heliograph.domain.posts import edit, hiding, likes, marks, publish, reblogs
from heliograph.domain.product import Product
from heliograph.stores.outbox import Message, Outbox, TurnOverError
from heliograph.workers.loop import Handler, Lane, Together
from heliograph.workers.published import published

# Photos are few at once (memory), and never in front of a feed.
PHOTOS = frozenset({uploads.PROCESS})
# What waits for servers of others (mail, a bucket), that may hang: in places of its own, or a few letters to a mail
# server that does not answer would hold up every feed. Letters not behind removals, which may be many at once.
LETTERS = frozenset({letters.SEND})
REMOVALS = frozenset({uploads.DISCARD, hiding.DELETED, departure.DELETED})
OUTSIDE_AT_ONCE = 2
# New posts are taken together. A batch waits for the stores a few times, so a second one works meanwhile.
POSTS = frozenset({publish.PUBLISHED})
POSTS_TOGETHER = 64
POSTS_AT_ONCE = 2
# Large audiences are worked off behind the back of the small ones, by turns.
SPREADS = frozenset({deliver.SPREAD, crossing.BACKFILL, suspension.RESTORED})
SPREADS_AT_ONCE = 1
TURN_S = 0.5


class Turn(Protocol):
    """Records how far a message has come."""

    async def __call__(self, cursor: int, delivered: int = 0) -> None:
        """All up to `cursor` is done, `delivered` since the last time. Raises TurnOverError, LeaseLostError."""


def lanes(concurrency: int, photos_at_once: int) -> list[Lane]:
    """The lanes of one worker process."""
    return [
        Lane(PHOTOS, inside=True, concurrency=photos_at_once),
        Lane(LETTERS, inside=True, concurrency=OUTSIDE_AT_ONCE),
        Lane(REMOVALS, inside=True, concurrency=OUTSIDE_AT_ONCE),
        Lane(POSTS, inside=True, concurrency=POSTS_AT_ONCE, together=POSTS_TOGETHER),
        Lane(SPREADS, inside=True, concurrency=SPREADS_AT_ONCE),
        Lane(PHOTOS | LETTERS | REMOVALS | POSTS | SPREADS, inside=False, concurrency=concurrency),
    ]


def together(product: Product, lane: Lane) -> Together | None:
    """What takes the messages of a whole task of `lane`, None where each is handled by itself."""
    return published(product) if lane.kinds == POSTS else None


def handlers(product: Product) -> dict[str, Handler]:
    """The handlers by kind of message."""
    outbox = product.outbox

    async def liked(message: Message) -> None:
        change = msgspec.convert(message.payload, likes.LikeChanged)
        await product.likes.settle(change)
        await product.telling.marked(Kind.FAVOURITE, change.account, change.post, change.rev, gone=change.gone)

    async def reblogged(message: Message) -> None:
        change = msgspec.convert(message.payload, reblogs.ReblogChanged)
        await product.reblogs.settle(change)
        await product.telling.marked(Kind.REBLOG, change.account, change.post, change.rev, gone=change.gone)

    async def backfill(message: Message) -> None:
        order = msgspec.convert(message.payload, crossing.Backfill)
        await product.backfills.cross(order, message.cursor, turns(outbox, message))

    async def restored(message: Message) -> None:
        # Lists that were built meanwhile do not have the posts of a suspended author.
        if message.cursor == 0:
            await product.everybody.forget()
        order = msgspec.convert(message.payload, crossing.Backfill)
        await product.backfills.push(order, message.cursor, turns(outbox, message))

    async def described(message: Message) -> None:
        await product.posts.refresh(message.payload["post"])

    async def process(message: Message) -> None:
        await product.uploads.process(message.payload["media"])

    async def discard(message: Message) -> None:
        await product.uploads.discard(message.payload["photos"], message.payload["incoming"])

    return (
        _of_accounts(product)
        | _of_posts(product)
        | _of_relations(product)
        | _of_notifications(product)
        | {
            likes.CHANGED: liked,
            reblogs.CHANGED: reblogged,
            crossing.BACKFILL: backfill,
            suspension.RESTORED: restored,
            uploads.PROCESS: process,
            uploads.DESCRIBED: described,
            uploads.DISCARD: discard,
        }
    )


def _of_posts(product: Product) -> dict[str, Handler]:
    publish_all = published(product)

    async def publish_one(message: Message) -> None:
        if await publish_all([message]):
            raise TurnOverError

    async def spread(message: Message) -> None:
        advance = turns(product.outbox, message)
        await product.delivery.spread(message.payload["post"], message.payload["author"], message.cursor, advance)

    async def tagged(message: Message) -> None:
        posted = msgspec.convert(message.payload, tagging.TagPosted)
        await product.tagging.deliver(posted, message.cursor, turns(product.outbox, message))

    async def deleted(message: Message) -> None:
        await product.purge_post(message.payload["post"], message.payload["author"])

    async def edited(message: Message) -> None:
        change = msgspec.convert(message.payload, edit.Edited)
        await product.posts.refresh(change.post, change.author)
        await product.publishing.settle_edit(change)
        await product.streams.tell_edited(change.post)
        await product.telling.mentioned(change.post, change.mentioned)

    async def marked(message: Message) -> None:
        await product.marks.refresh(message.payload["account"])
        await product.pins.refresh(message.payload["account"])

    return {
        publish.PUBLISHED: publish_one,
        deliver.SPREAD: spread,
        edit.EDITED: edited,
        marks.CHANGED: marked,
        hiding.DELETED: deleted,
        tagging.POSTED: tagged,
    }


def turns(outbox: Outbox, message: Message) -> Turn:
    """How a long delivery records its cursor: after TURN_S it queues again, so that small ones never wait behind it."""
    ends_at = time.monotonic() + TURN_S

    async def advance(cursor: int, delivered: int = 0) -> None:
        if time.monotonic() < ends_at:
            await outbox.advance(message, cursor, delivered)
            return
        await outbox.give_back(message, cursor, delivered)
        raise TurnOverError

    return advance


def _of_accounts(product: Product) -> dict[str, Handler]:
    async def account_changed(message: Message) -> None:
        await product.profiles.refresh(message.payload["account_id"])

    async def names_released(message: Message) -> None:
        await product.approval.release(**message.payload)

    async def mail(message: Message) -> None:
        await product.letters.deliver(message.payload["account_id"], message.payload["letter"])

    async def deleted(message: Message) -> None:
        leaving = msgspec.convert(message.payload, departure.Leaving)
        await product.deletion.resume(leaving, message.cursor, turns(product.outbox, message))

    return {
        profiles.CHANGED: account_changed,
        approval.RELEASE: names_released,
        departure.DELETED: deleted,
        letters.SEND: mail,
    }


def _of_notifications(product: Product) -> dict[str, Handler]:
    async def told(message: Message) -> None:
        await product.telling.post(message.payload["post"], message.cursor, turns(product.outbox, message))

    async def put_away(message: Message) -> None:
        # A message that was put before an upgrade names one account.
        await product.notices.settle(message.payload.get("accounts") or [message.payload["account"]])

    return {telling.TELL: told, notices.CHANGED: put_away}


def _of_relations(product: Product) -> dict[str, Handler]:
    async def followed(message: Message) -> None:
        change = msgspec.convert(message.payload, follows.FollowChanged)
        await product.following.settle(change)
        await product.streams.tell_relations(change.follower)
        await product.telling.followed(change)

    async def tag_followed(message: Message) -> None:
        change = msgspec.convert(message.payload, tag_follows.TagFollowChanged)
        await product.tagging.settle_follow(change)
        await product.streams.tell_relations(change.account)

    async def blocked(message: Message) -> None:
        await product.blocks.settle(msgspec.convert(message.payload, blocks.BlockChanged))

    async def muted(message: Message) -> None:
        await product.mutes.settle(message.payload["account"])

    async def unlocked(message: Message) -> None:
        await product.following.accept_waiting(message.payload["account"], turns(product.outbox, message))

    return {
        follows.CHANGED: followed,
        tag_follows.CHANGED: tag_followed,
        blocks.CHANGED: blocked,
        mutes.CHANGED: muted,
        profiles.UNLOCKED: unlocked,
    }
