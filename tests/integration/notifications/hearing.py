"""What somebody has been told, in short; and messages of the outbox, to be delivered again in any order."""

from typing import Any
from uuid import uuid4

import msgspec

from heliograph.base.paging import Page
from heliograph.domain.notifications.inbox import EVERYTHING, Only
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product
from heliograph.stores.outbox import LeaseLostError, Message
from heliograph.stores.queries import parse
from heliograph.workers.handlers import handlers

Told = tuple[str, int, int]

sql = parse(
    "looking",
    """
-- name: messages
-- scatter
SELECT slot, id, kind, payload, cursor, 1 AS attempts, request_id, problem FROM outbox WHERE dead_at IS NULL ORDER BY id;
-- name: forget_messages
-- scatter
DELETE FROM outbox;
-- name: notifications
-- scatter
SELECT count(*) FROM notifications;
-- name: conversations
-- scatter
SELECT count(*) FROM conversations;
""",
)


async def entities(product: Product, account: int, only: Only = EVERYTHING, **page: Any) -> list[dict[str, Any]]:
    listing = await product.notifications.page(account, Page(**page), only)
    found = [msgspec.json.decode(item) for item in listing.items]
    shown = [int(each["id"]) for each in found]
    assert shown == sorted(set(shown), reverse=True)
    assert (listing.newest, listing.oldest) == ((shown[0], shown[-1]) if shown else (0, 0))
    return found


def short(entity: dict[str, Any]) -> Told:
    """(type, who did it, the post or 0)."""
    return entity["type"], int(entity["account"]["id"]), int(entity.get("status", {}).get("id", 0))


async def told(product: Product, account: int, only: Only = EVERYTHING, **page: Any) -> list[Told]:
    return [short(each) for each in await entities(product, account, only, **page)]


async def talks(product: Product, account: int) -> list[tuple[int, bool, set[int]]]:
    """(last post, unread, the others) of each conversation."""
    listing = await product.conversations.page(account, Page())
    found = [msgspec.json.decode(item) for item in listing.items]
    return [
        (int(each["last_status"]["id"]), each["unread"], {int(person["id"]) for person in each["accounts"]})
        for each in found
    ]


async def name_of(product: Product, account: int) -> str:
    return (await product.profiles.get(account)).username


async def post(
    product: Product,
    author: int,
    *mentioned: int,
    visibility: Visibility = Visibility.PUBLIC,
    answers: int | None = None,
) -> int:
    text = "light " + " ".join([f"@{await name_of(product, each)}" for each in mentioned])
    draft = Draft(text=text, media_ids=[], visibility=visibility)
    return (await product.publishing.publish(author, draft, answers)).post_id


async def take_messages(product: Product) -> list[Message]:
    """The messages that wait, which nobody will handle now but who is given them."""
    shards = product.stores.shards
    rows = sorted(await shards.scatter(sql.messages), key=lambda row: row["id"])
    await shards.scatter(sql.forget_messages)
    return [Message(shard=shards.at(row["slot"]), lease=uuid4(), **row) for row in rows]


async def deliver(product: Product, *messages: Message) -> None:
    """Have them handled by a worker without a lease."""
    for message in messages:
        try:
            await handlers(product)[message.kind](message)
        except LeaseLostError:
            continue


async def rows(product: Product, table: str) -> int:
    return sum(row["count"] for row in await product.stores.shards.scatter(getattr(sql, table)))
