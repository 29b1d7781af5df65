"""Who follows which hashtag: the hashtag's end decides, the request applies the follower's end before it answers.

The outbox message `tag.changed` is the net beneath, as with follows of accounts.
"""

import msgspec

from heliograph.base import ids
from heliograph.base.errors import ValidationError
from heliograph.base.paging import Page
from heliograph.domain.graph.edges import decide
from heliograph.domain.graph.relations import RELATIONS
from heliograph.stores import outbox
from heliograph.stores.cache import Cache
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("tags")

CHANGED = "tag.changed"
# Each is a query more wherever a feed is read from the shards.
FOLLOWED_AT_MOST = 500


class TagFollowChanged(msgspec.Struct, frozen=True):
    """What the hashtag's end said: `account` follows `tag`, or no longer (`gone`), as of `rev`."""

    account: int
    tag: str
    rev: int
    gone: bool


class TagPage(msgspec.Struct, frozen=True):
    """A page of hashtags, and the revs between which it lies (0, 0 when empty)."""

    names: list[str]
    newest: int
    oldest: int


class TagFollows:
    """The edges between accounts and hashtags, both ends. Names are in lower case."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache

    async def follow(self, account: int, tag: str) -> TagFollowChanged:
        """Let `account` follow `tag`. Idempotent. Raises ValidationError (FOLLOWED_AT_MOST are followed already)."""
        slot = ids.slot_of(account)
        if await self._shards.at(slot).value(
            sql.is_full, slot=slot, account_id=account, tag=tag, at_most=FOLLOWED_AT_MOST
        ):
            raise ValidationError(f"Validation failed: You cannot follow more than {FOLLOWED_AT_MOST} hashtags")
        change = await self._decide(account, tag, gone=False)
        await self.apply(change)
        return change

    async def unfollow(self, account: int, tag: str) -> None:
        """Let `account` no longer follow `tag`. Idempotent."""
        change = await self._decide(account, tag, gone=True)
        if change.rev:
            await self.apply(change)

    async def _decide(self, account: int, tag: str, *, gone: bool) -> TagFollowChanged:
        slot = ids.slot_of_name(tag)
        query = sql.decide_unfollow if gone else sql.decide_follow
        async with self._shards.at(slot).transaction() as transaction:
            if not gone:
                await transaction.run(sql.make, slot=slot, name=tag)
            row = await decide(transaction, query, slot=slot, tag=tag, account_id=account)
            change = TagFollowChanged(account, tag, row["rev"] if row else 0, gone)
            if row and row["changed"]:
                await outbox.put(transaction, slot, CHANGED, msgspec.to_builtins(change))
        return change

    async def apply(self, change: TagFollowChanged) -> None:
        """Apply what the hashtag's end said to the follower's end. Safe to repeat, in any order."""
        slot = ids.slot_of(change.account)
        async with self._shards.at(slot).transaction() as transaction:
            edge = {"account_id": change.account, "tag": change.tag}
            await transaction.run(sql.apply, slot=slot, **edge, rev=change.rev, gone=change.gone)
        await self._cache.invalidate_at_once(transaction.position, [(RELATIONS, change.account)])

    async def settle(self, change: TagFollowChanged) -> None:
        """The outbox' part: the follower's end once more, and the cached values. Raises StoreUnavailableError."""
        await self.apply(change)
        await self._cache.invalidate(await self._shards.of(change.account).mark(), [(RELATIONS, change.account)])

    async def of(self, account: int, page: Page) -> TagPage:
        """Which hashtags `account` follows, the latest first; the bounds of `page` are revs."""
        slot = ids.slot_of(account)
        query = sql.followed_oldest if page.ascending else sql.followed_newest
        bounds = {"below": page.below, "above": page.above, "limit": page.limit}
        rows = await self._shards.at(slot).rows(query, slot=slot, account_id=account, **bounds)
        if not rows:
            return TagPage([], 0, 0)
        newest_first = rows[::-1] if page.ascending else rows
        return TagPage([row["tag"] for row in newest_first], newest_first[0]["rev"], newest_first[-1]["rev"])

    async def all_of(self, account: int) -> list[str]:
        """All hashtags that `account` follows."""
        slot = ids.slot_of(account)
        return [row["tag"] for row in await self._shards.at(slot).rows(sql.followed_by, slot=slot, account_id=account)]

    async def followers_page(self, tag: str, cursor: int, limit: int) -> list[int]:
        """Up to `limit` followers of `tag` with ids above `cursor`, in order: for deliveries."""
        slot = ids.slot_of_name(tag)
        rows = await self._shards.at(slot).rows(sql.followers_page, slot=slot, tag=tag, cursor=cursor, limit=limit)
        return [row["account_id"] for row in rows]

    async def sweep(self, below: int) -> int:
        """Remove tombstones whose rev is smaller than `below`; how many."""
        removed = 0
        for shard in self._shards.all:
            removed += await shard.chore(sql.sweep_followers, below=below)
            removed += await shard.chore(sql.sweep_followed, below=below)
        return removed
