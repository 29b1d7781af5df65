"""Who waits to be let in, and letting them in or not. For sites where registration is by approval."""

import contextlib
from typing import Any

import msgspec

from heliograph.base import ids
from heliograph.base.errors import NotFoundError, StoreUnavailableError
from heliograph.domain.accounts import access, letters, names
from heliograph.domain.accounts.directory import Directory, Kind
from heliograph.domain.accounts.identity import Identities
from heliograph.domain.accounts.profiles import Profiles, tell_changed
from heliograph.stores import outbox
from heliograph.stores.queries import load
from heliograph.stores.shards import Session, Shards

accounts = load("accounts")
credentials = load("credentials")

RELEASE = "names.release"


class Applicant(msgspec.Struct, frozen=True):
    """Somebody who waits for approval."""

    id: int
    username: str
    email: str | None
    reason: str
    locale: str


class Approval:
    """Decides about accounts that are pending."""

    def __init__(self, shards: Shards, directory: Directory, identities: Identities, profiles: Profiles) -> None:
        self._shards = shards
        self._directory = directory
        self._identities = identities
        self._profiles = profiles

    async def pending(self, limit: int = 40, above: int = 0) -> list[Applicant]:
        """Up to `limit` of those with an id above `above`, who has waited longest first."""
        rows = await self._shards.scatter(accounts.pending, above=above, limit=limit)
        return sorted((msgspec.convert(dict(row), Applicant) for row in rows), key=lambda one: one.id)[:limit]

    async def approve(self, account_id: int) -> None:
        """Let somebody in. Raises NotFoundError for who is not pending."""
        slot = ids.slot_of(account_id)
        async with self._shards.at(slot).transaction() as transaction:
            values = {"slot": slot, "id": account_id, "state": "active", "from_states": ["pending"]}
            if not await transaction.run(accounts.set_state, **values):
                raise NotFoundError
            await tell_changed(transaction, account_id)
            await letters.put(transaction, account_id, "approved")
        await self._profiles.invalidate(transaction.position, [account_id])

    async def reject(self, account_id: int) -> None:
        """Remove who is not let in; the names are free again. Raises NotFoundError for who is not pending."""
        username = (await self._profiles.get(account_id)).username
        async with self._shards.of(account_id).transaction() as transaction:
            payload = await _remove(transaction, account_id, names.folded(username))
            await outbox.put(transaction, ids.slot_of(account_id), RELEASE, payload)
        self._identities.forget_account(account_id)
        # The message sees to it, should a store be away.
        with contextlib.suppress(StoreUnavailableError):
            await self.release(account_id, payload["username"], payload["email"])

    async def release(self, account_id: int, username: str, email: str | None) -> None:
        """Handle the message `names.release`: give the names of a removed account back."""
        await self._directory.release(Kind.USERNAME, username, account_id)
        await self._profiles.forget_name(username)
        if email:
            await self._directory.release(Kind.EMAIL, email, account_id)


async def _remove(session: Session, account_id: int, username: str) -> dict[str, Any]:
    slot = ids.slot_of(account_id)
    if not await session.run(accounts.remove_pending, slot=slot, id=account_id):
        raise NotFoundError
    await access.end(session, account_id)
    await session.run(credentials.drop_mail_tokens, slot=slot, account_id=account_id, purposes=["confirm"])
    email = await session.value(credentials.remove, slot=slot, account_id=account_id)
    return {"account_id": account_id, "username": username, "email": email}
