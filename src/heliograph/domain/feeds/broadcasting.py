"""From what happens on the site to what each open stream of this process shows of it.

The index (audience.py) says who might get a post. Who does get it is decided at the moment of sending, by the rules of
every timeline and the viewer's relations as they are then, so that nothing is sent that its reader must not see. A post
is read once for all; it is made anew only for viewers to whom it looks different.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import msgspec

from heliograph.base import logs, metrics
from heliograph.base.errors import StoreUnavailableError
from heliograph.domain.feeds import channels, present, rules, streams
from heliograph.domain.feeds.channels import Channel, Key
from heliograph.domain.feeds.hydrate import Hydration
from heliograph.domain.feeds.listeners import Listener, Listeners, News
from heliograph.domain.feeds.pieces import Hydrated
from heliograph.domain.feeds.streams import Event
from heliograph.domain.graph.relations import Relations, RelationsReader
from heliograph.domain.posts.marks import UNMARKED, MarksReader
from heliograph.domain.posts.post import Header
from heliograph.stores.broadcast import Broadcast

log = logs.get("streams")

# Events that wait here at most: a process that is further behind shows the newest, and drops the oldest.
BEHIND_AT_MOST = 2000
# New posts that this process has shown last: each is told of by the request and by a worker.
SHOWN_KEPT = 10_000
AT_ONCE = 50
AGAIN_S = 1.0

# (account, id) -> the entity as JSON, as that account sees it; None when there is none (any more).
Loader = Callable[[int, int], Awaitable[bytes | None]]
Subscriber = tuple[Listener, Channel]


class Broadcasting:
    """Hears, and shows. `loaders`: make the entity of a notification and of a conversation, by the kind of the event."""

    def __init__(
        self,
        broadcast: Broadcast,
        listeners: Listeners,
        hydration: Hydration,
        relations: RelationsReader,
        marks: MarksReader,
        loaders: Mapping[str, Loader],
    ) -> None:
        self._broadcast = broadcast
        self._listeners = listeners
        self._hydration = hydration
        self._relations = relations
        self._marks = marks
        self._loaders = loaders
        self._waiting: deque[bytes] = deque()
        self._shown: dict[int, None] = {}
        self._missed = False
        self._wake = asyncio.Event()

    @asynccontextmanager
    async def hearing(self) -> AsyncIterator[None]:
        """Inside the block, the open streams of this process show what happens; at its end they are ended."""
        showing = asyncio.create_task(self._show_all())
        try:
            async with self._broadcast.heard(self._on_message, self._on_change):
                yield
        finally:
            self._listeners.end_all()
            showing.cancel()
            await asyncio.wait([showing])

    def _on_message(self, message: bytes) -> None:
        if not self._listeners:
            return
        if len(self._waiting) >= BEHIND_AT_MOST:
            self._waiting.popleft()
            metrics.stream_events_lost.labels("any").inc()
        self._waiting.append(message)
        self._wake.set()

    def _on_change(self, hears: bool) -> None:
        self._missed = self._missed or hears
        self._wake.set()

    async def _show_all(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting or self._missed:
                some = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
                await self._show(some)

    async def _show(self, messages: list[bytes]) -> None:
        events = [event for message in messages if (event := _told(message)) is not None]
        try:
            if self._missed:
                await self._listeners.refresh()
                self._missed = False
            await self.show(events)
        except StoreUnavailableError:
            for event in events:
                metrics.stream_events_lost.labels(event.kind).inc()
            if self._missed:
                await asyncio.sleep(AGAIN_S)
        except Exception:
            # The boundary of this task, like that of a request: one event that cannot be shown must not silence all streams.
            log.exception("streams.failed")
            for event in events:
                metrics.stream_events_lost.labels(event.kind).inc()

    async def show(self, events: list[Event]) -> None:
        """Show `events`, in their order. Raises StoreUnavailableError, then the rest of them is lost."""
        wanted = [
            each.post for each in events if each.post and (each.kind == streams.EDIT or each.post not in self._shown)
        ]
        posts = {each.header.id: each for each in await self._hydration.posts(wanted)} if wanted else {}
        for event in events:
            if event.kind == streams.RELATIONS:
                await self._listeners.refresh([event.account])
            elif event.kind == streams.DELETE and event.header is not None:
                await self._show_deleted(event.header)
            elif event.post in posts:
                if event.kind == streams.EDIT or self._is_new(event.post):
                    await self._show_post(event.kind, posts[event.post])
            elif event.kind in self._loaders:
                await self._show_own(event)

    def _is_new(self, post_id: int) -> bool:
        if post_id in self._shown:
            return False
        self._shown[post_id] = None
        while len(self._shown) > SHOWN_KEPT:
            del self._shown[next(iter(self._shown))]
        return True

    async def _show_deleted(self, header: Header) -> None:
        news = News(streams.DELETE, str(header.id).encode())
        found = await self._subscribers(header, header)
        metrics.stream_events.labels(streams.DELETE).inc(len(found))
        for listener, channel in found:
            listener.outlet.show(news, channel)

    async def _show_post(self, kind: str, post: Hydrated) -> None:
        made: dict[bytes, News] = {}
        found = await self._subscribers(post.header, post.shown)
        metrics.stream_events.labels(kind).inc(len(found))
        # Nobody has marked what nobody has seen.
        fresh = kind == streams.UPDATE and post.original is None
        viewers = [] if fresh else list({listener.account_id: None for listener, _ in found})
        marked = await self._marks.of_each(viewers, post.shown.id) if viewers else {}
        for listener, channel in found:
            viewer = listener.account_id
            payload = present.post(post, viewer, marked.get(viewer, UNMARKED))
            listener.outlet.show(made.setdefault(payload, News(kind, payload)), channel)

    async def _show_own(self, event: Event) -> None:
        found = [each for each in self._listeners.of(*_personal(event)) if _may_hear(each[0], event)]
        payload = await self._loaders[event.kind](event.account, event.id) if found else None
        if payload is not None:
            news = News(event.kind, payload)
            metrics.stream_events.labels(event.kind).inc(len(found))
            for listener, channel in found:
                listener.outlet.show(news, channel)

    async def _subscribers(self, header: Header, shown: Header) -> list[Subscriber]:
        """Who gets the post `header`; `shown`: the header of what is seen of it."""
        home = self._listeners.of(*((channels.USER, viewer) for viewer in self._listeners.audience.of(header)))
        public = self._listeners.of(*_public(header))
        if not home and not public:
            return []
        viewers = list({listener.account_id: None for listener, _ in (*home, *public)})
        relations = await self._relations.of_many(viewers)
        return [
            *(each for each in home if _at_home(header, shown, each[0].account_id, relations)),
            *(each for each in public if _visible(header, each[0].account_id, relations)),
        ]


def _told(message: bytes) -> Event | None:
    """The event that another process tells of; None for one that this version of the code does not understand."""
    try:
        return streams.decode(message)
    except msgspec.MsgspecError:
        metrics.stream_events_lost.labels("unknown").inc()
        return None


def _at_home(header: Header, shown: Header, viewer: int, relations: dict[int, Relations]) -> bool:
    own = relations[viewer]
    return rules.at_home(header, viewer, own) and rules.visible(shown, viewer, own)


def _visible(header: Header, viewer: int, relations: dict[int, Relations]) -> bool:
    own = relations[viewer]
    return rules.visible(header, viewer, own) and rules.wanted(header, viewer, own)


def _public(header: Header) -> list[Key]:
    """The channels that carry the post to whoever may see it."""
    found: list[Key] = []
    if rules.in_public(header):
        found += [(name, 0) for name in (*channels.PUBLIC, *(channels.PUBLIC_MEDIA if header.has_photos else ()))]
    if rules.under_tags(header):
        found += [(name, tag) for name in channels.HASHTAG for tag in header.tags]
    return found


def _personal(event: Event) -> list[Key]:
    """The channels that carry a notification or a conversation."""
    if event.kind == streams.CONVERSATION:
        return [(channels.DIRECT, event.account)]
    return [(channels.USER, event.account), (channels.NOTIFICATIONS, event.account)]


def _may_hear(listener: Listener, event: Event) -> bool:
    """The channel `user` carries notifications only for whom has been allowed those."""
    return event.kind != streams.NOTIFICATION or listener.identity.may("read:notifications")
