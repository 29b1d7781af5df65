"""Mutes: whom somebody does not want to hear of, for ever or for a while. One end only; nobody else can tell."""

from datetime import timedelta

from heliograph.base import clock, ids
from heliograph.base.errors import ValidationError
from heliograph.domain.graph.relations import RELATIONS
from heliograph.stores import outbox
from heliograph.stores.cache import Cache
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards, Transaction

sql = load("mutes")

CHANGED = "mute.changed"
# What is longer is for ever.
LONGEST_S = 100 * 365 * 24 * 3600


class Mutes:
    """Who mutes whom."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache

    async def mute(self, account: int, target: int, duration_s: int = 0, *, notifications: bool = True) -> None:
        """Let `account` mute `target`, an account that exists, for `duration_s` (0: for ever); again changes it.

        `notifications`: tell of nothing that they do either. Of oneself nothing is done, as in Mastodon. Raises
        ValidationError.
        """
        if duration_s < 0:
            raise ValidationError("Validation failed: duration must be greater than or equal to 0")
        if account == target:
            return
        ends = clock.now() + timedelta(seconds=duration_s) if 0 < duration_s < LONGEST_S else None
        slot = ids.slot_of(account)
        mute = {"account_id": account, "target_id": target, "notifications": notifications, "expires_at": ends}
        async with self._shards.at(slot).transaction() as transaction:
            await transaction.run(sql.put, slot=slot, **mute)
            await self._tell(transaction, account)
        await self._drop(transaction.position, account)

    async def unmute(self, account: int, target: int) -> None:
        """Let `account` no longer mute `target`. Idempotent."""
        slot = ids.slot_of(account)
        async with self._shards.at(slot).transaction() as transaction:
            if await transaction.run(sql.remove, slot=slot, account_id=account, target_id=target):
                await self._tell(transaction, account)
        await self._drop(transaction.position, account)

    async def settle(self, account: int) -> None:
        """Handle the message `mute.changed`. Raises StoreUnavailableError."""
        await self._cache.invalidate(await self._shards.of(account).mark(), [(RELATIONS, account)])

    async def sweep(self) -> int:
        """Remove what has ended by itself; how many. Relations have not counted it since."""
        return sum([await shard.chore(sql.sweep) for shard in self._shards.all])

    async def _tell(self, transaction: Transaction, account: int) -> None:
        await outbox.put(transaction, ids.slot_of(account), CHANGED, {"account": account})

    async def _drop(self, position: int, account: int) -> None:
        await self._cache.invalidate_at_once(position, [(RELATIONS, account)])
