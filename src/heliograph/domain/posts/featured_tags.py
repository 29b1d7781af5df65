"""Hashtags that an account shows at the top of its profile, and how it has used them."""

from datetime import datetime

import msgspec

from heliograph.base import ids
from heliograph.base.errors import NotFoundError, ValidationError
from heliograph.domain.posts.tags import TagShards
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

sql = load("tags")

AT_MOST = 10
SUGGESTED = 10
# Of so many newest posts.
SUGGESTED_FROM = 1000
# What was used more often is said to have been used so often.
COUNTED = 10_000


class AlreadyFeaturedError(ValidationError):
    """The hashtag is featured already."""


class FeaturedTag(msgspec.Struct, frozen=True):
    """A featured hashtag: public posts of the account with it, and when the last of them was written."""

    id: int
    name: str
    uses: int
    last_at: datetime | None


class FeaturedTags:
    """The featured hashtags of accounts. Names are in lower case."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._by_tag = TagShards(shards)

    async def of(self, account: int) -> list[FeaturedTag]:
        """What `account` features, in the order in which it chose."""
        slot = ids.slot_of(account)
        rows = await self._shards.at(slot).rows(sql.featured, slot=slot, account_id=account)
        names = [row["tag"] for row in rows]
        used = await self._by_tag.rows(sql.uses, names, account_id=account, counted=COUNTED)
        by_name = {row["name"]: row for row in used}
        return [_featured(row["id"], by_name[row["tag"]]) for row in rows]

    async def feature(self, account: int, tag: str) -> FeaturedTag:
        """Feature `tag`. Raises AlreadyFeaturedError, ValidationError (as many as may be are featured)."""
        slot, of_tag = ids.slot_of(account), ids.slot_of_name(tag)
        await self._shards.at(of_tag).run(sql.make, slot=of_tag, name=tag)
        async with self._shards.at(slot).transaction() as transaction:
            await transaction.value(sql.lock_account, slot=slot, account_id=account)
            names = {row["tag"] for row in await transaction.rows(sql.featured, slot=slot, account_id=account)}
            if tag in names:
                raise AlreadyFeaturedError("Validation failed: Tag has already been taken")
            if len(names) >= AT_MOST:
                raise ValidationError("Validation failed: You have already featured the maximum number of hashtags")
            await transaction.run(sql.feature, slot=slot, account_id=account, tag=tag)
        return next(featured for featured in await self.of(account) if featured.name == tag)

    async def unfeature(self, account: int, tag: str) -> None:
        """No longer feature `tag`. Idempotent."""
        slot = ids.slot_of(account)
        await self._shards.at(slot).run(sql.unfeature, slot=slot, account_id=account, tag=tag, id=0)

    async def remove(self, account: int, ident: int) -> None:
        """No longer feature what is featured under `ident`. Raises NotFoundError."""
        slot = ids.slot_of(account)
        if not await self._shards.at(slot).run(sql.unfeature, slot=slot, account_id=account, tag="", id=ident):
            raise NotFoundError

    async def suggestions(self, account: int) -> list[str]:
        """The hashtags that `account` has used most lately and does not feature."""
        slot = ids.slot_of(account)
        rows = await self._shards.at(slot).rows(
            sql.recent, slot=slot, account_id=account, window=SUGGESTED_FROM, limit=SUGGESTED
        )
        return [row["tag"] for row in rows]


def _featured(ident: int, used: Row) -> FeaturedTag:
    return FeaturedTag(ident, used["name"], used["uses"], ids.time_of(used["last"]) if used["uses"] else None)
