"""Accounts as clients see them: body and counts put together from cached fragments."""

from collections.abc import Sequence

from heliograph.base.errors import NotFoundError
from heliograph.domain.accounts.profiles import Profiles
from heliograph.domain.feeds import present
from heliograph.domain.graph.relations import RelationsReader


class People:
    """Presents accounts."""

    def __init__(self, profiles: Profiles, relations: RelationsReader) -> None:
        self._profiles = profiles
        self._relations = relations

    async def many(self, account_ids: Sequence[int]) -> list[bytes]:
        """The accounts of `account_ids` that others may see, as JSON, in the same order."""
        return list((await self.by_id(account_ids)).values())

    async def by_id(self, account_ids: Sequence[int]) -> dict[int, bytes]:
        """As `many`, by the id of each."""
        found = await self._profiles.whole(account_ids)
        return {ident: present.account(*found[ident]) for ident in account_ids if ident in found}

    async def seen_by(self, viewer: int | None, account_ids: Sequence[int]) -> list[bytes]:
        """As `many`, for a list of who did something: without those between whom and the viewer there is a block."""
        if viewer is None:
            return await self.many(account_ids)
        blocked = (await self._relations.of(viewer)).blocked
        return await self.many([ident for ident in account_ids if ident not in blocked])

    async def one(self, account_id: int) -> bytes:
        """One account as JSON. Raises NotFoundError."""
        found = await self.many([account_id])
        if not found:
            raise NotFoundError
        return found[0]

    async def named(self, username: str) -> bytes:
        """The account of `username` (any case) as JSON. Raises NotFoundError."""
        guess = await self._profiles.guessed(username)
        found = await self.many([guess]) if guess is not None else []
        # Whose account is gone may have left the name to somebody else.
        return found[0] if found else await self.one((await self._profiles.by_username(username)).id)
