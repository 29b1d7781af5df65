"""Very many followers of one account: both ends of each follow, by COPY, in the order in which each table's index grows.

Those who follow are ids without an account. Nothing reads the account of a follower who never comes, and 20 million accounts would
take more time to make than everything that is measured.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

import msgspec

from heliograph.base import ids
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("lab")

# An id has 12 bits of sequence: that many followers share a slot and a millisecond, from FIRST_MS on, long before anybody is minted.
BLOCK = 4096
FIRST_MS = 1
# A rev says when the edge was made; these are as old as the followers.
COLUMNS = {
    "followers": ("slot", "account_id", "follower_id", "rev"),
    "follows": ("slot", "account_id", "target_id", "rev"),
}


class Block(msgspec.Struct, frozen=True):
    """`count` followers of one slot and one millisecond: ids from `first` on, revs from `rev` on."""

    slot: int
    first: int
    rev: int
    count: int


class Following:
    """`count` follows of `celebrity` by followers from `start` on, as blocks in the order of either table."""

    def __init__(self, celebrity: int, start: int, count: int) -> None:
        self._celebrity = celebrity
        self._slot = ids.slot_of(celebrity)
        self._spans = {slot: _span(slot, start, start + count) for slot in range(ids.SHARED_SLOTS)}

    def by_id(self) -> list[Block]:
        """Ids ascending: the order of `followers`."""
        return sorted(self.by_slot(), key=lambda block: block.first)

    def by_slot(self) -> list[Block]:
        """Slot by slot: the order of `follows`."""
        return [block for slot, (low, high) in self._spans.items() for block in self._blocks(slot, low, high)]

    def _blocks(self, slot: int, low: int, high: int) -> list[Block]:
        found = []
        while low < high:
            ms, sequence = divmod(low, BLOCK)
            count = min(high - low, BLOCK - sequence)
            # Revs are minted by the followed, in the order of the followers' ids.
            rev = (FIRST_MS + ms * ids.SHARED_SLOTS + slot << 22) | (self._slot << 12) | sequence
            found.append(Block(slot, (FIRST_MS + ms << 22) | (slot << 12) | sequence, rev, count))
            low += count
        return found

    def followers_rows(self, block: Block) -> bytes:
        """The rows of `block` in `followers`, as COPY reads them."""
        head = f"{self._slot}\t{self._celebrity}\t"
        first, rev = block.first, block.rev
        return "".join([f"{head}{first + at}\t{rev + at}\n" for at in range(block.count)]).encode()

    def follows_rows(self, block: Block) -> bytes:
        """The rows of `block` in `follows`, as COPY reads them."""
        first, rev = block.first, block.rev
        head, middle = f"{block.slot}\t", f"\t{self._celebrity}\t"
        return "".join([f"{head}{first + at}{middle}{rev + at}\n" for at in range(block.count)]).encode()


def _span(slot: int, start: int, end: int) -> tuple[int, int]:
    """Which followers of `slot` are among the followers `start` to `end` of all; they are dealt out slot by slot."""
    return (start - slot - 1) // ids.SHARED_SLOTS + 1, (end - slot - 1) // ids.SHARED_SLOTS + 1


async def follow(shards: Shards, celebrity: int, start: int, count: int, done: Callable[[int], None]) -> None:
    """Let the followers `start` to `start + count` follow `celebrity`; `done` hears of rows (two for each follow)."""
    following = Following(celebrity, start, count)
    shard = shards.of(celebrity)
    # One shard: the trial has no other. Both tables at once, since each load keeps one core busy.
    await asyncio.gather(
        shard.copy("followers", COLUMNS["followers"], _rows(following.by_id(), following.followers_rows, done)),
        shard.copy("follows", COLUMNS["follows"], _rows(following.by_slot(), following.follows_rows, done)),
    )
    await shards.scatter(sql.count_followers, slot=ids.slot_of(celebrity), id=celebrity, more=count)


async def _rows(
    blocks: list[Block], rows: Callable[[Block], bytes], done: Callable[[int], None]
) -> AsyncIterator[bytes]:
    for block in blocks:
        yield rows(block)
        done(block.count)
