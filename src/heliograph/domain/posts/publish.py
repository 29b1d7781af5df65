"""Publishing: one transaction on the author's shard, then the author's own view of it, then the answer.

The transaction holds the post, its photos, its idempotency key, the count and the outbox row: what was answered is on
disk, and whoever has to hear of it will.
"""

import asyncio
from collections.abc import Mapping, Sized
from itertools import chain

import msgspec

from heliograph.base import ids
from heliograph.base.errors import ValidationError
from heliograph.domain.accounts.profiles import Profiles
from heliograph.domain.media.attachments import Attachment
from heliograph.domain.media.uploads import Uploads
from heliograph.domain.posts import authored
from heliograph.domain.posts import text as captions
from heliograph.domain.posts.fragments import Posts
from heliograph.domain.posts.post import MAX_CHARACTERS, MAX_PHOTOS, POST, Mention, Post, Visibility
from heliograph.domain.posts.threads import Reply, is_counted
from heliograph.stores import outbox
from heliograph.stores.cache import Cache, Reserved
from heliograph.stores.counts import Count
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shard, Shards, Transaction

sql = load("posts")
media_sql = load("media")

PUBLISHED = "post.published"
MAX_MENTIONS = 50


class NewPost(msgspec.Struct, frozen=True):
    """What the message PUBLISHED says of a post; `request_id` comes with it.

    `only`: the accounts that a direct post is for, None for one that goes to all followers of `author`. `reply`: what is said
    of an answer beside its id (see `Reply`). `tags`: hashtags that will list it. `addressed`: it is for somebody in particular;
    `rings`: followers with a bell are told. Both are None in a message of an older version.
    """

    post: int
    author: int
    only: list[int] | None = None
    reply: dict[str, int | bool] | None = None
    tags: list[str] | None = None
    addressed: bool | None = None
    rings: bool | None = None
    request_id: str = ""


class Parent(msgspec.Struct, frozen=True):
    """The post that is answered, which its answerer may see; `root_id`: what its thread began with."""

    id: int
    account_id: int
    root_id: int


class Draft(msgspec.Struct, frozen=True):
    """What somebody wants to publish. `media_ids`: own, decoded photos in order; `key`: their idempotency key or ''."""

    text: str
    media_ids: list[int]
    visibility: Visibility
    sensitive: bool = False
    spoiler_text: str = ""
    language: str | None = None
    application: dict[str, str | None] | None = None
    key: str = ""
    parent: Parent | None = None


class Published(msgspec.Struct, frozen=True):
    """The outcome: the post's id, and whether this call made it (False: an earlier call with the same key did).

    `only`: the accounts that a direct post is for; None for a post that goes to all followers. `reply`: what it answers.
    `tags`: the hashtags that are to list it.
    """

    post_id: int
    created: bool
    only: list[int] | None = None
    reply: Reply | None = None
    tags: list[str] = []


