"""Editing: in one transaction on the author's shard the post becomes what its author wants, and its history what it was.

Nothing of a post's history is lost before the post is: a photo that an edit takes out stays with the post, out of sight,
until the post is deleted. Who may see a post does not change, but for those whom an edit names or names no longer.
"""

from datetime import datetime

import msgspec

from heliograph.base import ids
from heliograph.base.errors import NotFoundError, ValidationError
from heliograph.domain.accounts.profiles import Profiles
from heliograph.domain.media.attachments import Attachment
from heliograph.domain.media.uploads import Uploads, check_description
from heliograph.domain.posts import text as captions
from heliograph.domain.posts.authored import AUTHORED
from heliograph.domain.posts.fragments import parsed
from heliograph.domain.posts.post import POST, Mention, Post, Visibility
from heliograph.domain.posts.publish import check, mentions_of, unhidden
from heliograph.stores import outbox
from heliograph.stores.cache import Cache
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Session, Shards, Transaction

sql = load("edits")
media_sql = load("media")

EDITED = "post.edited"
# Of a post that was edited more often, the oldest texts are not shown.
SHOWN_EDITS = 200


class PhotoChange(msgspec.Struct, frozen=True):
    """A new alt text or focal point of one photo; None leaves as it is."""

    id: int
    description: str | None = None
    focus: tuple[float, float] | None = None


class PostChanges(msgspec.Struct, frozen=True):
    """What is to be otherwise; None leaves as it is. `media_ids`: all photos, in order; `photos`: about those."""

    text: str | None = None
    spoiler_text: str | None = None
    sensitive: bool | None = None
    language: str | None = None
    media_ids: list[int] | None = None
    photos: tuple[PhotoChange, ...] = ()


class Edit(msgspec.Struct, frozen=True):
    """What a post was from `created_at` on, until the next one."""

    created_at: datetime
    text: str
    spoiler_text: str
    sensitive: bool
    mentions: list[Mention]
    photos: list[Attachment]


class Edited(msgspec.Struct, frozen=True):
    """What the message `post.edited` says. `mentioned`: who is named now and was not before; hashtags as they were and are.

    Messages of two edits may come in any order: what the post is now stands in its row.
    """

    post: int
    author: int
    visibility: Visibility
    mentioned: list[int]
    old_tags: list[str]
    tags: list[str]


class Editor:
    """Edits posts, and tells what they were."""

    def __init__(self, shards: Shards, cache: Cache, profiles: Profiles, uploads: Uploads) -> None:
        self._shards = shards
        self._cache = cache
        self._profiles = profiles
        self._uploads = uploads

    async def edit(self, author: int, post_id: int, changes: PostChanges) -> Edited | None:
        """Change a post of `author`; None when nothing is different. Raises NotFoundError, ValidationError.

        Two edits at once come one after the other: each is in the history.
        """
        for photo in changes.photos:
            check_description(photo.description)
        added = await self._added(author, post_id, changes)
        mentions = [] if changes.text is None else await mentions_of(self._profiles, changes.text)
        slot = ids.slot_of(post_id)
        async with self._shards.at(slot).transaction() as transaction:
            row = await transaction.row(sql.locked, slot=slot, id=post_id, account_id=author)
            if row is None:
                raise NotFoundError
            had = await _photos(transaction, post_id)
            before = parsed(row, [photo for position, photo in had if position >= 0])
            after = _changed(before, changes, mentions, [photo for _, photo in had] + added)
            if after == before:
                return None
            edited = await _write(transaction, before, after, changes)
        await self._cache.invalidate_at_once(transaction.position, [(POST, post_id), (AUTHORED, author)])
        return edited

    async def _added(self, author: int, post_id: int, changes: PostChanges) -> list[Attachment]:
        """The photos that the post has not had yet. Raises ValidationError with what is wrong with one."""
        if not changes.media_ids:
            return []
        async with self._shards.of(post_id).session() as session:
            had = {photo.id for _, photo in await _photos(session, post_id)}
        return await self._uploads.attachable(author, [ident for ident in changes.media_ids if ident not in had])

    async def history(self, post: Post) -> list[Edit]:
        """What `post` was, the oldest first; the last is what it is."""
        slot = ids.slot_of(post.id)
        rows = await self._shards.at(slot).rows(sql.of_post, slot=slot, post_id=post.id, limit=SHOWN_EDITS)
        if rows:
            return [_edit(row) for row in rows]
        return [Edit(post.created_at, post.text, post.spoiler_text, post.sensitive, post.mentions, post.photos)]


async def forget(transaction: Transaction, post_id: int) -> None:
    """Drop what a post was, in the transaction that removes it."""
    await transaction.run(sql.forget, slot=ids.slot_of(post_id), post_id=post_id)


async def _photos(session: Session, post_id: int) -> list[tuple[int, Attachment]]:
    """Position and photo, of all that the post has or has had; -1 is no longer in it."""
    rows = await session.rows(media_sql.ever_of_post, slot=ids.slot_of(post_id), post_id=post_id)
    return [(row["position"], Attachment.of(row)) for row in rows]


