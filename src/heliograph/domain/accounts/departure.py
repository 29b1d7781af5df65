"""The first step of the deletion of an account: from this moment it exists for nobody. What it leaves is removed by workers.

The transaction changes its state and leaves the message `account.deleted`, which travels up to `domain/leaving`: what
that has to remove, this room knows nothing of.
"""

from datetime import timedelta

import msgspec

from heliograph.base import clock, ids
from heliograph.base.errors import NotFoundError
from heliograph.domain.accounts import access
from heliograph.domain.accounts.identity import Identities
from heliograph.domain.accounts.profiles import Profiles, tell_changed
from heliograph.stores import outbox
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("accounts")

DELETED = "account.deleted"
STATES = ["pending", "active", "suspended"]
# A request that began before the deletion is over by then, and what it wrote can be found.
SETTLE_S = 60.0


class Leaving(msgspec.Struct, frozen=True):
    """What the message says. Messages with an id below `mark` may still write something of the account.

    `last`: those of before the first mark are done, and only what they have left is waited for.
    """

    account_id: int
    mark: int
    last: bool = False


class Departure:
    """Begins the deletion of accounts."""

    def __init__(self, shards: Shards, identities: Identities, profiles: Profiles) -> None:
        self._shards = shards
        self._identities = identities
        self._profiles = profiles

    async def delete(self, account_id: int) -> None:
        """Delete an account, for good. Raises NotFoundError for one that is not there, or is being deleted already."""
        slot = ids.slot_of(account_id)
        async with self._shards.at(slot).transaction() as transaction:
            values = {"slot": slot, "id": account_id, "state": "deleted", "from_states": STATES}
            if not await transaction.run(sql.set_state, **values):
                raise NotFoundError
            await access.end(transaction, account_id)
            await tell_changed(transaction, account_id)
            leaving = Leaving(account_id, ids.first_at(clock.now() + timedelta(seconds=SETTLE_S)))
            await outbox.put(transaction, slot, DELETED, msgspec.to_builtins(leaving), SETTLE_S)
        self._identities.forget_account(account_id)
        await self._profiles.invalidate(transaction.position, [account_id])
