"""The deletion of an account, after `domain/accounts/departure.py` has hidden it: nothing of it stays, in no table.

First the worker waits until whatever began before is over: requests for a minute, messages of the outbox until none of
before is left, and then those that they have left. From then on nobody writes anything of the account, so rows can be
removed where an ordinary change leaves a tombstone. Then it goes through the steps below. Each finds what it has to do by
what is still there, so a worker may be killed at any instruction; the message's cursor only says which steps are done. The
account's row goes last, and with it, in one transaction, the promise that its names are given back.

What others wrote stays: the texts that name the account, as text, and the shape of threads, as bare numbers of posts that
are no more. docs/operate/accounts.md says it to operators.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from heliograph.base import clock, ids, logs
from heliograph.domain.accounts import access, approval, letters, names
from heliograph.domain.accounts.approval import Approval
from heliograph.domain.accounts.departure import DELETED, Leaving
from heliograph.domain.accounts.profiles import ACCOUNT, ACCOUNT_COUNTS
from heliograph.domain.graph.relations import RELATIONS
from heliograph.domain.leaving.ties import Rest, Ties
from heliograph.domain.leaving.traces import Traces
from heliograph.domain.leaving.writings import Writings
from heliograph.domain.media.uploads import DISCARD
from heliograph.domain.notifications.notices import NOTICES
from heliograph.domain.posts.authored import AUTHORED
from heliograph.domain.posts.marks import MARKS
from heliograph.domain.posts.pins import PINS
from heliograph.stores import counts, outbox
from heliograph.stores.cache import Cache
from heliograph.stores.idlists import IdLists
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards, Transaction

log = logs.get("leaving")
sql = load("leaving")
accounts = load("accounts")
credentials = load("credentials")

# Messages that write nothing of an account: a mail server that is away must not keep anybody's photos on the disk.
UNHEEDED = [DELETED, letters.SEND, DISCARD]
LOOK_AGAIN_S = 5.0
CACHED = (ACCOUNT, ACCOUNT_COUNTS, RELATIONS, MARKS, AUTHORED, PINS, NOTICES)

Step = Callable[[int, Rest], Awaitable[None]]
Advance = Callable[[int], Awaitable[None]]


class Deletion:
    """Removes what deleted accounts have left."""

    def __init__(
        self,
        shards: Shards,
        cache: Cache,
        lists: IdLists,
        approval: Approval,
        writings: Writings,
        ties: Ties,
        traces: Traces,
    ) -> None:
        self._shards = shards
        self._cache = cache
        self._lists = lists
        self._approval = approval
        # The order is for the member: photos leave the disk first. The account's own row is what is looked for last.
        self._steps: tuple[Step, ...] = (
            writings.remove,
            traces.drop_pictures,
            ties.end,
            traces.drop_own,
            traces.drop_others,
            self._drop_messages,
            self._drop_account,
        )

    async def resume(self, leaving: Leaving, cursor: int, advance: Advance) -> None:
        """The outbox' part: go on at `cursor` (0: wait, then the number of the step).

        `advance` is told the cursor at every pause. Safe to repeat, and to run twice at once.
        """
        account_id = leaving.account_id
        if not cursor:
            if (later := await self._wait(leaving)) is not None:
                await self._look_again(later)
                return
            cursor = 1
            await advance(cursor)
        for number, step in enumerate(self._steps[cursor - 1 :], start=cursor):

            async def rest(number: int = number) -> None:
                await advance(number)

            await step(account_id, rest)
            await advance(number + 1)
        log.info("account.gone", account=account_id)

    async def _wait(self, leaving: Leaving) -> Leaving | None:
        """What to wait for from now on; None when there is nothing any more."""
        named = str(leaving.account_id)
        found = await self._shards.scatter(sql.under_way, unheeded=UNHEEDED, mark=leaving.mark, named=named)
        if any(row["found"] for row in found):
            return leaving
        # The last messages may have left some in their turn.
        return None if leaving.last else Leaving(leaving.account_id, ids.first_at(clock.now()), last=True)

    async def _look_again(self, leaving: Leaving) -> None:
        slot = ids.slot_of(leaving.account_id)
        async with self._shards.at(slot).transaction() as transaction:
            await outbox.put(transaction, slot, DELETED, msgspec.to_builtins(leaving), LOOK_AGAIN_S)

    async def _drop_messages(self, account_id: int, _: Rest) -> None:
        for shard in self._shards.all:
            await shard.run(sql.drop_dead_messages, named=[str(account_id)])

    async def _drop_account(self, account_id: int, _: Rest) -> None:
        slot = ids.slot_of(account_id)
        async with self._shards.at(slot).transaction() as transaction:
            released = await _drop_rows(transaction, slot, account_id)
        if released is not None:
            await self._approval.release(**released)
        await self._lists.forget(account_id)
        position = await self._shards.at(slot).mark()
        await self._cache.invalidate(position, [(kind, account_id) for kind in CACHED])


async def _drop_rows(transaction: Transaction, slot: int, account_id: int) -> dict[str, Any] | None:
    """Remove the account itself; the payload of the message that releases its names. None when that has been done."""
    row = await transaction.row(accounts.locked, slot=slot, id=account_id)
    if row is None:
        return None
    await access.end(transaction, account_id)
    purposes = ["confirm", "reset"]
    await transaction.run(credentials.drop_mail_tokens, slot=slot, account_id=account_id, purposes=purposes)
    email = await transaction.value(credentials.remove, slot=slot, account_id=account_id)
    await counts.forget(transaction, account_id)
    await transaction.run(accounts.remove, slot=slot, id=account_id)
    released = {"account_id": account_id, "username": names.folded(row["username"]), "email": email}
    await outbox.put(transaction, slot, approval.RELEASE, released)
    return released
