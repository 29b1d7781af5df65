"""Avatars and headers: small pictures that are decoded while their owner waits, and kept in one size.

Until an account uses it, a portrait has a row of `media` as any upload has: whatever dies, the sweep of orphans finds
it. The transaction that gives it to the account removes the row, and tells of the picture that it replaced.
"""

from pathlib import Path

from heliograph.base import ids
from heliograph.base.errors import ValidationError
from heliograph.domain.media import decode, names
from heliograph.domain.media.limits import Limits
from heliograph.domain.media.scratch import scratch
from heliograph.domain.media.uploads import DISCARD
from heliograph.stores import outbox
from heliograph.stores.objects import Objects
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards, Transaction

sql = load("media")

AVATAR_PX = 640
HEADER_PX = 1080


class Portraits:
    """Makes avatars and headers."""

    def __init__(self, shards: Shards, objects: Objects, limits: Limits, scratch_root: Path) -> None:
        self._shards = shards
        self._objects = objects
        self._limits = limits
        self._scratch = scratch_root

    async def make(self, account_id: int, file: Path, width_px: int) -> str:
        """Decode `file`, keep the variant nearest to `width_px`; the name of its object. Raises ValidationError.

        It lasts once `account_id` uses it; until then it is swept after a day.
        """
        async with scratch(self._scratch) as folder:
            decoded = await decode.decode(file, folder, self._limits)
            best = min(decoded.variants, key=lambda variant: abs(variant.width - width_px))
            name = await self._loose(account_id)
            made = names.variant_name(name, best.file)
            await self._objects.put(made, folder / best.file)
        return made

    async def drop(self, account_id: int, made: set[str]) -> None:
        """Have the objects `made` removed, but for those that the account uses."""
        slot = ids.slot_of(account_id)
        async with self._shards.at(slot).transaction() as transaction:
            loose = {name for name in made if await _take(transaction, account_id, name)}
            await _discard(transaction, slot, loose)

    async def _loose(self, account_id: int) -> str:
        """A name with a row, written before anything has that name."""
        slot, name = ids.slot_of(account_id), names.new_name()
        values = {"slot": slot, "account_id": account_id, "name": name, "incoming": "", "description": None}
        await self._shards.at(slot).run(sql.insert, **values, focus_x=0.0, focus_y=0.0)
        return name


async def replace(transaction: Transaction, account_id: int, old: set[str], new: set[str]) -> None:
    """Within the change of an account: it uses the objects `new` from now on, and `old` no longer.

    Raises ValidationError when one of `new` has been swept.
    """
    for name in new:
        if not await _take(transaction, account_id, name):
            raise ValidationError("The picture was uploaded too long ago. Please choose it again.")
    await _discard(transaction, ids.slot_of(account_id), old)


async def _take(transaction: Transaction, account_id: int, name: str) -> int:
    slot = ids.slot_of(account_id)
    return await transaction.run(sql.take, slot=slot, account_id=account_id, name=_folder(name))


async def _discard(transaction: Transaction, slot: int, objects: set[str]) -> None:
    if objects:
        photos = sorted(map(_folder, objects))
        await outbox.put(transaction, slot, DISCARD, {"photos": photos, "incoming": []})


def _folder(name: str) -> str:
    return name.rpartition("/")[0]
