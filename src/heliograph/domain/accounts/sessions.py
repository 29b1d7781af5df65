"""Browser sessions. The cookie is `<account_id>.<secret>`; a log-in always makes a new one (session fixation)."""

from datetime import datetime

import msgspec

from heliograph.domain.accounts.bearer import Bearer, mint
from heliograph.domain.accounts.identity import Identities
from heliograph.domain.accounts.text import line
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

sql = load("sessions")

USER_AGENT_MAX = 300
_HANDLE_BYTES = 8


class BrowserSession(msgspec.Struct, frozen=True):
    """A session as its owner sees it in a list. `handle` names it and cannot be used to get in."""

    handle: str
    user_agent: str
    created_at: datetime
    seen_at: datetime
    current: bool


class Sessions:
    """Starts, lists and ends sessions. Who a cookie stands for is asked of Identities."""

    def __init__(self, shards: Shards, identities: Identities, session_days: int) -> None:
        self._shards = shards
        self._identities = identities
        self._days = session_days

    async def start(self, account_id: int, user_agent: str, replaces: str | None = None) -> str:
        """A new session of `account_id`; its cookie. `replaces`: the cookie that the browser came with, which ends."""
        if replaces:
            await self.end(replaces)
        text, bearer = mint(account_id)
        await self._shards.of(account_id).run(
            sql.start,
            slot=bearer.slot,
            hash=bearer.hash,
            account_id=account_id,
            user_agent=line(user_agent)[:USER_AGENT_MAX],
            days=self._days,
        )
        return text

    async def of(self, account_id: int, cookie: str | None = None) -> list[BrowserSession]:
        """The sessions of an account, last seen first. `cookie`: which of them is the current one."""
        bearer = Bearer.parse(cookie) if cookie else None
        return [_shown(row, bearer) for row in await self._rows(account_id)]

    async def end(self, cookie: str) -> None:
        """End the session of `cookie`, if there is one."""
        bearer = Bearer.parse(cookie)
        if bearer is not None:
            await self._end(bearer.owner_id, bearer.hash)

    async def end_by_handle(self, account_id: int, handle: str) -> bool:
        """End the session of `account_id` that its list shows as `handle`. False when there is none."""
        for row in await self._rows(account_id):
            if _handle(row["hash"]) == handle:
                return await self._end(account_id, row["hash"])
        return False

    async def sweep(self) -> None:
        """Drop the sessions that have run out."""
        for shard in self._shards.all:
            await shard.chore(sql.sweep)

    async def _rows(self, account_id: int) -> list[Row]:
        bearer = Bearer(account_id, b"")
        return await self._shards.of(account_id).rows(sql.of, slot=bearer.slot, account_id=account_id)

    async def _end(self, account_id: int, hashed: bytes) -> bool:
        bearer = Bearer(account_id, hashed)
        ended = await self._shards.of(account_id).run(sql.end, slot=bearer.slot, hash=hashed, account_id=account_id)
        # What was not there is not told: anybody may send any cookie, and every process looks through what it believes.
        if ended:
            self._identities.forget(bearer)
        return ended == 1


def _handle(hashed: bytes) -> str:
    return hashed[:_HANDLE_BYTES].hex()


def _shown(row: Row, current: Bearer | None) -> BrowserSession:
    return BrowserSession(
        handle=_handle(row["hash"]),
        user_agent=row["user_agent"],
        created_at=row["created_at"],
        seen_at=row["seen_at"],
        current=current is not None and current.hash == row["hash"],
    )
