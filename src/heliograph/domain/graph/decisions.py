"""What the followed end decides about a follow: asks, follows, neither. Inside a transaction of the followed's shard.

Whoever changes such an edge takes `hold` first, so that it is read and written by one at a time, and no follow can stand
beside a block.
"""

from collections.abc import Callable

import msgspec

from heliograph.base import ids
from heliograph.base.errors import ForbiddenError, NotFoundError
from heliograph.stores import counts, outbox
from heliograph.stores.counts import Count
from heliograph.stores.queries import load
from heliograph.stores.shards import Transaction

sql = load("follows")

CHANGED = "follow.changed"


class FollowChanged(msgspec.Struct, frozen=True):
    """What the deciding end said of `follower` and `target`, as of `rev`.

    `gone` false: follows. `gone` and `requested`: waits for the target's word. `gone` alone: neither. `reblogs`: sees what
    the target reblogs; `notify`: is told of each post. `edited`: only these two have changed, nothing has begun or ended.
    """

    follower: int
    target: int
    rev: int
    gone: bool
    requested: bool = False
    reblogs: bool = True
    notify: bool = False
    edited: bool = False


class Edge(msgspec.Struct, frozen=True):
    """The state of a follow; the words are those of FollowChanged."""

    gone: bool = True
    requested: bool = False
    reblogs: bool = True
    notify: bool = False


NEITHER = Edge()


class Wish(msgspec.Struct, frozen=True):
    """What a follower wants to see and hear; None: as it is, or as usual."""

    reblogs: bool | None = None
    notify: bool | None = None


class Standing(msgspec.Struct, frozen=True):
    """What a decision is made from: the followed account, whether one of the two blocks the other, the edge as it is.

    `rev` is 0 where there never was one.
    """

    state: str
    locked: bool
    blocked: bool
    edge: Edge
    rev: int


Decision = Callable[[Standing], Edge]


def followed(wish: Wish) -> Decision:
    """To follow, or to ask for it where the account is locked. Raises ForbiddenError (a block), NotFoundError."""

    def decide(standing: Standing) -> Edge:
        if standing.state != "active":
            raise NotFoundError
        if standing.blocked:
            raise ForbiddenError
        edge = standing.edge
        waits = edge.gone and standing.locked
        reblogs = edge.reblogs if wish.reblogs is None else wish.reblogs
        notify = edge.notify if wish.notify is None else wish.notify
        return Edge(gone=waits, requested=waits, reblogs=reblogs, notify=notify)

    return decide


def ended(_: Standing) -> Edge:
    """Neither follow nor request."""
    return NEITHER


def removed(standing: Standing) -> Edge:
    """No follow; a request goes on waiting."""
    return standing.edge if standing.edge.requested else NEITHER


def accepted(standing: Standing) -> Edge:
    """What was asked for. Raises NotFoundError where nothing was."""
    return msgspec.structs.replace(_asked(standing), gone=False, requested=False)


def rejected(standing: Standing) -> Edge:
    """The request ends. Raises NotFoundError where there is none."""
    _asked(standing)
    return NEITHER


def let_in(standing: Standing) -> Edge:
    """A request that waits at an account which is no longer locked becomes a follow."""
    return accepted(standing) if standing.edge.requested and not standing.locked else standing.edge


def _asked(standing: Standing) -> Edge:
    if not standing.edge.requested:
        raise NotFoundError
    return standing.edge


async def hold(transaction: Transaction, account: int, other: int) -> None:
    """Until the end of the transaction, nobody else decides about the two at the shard of `account`."""
    await transaction.run(sql.hold, account_id=account, other_id=other)


async def make(transaction: Transaction, follower: int, target: int, decide: Decision) -> FollowChanged | None:
    """The decision about an edge that is on hold, with its count and its message; None where there never was an edge.

    Nothing changed: what stands, so that a repeated request mends the other end. Raises NotFoundError for no account.
    """
    before = await _standing(transaction, follower, target)
    if before is None:
        raise NotFoundError
    return await _put(transaction, follower, target, before, decide(before))


async def end(transaction: Transaction, follower: int, target: int) -> FollowChanged | None:
    """As `make`, to end what there is; None also for an account that is no longer there."""
    before = await _standing(transaction, follower, target)
    return await _put(transaction, follower, target, before, NEITHER) if before else None


async def _standing(transaction: Transaction, follower: int, target: int) -> Standing | None:
    row = await transaction.row(sql.standing, slot=ids.slot_of(target), account_id=target, follower_id=follower)
    if row is None:
        return None
    edge = Edge(row["gone"], row["requested"], row["reblogs"], row["notify"])
    return Standing(row["state"], row["locked"], row["blocked"], edge, row["rev"])


async def _put(
    transaction: Transaction, follower: int, target: int, before: Standing, after: Edge
) -> FollowChanged | None:
    if after == before.edge:
        return _told(follower, target, before.rev, after, edited=False) if before.rev else None
    slot = ids.slot_of(target)
    rev = await transaction.value(
        sql.decide, slot=slot, account_id=target, follower_id=follower, **msgspec.structs.asdict(after)
    )
    if after.gone != before.edge.gone:
        await counts.add(transaction, target, Count.FOLLOWERS, -1 if after.gone else 1)
    edited = (after.gone, after.requested) == (before.edge.gone, before.edge.requested)
    change = _told(follower, target, rev, after, edited=edited)
    await outbox.put(transaction, slot, CHANGED, msgspec.to_builtins(change))
    return change


def _told(follower: int, target: int, rev: int, edge: Edge, *, edited: bool) -> FollowChanged:
    return FollowChanged(follower, target, rev, edge.gone, edge.requested, edge.reblogs, edge.notify, edited)
