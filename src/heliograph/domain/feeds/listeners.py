"""The open streams of this process: whose they are, what they listen to, and for how long they may.

A stream lasts as long as the token that opened it: when that is revoked, or its account suspended, the stream is ended.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from heliograph.base import metrics
from heliograph.base.errors import (
    ForbiddenError,
    LoginRequiredError,
    RateLimitedError,
    ScopeError,
    StoreUnavailableError,
    UnauthenticatedError,
)
from heliograph.domain.accounts.identity import Identities, Identity
from heliograph.domain.feeds.audience import Audience
from heliograph.domain.feeds.channels import USER, Channel, Key
from heliograph.domain.graph.relations import RelationsReader

# Of one account in one process; of one stream.
STREAMS_AT_MOST = 30
CHANNELS_AT_MOST = 30
ASK_AGAIN_S = 1.0

REVOKED, SLOW, STOPPING = "revoked", "slow", "stopping"


class News:
    """What a client is told. `forms`: what transports have made of it, so that it is made once for all of them."""

    __slots__ = ("event", "forms", "payload")

    def __init__(self, event: str, payload: bytes) -> None:
        """`event`: as clients know it; `payload`: JSON, or an id."""
        self.event = event
        self.payload = payload
        self.forms: dict[Any, Any] = {}


class Outlet(ABC):
    """The way to one client. None of its methods waits."""

    __slots__ = ()

    @abstractmethod
    def show(self, news: News, channel: Channel) -> None:
        """Send it `news`; whoever does not keep up is dropped."""

    @abstractmethod
    def end(self, reason: str) -> None:
        """Close it; `reason`: REVOKED, SLOW or STOPPING."""


class Listener:
    """One open stream."""

    __slots__ = ("account_id", "channels", "identity", "outlet", "token")

    def __init__(self, token: str, identity: Identity, account_id: int, outlet: Outlet) -> None:
        self.token = token
        self.identity = identity
        self.account_id = account_id
        self.outlet = outlet
        self.channels: dict[Key, Channel] = {}


class Listeners:
    """Opens and closes streams, and finds those that listen to something."""

    def __init__(self, identities: Identities, relations: RelationsReader) -> None:
        self._identities = identities
        self._relations = relations
        self._by_account: dict[int, list[Listener]] = {}
        self._by_key: dict[Key, dict[Listener, Channel]] = {}
        self._reading: dict[int, bool] = {}
        self._unproven: set[int] = set()
        self._proving: asyncio.Task[None] | None = None
        self._stopping = False
        self.audience = Audience()
        identities.on_forgotten(self._forgotten)

    def __bool__(self) -> bool:
        """Whether any stream is open."""
        return bool(self._by_account)

    async def open(self, token: str, outlet: Outlet) -> Listener:
        """A stream for whom `token` stands for.

        Raises UnauthenticatedError, ForbiddenError, RateLimitedError, StoreUnavailableError (among others while stopping).
        """
        listener = self._admit(token, await self._prove_token(token), outlet)
        # What was revoked before it stood here is not told of again.
        try:
            await self._prove_token(token)
        except BaseException:
            self.close(listener)
            raise
        return listener

    async def _prove_token(self, token: str) -> Identity:
        identity = await self._identities.of_token(token)
        if identity is None:
            raise UnauthenticatedError
        return identity

    def _admit(self, token: str, identity: Identity, outlet: Outlet) -> Listener:
        if identity.account_id is None:
            raise LoginRequiredError
        if self._stopping:
            raise StoreUnavailableError("streams")
        own = self._by_account.get(identity.account_id, [])
        if len(own) >= STREAMS_AT_MOST:
            raise RateLimitedError(60, "Too many streams")
        listener = Listener(token, identity, identity.account_id, outlet)
        self._by_account[identity.account_id] = [*own, listener]
        return listener

    def close(self, listener: Listener) -> None:
        """The stream is no more. May be called twice."""
        for channel in list(listener.channels.values()):
            self.unsubscribe(listener, channel)
        rest = [each for each in self._by_account.get(listener.account_id, ()) if each is not listener]
        if rest:
            self._by_account[listener.account_id] = rest
        else:
            self._by_account.pop(listener.account_id, None)

    async def subscribe(self, listener: Listener, channel: Channel) -> None:
        """Let a stream carry `channel`, too. Idempotent. Raises ScopeError, RateLimitedError, StoreUnavailableError."""
        if not listener.identity.may(channel.scope):
            raise ScopeError
        key = channel.key(listener.account_id)
        if key in listener.channels:
            return
        if len(listener.channels) >= CHANNELS_AT_MOST:
            raise RateLimitedError(60, "Too many channels")
        listener.channels[key] = channel
        self._by_key.setdefault(key, {})[listener] = channel
        if channel.name == USER and listener.account_id not in self.audience:
            self.audience.add(listener.account_id)
            try:
                await self.refresh([listener.account_id])
            except StoreUnavailableError:
                self.unsubscribe(listener, channel)
                raise

    def unsubscribe(self, listener: Listener, channel: Channel) -> None:
        """Let a stream carry `channel` no more."""
        key = channel.key(listener.account_id)
        if listener.channels.pop(key, None) is None:
            return
        subscribed = self._by_key[key]
        del subscribed[listener]
        if not subscribed:
            del self._by_key[key]
            if channel.name == USER:
                self.audience.remove(listener.account_id)

    def of(self, *keys: Key) -> list[tuple[Listener, Channel]]:
        """Who listens to one of `keys`, as they asked for it."""
        return [each for key in keys if key in self._by_key for each in self._by_key[key].items()]

    async def refresh(self, account_ids: Iterable[int] | None = None) -> None:
        """Read anew whom these accounts follow (None: all), as far as their homes are streamed here."""
        for account_id in self.audience.among(account_ids):
            if account_id in self._reading:
                # Whoever reads now may have begun too early, and begins again.
                self._reading[account_id] = True
            else:
                await self._learn(account_id)

    async def _learn(self, account_id: int) -> None:
        self._reading[account_id] = True
        try:
            while self._reading[account_id]:
                self._reading[account_id] = False
                self.audience.learn(account_id, await self._relations.of(account_id))
        finally:
            del self._reading[account_id]

    def end_all(self) -> None:
        """End all streams, and open none any more: this process is stopping."""
        self._stopping = True
        if self._proving is not None:
            self._proving.cancel()
        self._end((each for own in self._by_account.values() for each in own), STOPPING)

    def _end(self, some: Iterable[Listener], reason: str) -> None:
        for listener in list(some):
            metrics.streams_dropped.labels(reason).inc()
            self.close(listener)
            listener.outlet.end(reason)

    def _forgotten(self, account_id: int | None) -> None:
        """Something that stood for `account_id` (None: for anybody) may stand no more: ask for each of their streams."""
        self._unproven |= self._by_account.keys() if account_id is None else {account_id} & self._by_account.keys()
        if self._unproven and self._proving is None:
            self._proving = asyncio.create_task(self._prove())

    async def _prove(self) -> None:
        try:
            while self._unproven:
                account_id = self._unproven.pop()
                for listener in list(self._by_account.get(account_id, ())):
                    if not await self._stands(listener):
                        self._end([listener], REVOKED)
        finally:
            self._proving = None

    async def _stands(self, listener: Listener) -> bool:
        try:
            identity = await self._identities.of_token(listener.token)
        except ForbiddenError:
            return False
        except StoreUnavailableError:
            self._unproven.add(listener.account_id)
            await asyncio.sleep(ASK_AGAIN_S)
            return True
        if identity is not None:
            listener.identity = identity
        return identity is not None