class Publisher:
    """Publishes posts."""

    def __init__(self, shards: Shards, cache: Cache, posts: Posts, profiles: Profiles, uploads: Uploads) -> None:
        self._shards = shards
        self._cache = cache
        self._posts = posts
        self._profiles = profiles
        self._uploads = uploads

    async def publish(self, author: int, draft: Draft) -> Published:
        """Publish `draft`. Raises ValidationError (what is wrong with it), StoreUnavailableError (nothing was kept)."""
        draft = _normal(draft)
        check(draft.text, draft.spoiler_text, draft.media_ids)
        earlier = await self._by_key(author, draft.key)
        if earlier is not None:
            return Published(earlier, created=False)
        try:
            photos = await self._uploads.attachable(author, draft.media_ids)
        except ValidationError:
            # Another call with this key may have committed since we looked: the photos are in its post.
            earlier = await self._by_key(author, draft.key)
            if earlier is None:
                raise
            return Published(earlier, created=False)
        mentions = await mentions_of(self._profiles, draft.text)
        post = _post(author, draft, mentions, photos)
        async with self._shards.of(author).transaction() as transaction:
            written = await _write(transaction, post, draft.key)
            attached = await _attach(transaction, author, written["id"], photos) if written else []
            reserved = await self._posts.reserve(written["id"]) if written else None
        if written is None or reserved is None:
            earlier = await self._by_key(author, draft.key)
            # None: the post that had this key has been deleted at this very moment.
            return Published(earlier, created=False) if earlier is not None else await self.publish(author, draft)
        post = msgspec.structs.replace(post, id=written["id"], photos=attached)
        await self._show_author(post, written["position"], reserved, transaction.position)
        return Published(post.id, created=True, only=_only(post), reply=_reply(post), tags=_listed(post))

    async def _by_key(self, author: int, key: str) -> int | None:
        if not key:
            return None
        slot = ids.slot_of(author)
        found: int | None = await self._shards.at(slot).value(sql.by_key, slot=slot, account_id=author, key=key)
        return found

    async def _show_author(self, post: Post, written: int, reserved: Reserved, committed: int) -> None:
        """`written`: a position before whatever may have changed the post since; `committed`: one that covers it."""
        await asyncio.gather(
            self._posts.write(post, written, reserved),
            self._cache.renew_at_once(committed, authored.changed(post.account_id)),
        )

    async def settle(self, authors: Mapping[int, int]) -> None:
        """The outbox' part of what requests show the authors of posts (`authors`, by post). Raises StoreUnavailableError."""
        grouped = self._shards.group(authors)
        await asyncio.gather(*(self._settle(shard, some, authors) for shard, some in grouped.items()))

    async def _settle(self, shard: Shard, post_ids: list[int], authors: Mapping[int, int]) -> None:
        position = await shard.mark()
        changed = [authored.changed(author) for author in {authors[each] for each in post_ids}]
        await self._cache.renew(position, chain.from_iterable(changed))
        # What is cached of a post is the post: the request wrote it. Unless somebody had guessed the id before it
        # committed, and the cache was away when it was written.
        (cached,) = await self._cache.read([(POST, post_ids)])
        wrong = [(POST, each) for each, body in cached.items() if body is not None and body[0].gone]
        if wrong:
            await self._cache.invalidate(position, wrong)

    async def sweep(self) -> None:
        """Forget idempotency keys that are older than a day."""
        for shard in self._shards.all:
            await shard.chore(sql.sweep_keys)


async def mentions_of(profiles: Profiles, text: str) -> list[Mention]:
    """Who is named in `text`, of those who exist."""
    named = await profiles.by_usernames(captions.mentioned_names(text)[:MAX_MENTIONS])
    return [Mention(account.id, account.username) for account in named]


async def _write(transaction: Transaction, post: Post, key: str) -> Row | None:
    """Write `post`, whose id is still to be minted: `id` and `position`. None when the key has been published under."""
    return await transaction.row(
        sql.publish,
        slot=ids.slot_of(post.account_id),
        account_id=post.account_id,
        key=key,
        text=post.text,
        spoiler_text=post.spoiler_text,
        visibility=int(post.visibility),
        sensitive=post.sensitive,
        language=post.language,
        tags=post.tags,
        mentions=msgspec.to_builtins(post.mentions),
        application=post.application,
        media_count=len(post.photos),
        in_reply_to_id=post.in_reply_to_id,
        in_reply_to_account_id=post.in_reply_to_account_id,
        root_id=post.root_id,
        counted=post.visibility != Visibility.DIRECT,
        count_kind=int(Count.POSTS),
        followers_kind=int(Count.FOLLOWERS),
        message_kind=PUBLISHED,
        only=_only(post),
        listed=_listed(post),
        reply=_answers(post),
        addressed=is_addressed(post.visibility, post.mentions, post.in_reply_to_account_id),
        rings=does_ring(post.visibility, post.account_id, post.in_reply_to_account_id),
        request_id=outbox.request_id(),
    )


def is_addressed(visibility: Visibility, mentions: Sized, answered: int | None) -> bool:
    """Whether a post is for somebody in particular. `answered`: the author of what it answers."""
    return bool(mentions) or bool(answered) or visibility == Visibility.DIRECT


