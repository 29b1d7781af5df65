"""Shutting an account out and letting it in again; making somebody an admin. What was posted is hidden, not removed."""

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.domain.accounts import access
from heliograph.domain.accounts.account import Role
from heliograph.domain.accounts.identity import Identities
from heliograph.domain.accounts.profiles import Profiles, tell_changed
from heliograph.stores import outbox
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("accounts")

RESTORED = "account.restored"


class Suspension:
    """Changes the standing of accounts, on an admin's word."""

    def __init__(self, shards: Shards, identities: Identities, profiles: Profiles) -> None:
        self._shards = shards
        self._identities = identities
        self._profiles = profiles

    async def suspend(self, account_id: int) -> None:
        """Shut an account out: sessions and tokens end, nobody sees it any more. Raises NotFoundError."""
        slot = ids.slot_of(account_id)
        async with self._shards.at(slot).transaction() as transaction:
            states = ["active", "pending", "suspended"]
            if not await transaction.run(
                sql.set_state, slot=slot, id=account_id, state="suspended", from_states=states
            ):
                raise NotFoundError
            await access.end(transaction, account_id)
            await tell_changed(transaction, account_id)
        self._identities.forget_account(account_id)
        await self._profiles.invalidate(transaction.position, [account_id])

    async def restore(self, account_id: int) -> None:
        """Let a suspended account in again. Raises NotFoundError for one that is not suspended."""
        slot = ids.slot_of(account_id)
        async with self._shards.at(slot).transaction() as transaction:
            values = {"slot": slot, "id": account_id, "state": "active", "from_states": ["suspended"]}
            if not await transaction.run(sql.set_state, **values):
                raise NotFoundError
            await tell_changed(transaction, account_id)
            await outbox.put(transaction, slot, RESTORED, {"author": account_id})
        await self._profiles.invalidate(transaction.position, [account_id])

    async def set_role(self, account_id: int, role: Role) -> None:
        """Make an account admin or member. Raises NotFoundError."""
        slot = ids.slot_of(account_id)
        async with self._shards.at(slot).transaction() as transaction:
            if not await transaction.run(sql.set_role, slot=slot, id=account_id, role=role):
                raise NotFoundError
            await tell_changed(transaction, account_id)
        self._identities.forget_account(account_id)
        await self._profiles.invalidate(transaction.position, [account_id])
