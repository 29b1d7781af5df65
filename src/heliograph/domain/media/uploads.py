"""The life of a photo: received, decoded by a worker, described, attached to a post, or removed after a day.

The upload waits in the object store under `incoming/` until a worker has made the variants; the original is not
kept. Web server and worker need not share a disk.
"""

import asyncio
import secrets
from datetime import timedelta
from pathlib import Path

import msgspec

from heliograph.base import clock, ids, logs, metrics
from heliograph.base.errors import NotFoundError, ValidationError
from heliograph.domain.media import decode, names, sniff
from heliograph.domain.media.attachments import Attachment, Variant
from heliograph.domain.media.limits import Limits
from heliograph.domain.media.scratch import scratch
from heliograph.stores import outbox
from heliograph.stores.objects import ObjectInfo, Objects
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

log = logs.get("media")
sql = load("media")

PROCESS = "media.process"
DISCARD = "media.discard"
DESCRIBED = "media.described"
MAX_DESCRIPTION = 1500
ORPHAN_AGE = timedelta(days=1)
SWEEP_BATCH = 100


class Photo(msgspec.Struct, frozen=True):
    """An upload as its owner sees it. `state`: waiting, ready or failed (then `problem` says why)."""

    id: int
    account_id: int
    post_id: int | None
    state: str
    problem: str
    attachment: Attachment


