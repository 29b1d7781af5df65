"""Publish, and see it at home: the post commits, the author's own feed has it before the answer, workers do the rest."""

import asyncio
from collections.abc import Iterable

import msgspec

from heliograph.base.errors import NotFoundError, StoreUnavailableError
from heliograph.domain.feeds import rules
from heliograph.domain.feeds.deliver import Delivery
from heliograph.domain.feeds.everybody import Everybody
from heliograph.domain.feeds.streams import Streams
from heliograph.domain.feeds.tagging import Tagging
from heliograph.domain.feeds.threads import Contexts
from heliograph.domain.posts.edit import Edited, Editor, PostChanges
from heliograph.domain.posts.post import Header, Visibility
from heliograph.domain.posts.publish import PUBLISHED, Draft, Published, Publisher
from heliograph.domain.posts.reblogs import Reblogs
from heliograph.domain.posts.threads import Reply, Threads
from heliograph.stores.cache import note_degraded
from heliograph.stores.outbox import Outbox


class Publishing:
    """Publishes posts with their effect on feeds."""

    def __init__(
        self,
        publisher: Publisher,
        editor: Editor,
        reblogs: Reblogs,
        threads: Threads,
        contexts: Contexts,
        delivery: Delivery,
        tagging: Tagging,
        everybody: Everybody,
        streams: Streams,
        outbox: Outbox,
    ) -> None:
        self._publisher = publisher
        self._editor = editor
        self._reblogs = reblogs
        self._threads = threads
        self._contexts = contexts
        self._delivery = delivery
        self._tagging = tagging
        self._everybody = everybody
        self._streams = streams
        self._outbox = outbox

    async def publish(self, author: int, draft: Draft, answered: int | None = None) -> Published:
        """Publish `draft`, as an answer to the post `answered`.

        Raises NotFoundError (there is nothing to answer that `author` may see), ValidationError, StoreUnavailableError
        (then nothing was kept).
        """
        if answered is not None:
            parent = await self._contexts.parent(author, answered)
            draft = msgspec.structs.replace(draft, parent=parent)
        published = await self._publisher.publish(author, draft)
        if not published.created:
            # Who made it may have died since, before the author's own feed had it.
            await self._at_once(published.post_id, author, [])
        else:
            await asyncio.gather(
                self._at_once(published.post_id, author, published.only, PUBLISHED),
                self._take_place(published.reply),
                self._list(published.post_id, published.tags),
                self._everybody.show(_header(published.post_id, author, draft)),
                # The worker tells again, should this be cut short; who has shown it does not do so twice.
                self._streams.tell_published(published.post_id),
            )
        return published

    async def _list(self, post_id: int, tags: list[str], formerly: Iterable[str] = ()) -> None:
        if tags or formerly:
            await self._tagging.at_once(post_id, formerly)

    async def _take_place(self, reply: Reply | None) -> None:
        if reply is None:
            return
        try:
            await self._threads.add(reply)
        except StoreUnavailableError as error:
            # The worker will do it.
            note_degraded(error.store)

    async def edit(self, author: int, post_id: int, changes: PostChanges) -> None:
        """Change a post of `author`; nothing happens when nothing is different. Raises NotFoundError, ValidationError."""
        edited = await self._editor.edit(author, post_id, changes)
        if edited is not None:
            only = edited.mentioned if edited.visibility == Visibility.DIRECT else None
            await asyncio.gather(
                self._at_once(post_id, author, only) if only else self._outbox.hint(),
                self._list(post_id, edited.tags, edited.old_tags),
            )

    async def settle_edit(self, edited: Edited) -> None:
        """The outbox' part of an edit, for feeds. Raises StoreUnavailableError.

        A direct post comes to those whom it names now, a public one to those who follow a hashtag that it has now.
        """
        if edited.visibility == Visibility.DIRECT and edited.mentioned:
            await self._delivery.at_once(edited.post, edited.author, edited.mentioned)
        await self._everybody.settle(edited.post)
        if edited.tags or edited.old_tags:
            await self._tagging.edited(edited.post, edited.tags, edited.old_tags)

    async def reblog(self, account: int, original: Header, visibility: Visibility) -> int:
        """Let `account` reblog a post that it may see; the id of the post that stands for it. Raises NotFoundError."""
        shared = rules.reblogged_as(original, account, visibility)
        if shared is None:
            raise NotFoundError
        made = await self._reblogs.reblog(account, original.id, shared)
        if made.post_id is None:
            raise NotFoundError
        # A worker may have written the share, and not yet have come to push it.
        at_once = [self._at_once(made.post_id, account, None)]
        if made.created:
            at_once.append(self._streams.tell_published(made.post_id))
        await asyncio.gather(*at_once)
        return made.post_id

    async def unreblog(self, account: int, original: int) -> None:
        """Let `account` no longer reblog `original`. Raises NotFoundError when that has just been deleted."""
        await self._reblogs.unreblog(account, original)
        await self._outbox.hint()

    async def _at_once(self, post_id: int, author: int, only: list[int] | None, *kinds: str) -> None:
        """`kinds`: of the messages that the change has put into the outbox; none: whatever kind."""
        try:
            await asyncio.gather(self._outbox.hint(*kinds), self._delivery.at_once(post_id, author, only))
        except StoreUnavailableError as error:
            # The worker will do it.
            note_degraded(error.store)


def _header(post_id: int, author: int, draft: Draft) -> Header:
    """As much of a new post's header as says where everybody sees it."""
    answered = draft.parent.account_id if draft.parent else 0
    photos = bool(draft.media_ids)
    return Header(post_id, author, draft.visibility, (), gone=False, reply_to=answered, has_photos=photos)
