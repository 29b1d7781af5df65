"""What is kept of a follow and of a block, at both ends, and what is shown of it."""

import msgspec

from heliograph.base import ids
from heliograph.base.paging import Page
from heliograph.domain.accounts.account import ProfileChanges
from heliograph.domain.product import Product
from heliograph.stores.queries import parse

sql = parse(
    "looking",
    """
-- name: followers
SELECT CASE WHEN requested THEN 'asks' WHEN gone THEN 'no' ELSE 'follows' END FROM followers
WHERE slot = :slot AND account_id = :account_id AND follower_id = :other;

-- name: follows
SELECT CASE WHEN requested THEN 'asks' WHEN gone THEN 'no' ELSE 'follows' END FROM follows
WHERE slot = :slot AND account_id = :account_id AND target_id = :other;

-- name: blocks
SELECT NOT gone FROM blocks WHERE slot = :slot AND account_id = :account_id AND target_id = :other;

-- name: blocked_by
SELECT NOT gone FROM blocked_by WHERE slot = :slot AND account_id = :account_id AND blocker_id = :other;

-- name: mutes
-- scatter
SELECT target_id FROM mutes;
""",
)


async def follow_of(product: Product, follower: int, target: int) -> str:
    """`follows`, `asks` or `no`: what both ends say, and what is shown of it."""
    near, far = ids.slot_of(target), ids.slot_of(follower)
    shards = product.stores.shards
    decided = await shards.at(near).value(sql.followers, slot=near, account_id=target, other=follower) or "no"
    kept = await shards.at(far).value(sql.follows, slot=far, account_id=follower, other=target) or "no"
    assert decided == kept
    (known,) = await product.relationships.among(follower, [target])
    assert (known.following, known.requested) == (decided == "follows", decided == "asks")
    (known,) = await product.relationships.among(target, [follower])
    assert (known.followed_by, known.requested_by) == (decided == "follows", decided == "asks")
    assert (target in (await product.relations.of(follower)).following) == (decided == "follows")
    return decided


async def block_of(product: Product, account: int, target: int) -> bool:
    """Whether `account` blocks `target`: what both ends say, and what is shown of it."""
    near, far = ids.slot_of(account), ids.slot_of(target)
    shards = product.stores.shards
    decided = bool(await shards.at(near).value(sql.blocks, slot=near, account_id=account, other=target))
    kept = bool(await shards.at(far).value(sql.blocked_by, slot=far, account_id=target, other=account))
    assert decided == kept
    (known,) = await product.relationships.among(account, [target])
    assert known.blocking == decided
    (known,) = await product.relationships.among(target, [account])
    assert known.blocked_by == decided
    if decided:
        assert target in (await product.relations.of(account)).blocked
        assert account in (await product.relations.of(target)).blocked
    return decided


async def counted(product: Product, account: int) -> tuple[int, int]:
    """Followers and following, as shown."""
    shown = msgspec.json.decode(await product.people.one(account))
    return shown["followers_count"], shown["following_count"]


async def lock(product: Product, account: int, *, locked: bool = True) -> None:
    await product.profiles.update(account, ProfileChanges(locked=locked))


async def home(product: Product, viewer: int) -> list[int]:
    """The ids of the posts in a home feed."""
    timeline = await product.home.page(viewer, Page())
    return [int(msgspec.json.decode(item)["id"]) for item in timeline.items]