class Uploads:
    """Photos from their upload to their end. `scratch_root`: for files that live no longer than a call."""

    def __init__(self, shards: Shards, objects: Objects, limits: Limits, scratch_root: Path) -> None:
        self._shards = shards
        self._objects = objects
        self._limits = limits
        self._scratch = scratch_root

    async def receive(
        self, account_id: int, file: Path, description: str | None = None, focus: tuple[float, float] = (0.0, 0.0)
    ) -> int:
        """Take an upload from `file`, which stays the caller's. Its id; the photo is decoded later.

        Raises ValidationError with a sentence when the header already shows that it is no photo we can take.
        """
        await asyncio.to_thread(sniff.sniff, file, self._limits)
        check_description(description)
        slot = ids.slot_of(account_id)
        incoming = f"incoming/{secrets.token_hex(16)}"
        await self._objects.put(incoming, file)
        try:
            async with self._shards.at(slot).transaction() as transaction:
                media_id: int = await transaction.value(
                    sql.insert,
                    slot=slot,
                    account_id=account_id,
                    name=names.new_name(),
                    incoming=incoming,
                    description=description,
                    focus_x=focus[0],
                    focus_y=focus[1],
                )
                await outbox.put(transaction, slot, PROCESS, {"media": media_id})
        except BaseException:
            await self._objects.delete([incoming])
            raise
        return media_id

    async def get(self, account_id: int, media_id: int) -> Photo:
        """An upload of `account_id`. Raises NotFoundError."""
        row = await self._row(media_id)
        if row is None or row["account_id"] != account_id:
            raise NotFoundError
        return _photo(row)

    async def describe(
        self, account_id: int, media_id: int, description: str | None, focus: tuple[float, float] | None
    ) -> Photo:
        """Change alt text or focal point; None leaves as it is."""
        check_description(description)
        slot = ids.slot_of(media_id)
        focus_x, focus_y = focus or (None, None)
        values = {"description": description, "focus_x": focus_x, "focus_y": focus_y}
        async with self._shards.at(slot).transaction() as transaction:
            row = await transaction.row(sql.describe, slot=slot, id=media_id, account_id=account_id, **values)
            if row is None:
                raise NotFoundError
            if row["post_id"] is not None:
                await outbox.put(transaction, slot, DESCRIBED, {"post": row["post_id"]})
        return await self.get(account_id, media_id)

    async def attachable(self, account_id: int, media_ids: list[int]) -> list[Attachment]:
        """The photos of `media_ids`, in order, if all can be attached to a new post; else ValidationError."""
        return [await self._attachable_one(account_id, media_id) for media_id in media_ids]

    async def _attachable_one(self, account_id: int, media_id: int) -> Attachment:
        row = await self._row(media_id)
        if row is None or row["account_id"] != account_id:
            raise ValidationError(f"Validation failed: there is no photo {media_id} of yours")
        if row["post_id"] is not None:
            raise ValidationError("Validation failed: a photo is attached to another post already")
        if row["state"] == "waiting":
            raise ValidationError("Cannot attach files that have not finished processing. Try again in a moment!")
        if row["state"] == "failed":
            raise ValidationError(f"Validation failed: {row['problem']}")
        return _photo(row).attachment

    async def process(self, media_id: int) -> None:
        """The worker's part: decode an upload and store its variants. Safe to repeat.

        What cannot be decoded is marked as failed, with the sentence for its owner.
        """
        row = await self._row(media_id)
        if row is None or row["state"] != "waiting":
            return
        try:
            await self._decode(row)
        except NotFoundError:
            await self._fail(row, "The upload was lost before it could be decoded. Please upload the photo again.")
        except ValidationError as error:
            await self._fail(row, error.message)
        await self._objects.delete([row["incoming"]])

    async def _decode(self, row: Row) -> None:
        async with scratch(self._scratch) as folder:
            source = folder / "source"
            await self._objects.fetch(row["incoming"], source)
            decoded = await decode.decode(source, folder, self._limits)
            for variant in decoded.variants:
                await self._objects.put(names.variant_name(row["name"], variant.file), folder / variant.file)
        variants = [Variant(variant.width, variant.height, variant.file) for variant in decoded.variants]
        slot = ids.slot_of(row["id"])
        await self._shards.at(slot).run(
            sql.ready,
            slot=slot,
            id=row["id"],
            blurhash=decoded.blurhash,
            variants=msgspec.to_builtins(variants),
        )
        metrics.media_processed.labels("ready").inc()

    async def _fail(self, row: Row, problem: str) -> None:
        slot = ids.slot_of(row["id"])
        await self._shards.at(slot).run(sql.failed, slot=slot, id=row["id"], problem=problem)
        metrics.media_processed.labels("failed").inc()
        log.info("media.refused", media=row["id"], problem=problem)

    async def discard(self, photos: list[str], incoming: list[str]) -> None:
        """Remove all objects of `photos` (names) and the objects `incoming`. Safe to repeat."""
        stored: list[ObjectInfo] = []
        for name in photos:
            stored += [item async for item in self._objects.list(name)]
        if stored or incoming:
            await self._objects.delete([*(item.name for item in stored), *incoming])

    async def sweep(self) -> int:
        """Remove uploads, portraits among them, that nothing has used for a day; how many."""
        before = clock.now() - ORPHAN_AGE
        orphans = await self._shards.scatter(sql.orphans, below=ids.first_at(before), before=before, limit=SWEEP_BATCH)
        return sum([await self._remove_orphan(row) for row in orphans])

    async def _remove_orphan(self, row: Row) -> int:
        """The row goes first: a post that attaches the photo at this very moment wins, or finds it gone."""
        slot = row["slot"]
        async with self._shards.at(slot).transaction() as transaction:
            removed = await transaction.run(sql.remove_orphan, slot=slot, id=row["id"], detached_at=row["detached_at"])
            if removed:
                incoming = [row["incoming"]] if row["incoming"] else []
                await outbox.put(transaction, slot, DISCARD, {"photos": [row["name"]], "incoming": incoming})
        return removed

    async def sweep_incoming(self) -> int:
        """Remove uploads that never got a row, since the server died between the two; how many."""
        before = clock.now() - 2 * ORPHAN_AGE
        lost = [item.name async for item in self._objects.list("incoming/") if item.last_modified < before]
        if lost:
            await self._objects.delete(lost)
        return len(lost)

    async def _row(self, media_id: int) -> Row | None:
        slot = ids.slot_of(media_id)
        return await self._shards.at(slot).row(sql.by_id, slot=slot, id=media_id)


def check_description(description: str | None) -> None:
    """Raise ValidationError for an alt text that is none."""
    if description is not None and "\0" in description:
        raise ValidationError("Validation failed: the description must not hold a null character")
    if description is not None and len(description) > MAX_DESCRIPTION:
        raise ValidationError(f"Validation failed: the description is longer than {MAX_DESCRIPTION} characters")


def _photo(row: Row) -> Photo:
    return Photo(
        id=row["id"],
        account_id=row["account_id"],
        post_id=row["post_id"],
        state=row["state"],
        problem=row["problem"],
        attachment=Attachment.of(row),
    )
