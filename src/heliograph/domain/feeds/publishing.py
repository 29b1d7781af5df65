"""Publish, and see it at home: the post commits, the author's own feed has it before the answer, workers do the rest."""

import asyncio

from heliograph.base.errors import StoreUnavailableError
from heliograph.domain.feeds.deliver import Delivery
from heliograph.domain.posts.publish import Draft, Published, Publisher
from heliograph.stores.cache import note_degraded
from heliograph.stores.outbox import Outbox


class Publishing:
    """Publishes posts with their effect on feeds."""

    def __init__(self, publisher: Publisher, delivery: Delivery, outbox: Outbox) -> None:
        self._publisher = publisher
        self._delivery = delivery
        self._outbox = outbox

    async def publish(self, author: int, draft: Draft) -> Published:
        """Publish `draft`. Raises ValidationError, StoreUnavailableError (then nothing was kept)."""
        published = await self._publisher.publish(author, draft)
        if published.created:
            try:
                await asyncio.gather(
                    self._outbox.hint(), self._delivery.at_once(published.post_id, author, published.only)
                )
            except StoreUnavailableError as error:
                # The worker will do it.
                note_degraded(error.store)
        return published
