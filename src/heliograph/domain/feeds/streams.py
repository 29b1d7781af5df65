"""What happens, told to open streams: which processes have any, and who of them may see it, is not this module's matter.

An event that cannot be told is lost, and not told again: streams show what happens now, feeds and lists hold what has
happened. So telling never fails a request or a worker.
"""

import msgspec

from heliograph.base import metrics
from heliograph.base.errors import StoreUnavailableError
from heliograph.domain.posts.post import Header
from heliograph.stores.broadcast import Broadcast

UPDATE, EDIT, DELETE = "update", "status.update", "delete"
NOTIFICATION, CONVERSATION = "notification", "conversation"
# Of no interest to clients: the account's follows have changed.
RELATIONS = "relations"


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """A happening, as processes tell it to each other. `kind`: one of the names above; the rest as the kind needs it.

    `header`: of a deleted post, of which nothing else is left. `account`: whom it is for; `id`: of what they are told of.
    """

    kind: str
    post: int = 0
    header: Header | None = None
    account: int = 0
    id: int = 0


_encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Event).decode


class Streams:
    """Tells of what happens. Called after it has committed, from any process; what is told twice may be shown twice."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast

    async def tell_published(self, *post_ids: int) -> None:
        """There are new posts, or reblogs (by ids of their own). May be told twice: they are shown once."""
        await self._tell(*(Event(UPDATE, post=post_id) for post_id in post_ids))

    async def tell_edited(self, post_id: int) -> None:
        """A post has been edited, and the caches know."""
        await self._tell(Event(EDIT, post=post_id))

    async def tell_deleted(self, header: Header) -> None:
        """A post, or a reblog, has been deleted. `header`: as it was before, not `gone`; it says who could see it."""
        await self._tell(Event(DELETE, header=header))

    async def tell_notification(self, account_id: int, notification_id: int) -> None:
        """`account_id` has a new notification; its entity is made by the `loaders` of the process that shows it."""
        await self._tell(Event(NOTIFICATION, account=account_id, id=notification_id))

    async def tell_conversation(self, account_id: int, conversation_id: int) -> None:
        """A conversation of `account_id` has changed; its entity is made by the `loaders` of the process that shows it."""
        await self._tell(Event(CONVERSATION, account=account_id, id=conversation_id))

    async def tell_relations(self, *account_ids: int) -> None:
        """These accounts follow others, or other hashtags, than before; called after the caches know.

        Only for what they see more of: what they must not see any more is asked for at the moment of sending.
        """
        await self._tell(*(Event(RELATIONS, account=account_id) for account_id in account_ids))

    async def _tell(self, *events: Event) -> None:
        try:
            await self._broadcast.tell(*map(_encode, events))
        except StoreUnavailableError:
            for event in events:
                metrics.stream_events_lost.labels(event.kind).inc()