def _changed(before: Post, changes: PostChanges, mentions: list[Mention], known: list[Attachment]) -> Post:
    """What becomes of `before`. Raises ValidationError."""
    text = before.text if changes.text is None else changes.text
    spoiler_text = before.spoiler_text if changes.spoiler_text is None else changes.spoiler_text
    media_ids = [photo.id for photo in before.photos] if changes.media_ids is None else changes.media_ids
    sensitive = _sensitive(before, changes, spoiler_text)
    text, spoiler_text = unhidden(text, spoiler_text)
    check(text, spoiler_text, media_ids)
    same_text = text == before.text
    return msgspec.structs.replace(
        before,
        text=text,
        spoiler_text=spoiler_text,
        sensitive=sensitive,
        language=changes.language or before.language,
        tags=before.tags if same_text else captions.hashtags(text),
        mentions=before.mentions if same_text else mentions,
        photos=[_photo(known, ident, changes) for ident in media_ids],
    )


def _sensitive(before: Post, changes: PostChanges, spoiler_text: str) -> bool:
    """What has a warning is sensitive; with the warning goes what came with it."""
    if changes.sensitive is not None:
        return changes.sensitive or bool(spoiler_text.strip())
    if changes.spoiler_text is None:
        return before.sensitive
    return bool(spoiler_text.strip()) or (before.sensitive and not before.spoiler_text)


def _photo(known: list[Attachment], ident: int, changes: PostChanges) -> Attachment:
    photo = next((photo for photo in known if photo.id == ident), None)
    if photo is None:
        # Since we looked, the post has been edited, or the photo taken.
        raise ValidationError(f"Validation failed: there is no photo {ident} of yours")
    change = _change_of(changes, ident)
    x, y = change.focus or (photo.focus_x, photo.focus_y)
    description = photo.description if change.description is None else change.description
    return msgspec.structs.replace(photo, description=description, focus_x=x, focus_y=y)


def _change_of(changes: PostChanges, ident: int) -> PhotoChange:
    return next((change for change in changes.photos if change.id == ident), PhotoChange(ident))


async def _write(transaction: Transaction, before: Post, after: Post, changes: PostChanges) -> Edited:
    """The photos, the post, its history and the message."""
    slot = ids.slot_of(after.id)
    if after.photos != before.photos:
        after = msgspec.structs.replace(after, photos=await _place(transaction, after, changes))
    if before.edited_at is None:
        await _keep(transaction, before, before.id)
    edit_id: int = await transaction.value(sql.next_id, slot=slot)
    await _keep(transaction, after, edit_id)
    await transaction.run(
        sql.change,
        slot=slot,
        id=after.id,
        text=after.text,
        spoiler_text=after.spoiler_text,
        sensitive=after.sensitive,
        language=after.language,
        tags=after.tags,
        mentions=msgspec.to_builtins(after.mentions),
        media_count=len(after.photos),
        edited_at=ids.time_of(edit_id),
    )
    known = {mention.id for mention in before.mentions}
    mentioned = [mention.id for mention in after.mentions if mention.id not in known]
    edited = Edited(after.id, after.account_id, after.visibility, mentioned, before.tags, after.tags)
    await outbox.put(transaction, slot, EDITED, msgspec.to_builtins(edited))
    return edited


async def _place(transaction: Transaction, post: Post, changes: PostChanges) -> list[Attachment]:
    """Give the post its photos, in order, and take the others out; as they are now."""
    slot = ids.slot_of(post.id)
    await transaction.run(media_sql.take_out, slot=slot, post_id=post.id, ids=[photo.id for photo in post.photos])
    placed = {}
    # In the order of ids, so that two posts at once that want the same photos cannot wait for each other.
    for position, photo in sorted(enumerate(post.photos), key=lambda each: each[1].id):
        change = _change_of(changes, photo.id)
        focus_x, focus_y = change.focus or (None, None)
        values = {"description": change.description, "focus_x": focus_x, "focus_y": focus_y}
        place = {"id": photo.id, "account_id": post.account_id, "post_id": post.id, "position": position}
        row = await transaction.row(media_sql.place, slot=slot, **place, **values)
        if row is None:
            raise ValidationError("Validation failed: a photo is attached to another post already")
        placed[photo.id] = Attachment.of(row)
    return [placed[photo.id] for photo in post.photos]


async def _keep(transaction: Transaction, post: Post, edit_id: int) -> None:
    await transaction.run(
        sql.keep,
        slot=ids.slot_of(post.id),
        post_id=post.id,
        id=edit_id,
        text=post.text,
        spoiler_text=post.spoiler_text,
        sensitive=post.sensitive,
        mentions=msgspec.to_builtins(post.mentions),
        media=msgspec.to_builtins(post.photos),
    )


def _edit(row: Row) -> Edit:
    return Edit(
        ids.time_of(row["id"]),
        row["text"],
        row["spoiler_text"],
        row["sensitive"],
        msgspec.convert(row["mentions"], list[Mention]),
        msgspec.convert(row["media"], list[Attachment]),
    )
