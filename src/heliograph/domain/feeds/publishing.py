"""Publish, and see it at home: the post commits, the author's own feed has it before the answer, workers do the rest."""

import asyncio

from heliograph.base.errors import NotFoundError, StoreUnavailableError
from heliograph.domain.feeds import rules
from heliograph.domain.feeds.deliver import Delivery
from heliograph.domain.posts.post import Header, Visibility
from heliograph.domain.posts.publish import Draft, Published, Publisher
from heliograph.domain.posts.reblogs import Reblogs
from heliograph.stores.cache import note_degraded
from heliograph.stores.outbox import Outbox


class Publishing:
    """Publishes posts with their effect on feeds."""

    def __init__(self, publisher: Publisher, reblogs: Reblogs, delivery: Delivery, outbox: Outbox) -> None:
        self._publisher = publisher
        self._reblogs = reblogs
        self._delivery = delivery
        self._outbox = outbox

    async def publish(self, author: int, draft: Draft) -> Published:
        """Publish `draft`. Raises ValidationError, StoreUnavailableError (then nothing was kept)."""
        published = await self._publisher.publish(author, draft)
        if published.created:
            await self._at_once(published.post_id, author, published.only)
        return published

    async def reblog(self, account: int, original: Header, visibility: Visibility) -> int:
        """Let `account` reblog a post that it may see; the id of the post that stands for it. Raises NotFoundError."""
        shared = rules.reblogged_as(original, account, visibility)
        if shared is None:
            raise NotFoundError
        made = await self._reblogs.reblog(account, original.id, shared)
        if made.post_id is None:
            raise NotFoundError
        if made.created:
            await self._at_once(made.post_id, account, None)
        return made.post_id

    async def unreblog(self, account: int, original: int) -> None:
        """Let `account` no longer reblog `original`. Raises NotFoundError when that has just been deleted."""
        await self._reblogs.unreblog(account, original)
        await self._outbox.hint()

    async def _at_once(self, post_id: int, author: int, only: list[int] | None) -> None:
        try:
            await asyncio.gather(self._outbox.hint(), self._delivery.at_once(post_id, author, only))
        except StoreUnavailableError as error:
            # The worker will do it.
            note_degraded(error.store)