def does_ring(visibility: Visibility, author: int, answered: int | None) -> bool:
    """Whether those with a bell are told: of what an author begins or goes on with, as in Mastodon, not of answers."""
    return visibility != Visibility.DIRECT and (not answered or answered == author)


def _listed(post: Post) -> list[str]:
    """The hashtags that will list the post."""
    return post.tags if post.visibility == Visibility.PUBLIC else []


def _only(post: Post) -> list[int] | None:
    return [mention.id for mention in post.mentions] if post.visibility == Visibility.DIRECT else None


def _answers(post: Post) -> dict[str, int | bool] | None:
    """What the message says of the reply that `post` is: all of a `Reply` but the id that is still to be minted."""
    if post.in_reply_to_id is None or post.root_id is None:
        return None
    return {"parent": post.in_reply_to_id, "root": post.root_id, "counted": is_counted(post.visibility)}


def _reply(post: Post) -> Reply | None:
    answers = _answers(post)
    return None if answers is None else msgspec.convert(answers | {"post": post.id}, Reply)


async def _attach(transaction: Transaction, author: int, post_id: int, photos: list[Attachment]) -> list[Attachment]:
    """Attach `photos`, in order; as they are now, since a description may have changed since they were looked at."""
    slot = ids.slot_of(post_id)
    attached = {}
    # In the order of ids, so that two posts at once that want the same photos cannot wait for each other.
    for position, photo in sorted(enumerate(photos), key=lambda each: each[1].id):
        place = {"post_id": post_id, "position": position}
        row = await transaction.row(media_sql.attach, slot=slot, id=photo.id, account_id=author, **place)
        if row is None:
            raise ValidationError("Validation failed: a photo is attached to another post already")
        attached[photo.id] = Attachment.of(row)
    return [attached[photo.id] for photo in photos]


def _normal(draft: Draft) -> Draft:
    """A warning in front of nothing is the text itself, and what has a warning is sensitive, as Mastodon has it."""
    sensitive = draft.sensitive or bool(draft.spoiler_text.strip())
    text, spoiler_text = unhidden(draft.text, draft.spoiler_text)
    return msgspec.structs.replace(draft, text=text, spoiler_text=spoiler_text, sensitive=sensitive)


def unhidden(text: str, spoiler_text: str) -> tuple[str, str]:
    """Text and warning: a warning in front of nothing is the text."""
    return (text, spoiler_text) if text.strip() or not spoiler_text.strip() else (spoiler_text, "")


def check(text: str, spoiler_text: str, media_ids: list[int]) -> None:
    """Raise ValidationError for what a post must not be."""
    if not text.strip() and not media_ids:
        raise ValidationError("Validation failed: Text can't be blank")
    if len(text) + len(spoiler_text) > MAX_CHARACTERS:
        raise ValidationError(f"Validation failed: Text character limit of {MAX_CHARACTERS} exceeded")
    if len(media_ids) > MAX_PHOTOS:
        raise ValidationError(f"Validation failed: Cannot attach more than {MAX_PHOTOS} files")
    if len(set(media_ids)) != len(media_ids):
        raise ValidationError("Validation failed: the same photo is attached twice")
    if "\0" in text or "\0" in spoiler_text:
        raise ValidationError("Validation failed: Text must not hold a null character")


def _post(author: int, draft: Draft, mentions: list[Mention], photos: list[Attachment]) -> Post:
    return Post(
        id=0,
        account_id=author,
        text=draft.text,
        spoiler_text=draft.spoiler_text,
        visibility=draft.visibility,
        sensitive=draft.sensitive,
        language=draft.language,
        tags=captions.hashtags(draft.text),
        mentions=mentions,
        application=draft.application,
        photos=photos,
        in_reply_to_id=draft.parent.id if draft.parent else None,
        in_reply_to_account_id=draft.parent.account_id if draft.parent else None,
        root_id=draft.parent.root_id if draft.parent else None,
    )
