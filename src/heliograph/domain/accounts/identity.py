"""Who is asking: from the text of a token or a session cookie to an account, an app and what they may do.

An answer is believed in this process until its owner's proofs change, which every process is told of; a process that
cannot hear that (Valkey is away) believes for a second only. Refusals are never remembered.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal

import msgspec

from heliograph.base.errors import ForbiddenError
from heliograph.domain.accounts import scopes
from heliograph.domain.accounts.bearer import Bearer
from heliograph.stores.queries import load
from heliograph.stores.revocations import Revocations
from heliograph.stores.shards import Row, Shards

tokens = load("tokens")
sessions = load("sessions")

BELIEVED_S = 60.0
BELIEVED_DEAF_S = 1.0
BELIEVED_MAX = 20_000

DISABLED = "Your login is currently disabled"
PENDING = "Your login is currently pending approval"

Kind = Literal["token", "session"]


class Identity(msgspec.Struct, frozen=True):
    """Who asks. `account_id` is None for an app on its own behalf, `app_id` for a person in the browser."""

    account_id: int | None
    app_id: int | None
    scopes: scopes.Scopes
    role: str

    def may(self, *needed: str) -> bool:
        """Whether one of the scopes `needed` is granted."""
        return any(scopes.covers(self.scopes, scope) for scope in needed)


class Identities:
    """Proves tokens and cookies."""

    def __init__(
        self,
        shards: Shards,
        revocations: Revocations | None = None,
        *,
        session_days: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`revocations`: how processes tell each other; without it this one believes as if it could not hear."""
        self._shards = shards
        self._revocations = revocations
        self._session_days = session_days
        self._clock = clock
        # By what it was proven as, too: believed as a token, a text must not count as a cookie.
        self._believed: dict[tuple[Kind, Bearer], tuple[float, Identity]] = {}
        self._forgettings = 0
        self._when_forgotten: list[Callable[[int | None], None]] = []

    def on_forgotten(self, heard: Callable[[int | None], None]) -> None:
        """Have `heard` called when proofs of an account (None: of anybody) may have ended, here or in another process."""
        self._when_forgotten.append(heard)

    async def of_token(self, text: str) -> Identity | None:
        """Whom an access token stands for; None when it is unknown. Raises ForbiddenError for an account shut out."""
        bearer = Bearer.parse(text)
        if bearer is None:
            return None
        return self._recall("token", bearer) or await self._prove_token(bearer)

    def recalled(self, text: str) -> Identity | None:
        """Whom this process believes an access token to stand for; None when it has to be looked up, or can be none."""
        bearer = Bearer.parse(text)
        return None if bearer is None else self._recall("token", bearer)

    async def of_session(self, cookie: str) -> Identity | None:
        """Whom a session cookie stands for; None when it is unknown. Raises ForbiddenError for an account shut out."""
        bearer = Bearer.parse(cookie)
        if bearer is None:
            return None
        return self._recall("session", bearer) or await self._prove_session(bearer)

    def forget(self, bearer: Bearer) -> None:
        """Believe nothing of one proof any more, in any process. Called after its row has gone."""
        self.forget_account(bearer.owner_id)

    def forget_account(self, account_id: int) -> None:
        """Believe nothing of what stands for `account_id`, in any process. Called after a change has committed."""
        self._drop(account_id)
        if self._revocations is not None:
            self._revocations.tell(account_id)

    @asynccontextmanager
    async def hearing(self) -> AsyncIterator[None]:
        """Inside the block, revocations by other processes are heard of."""
        assert self._revocations is not None, "there is nobody to hear"
        async with self._revocations.heard(self._drop, self._drop_all):
            yield

    def _drop(self, owner_id: int) -> None:
        self._forgettings += 1
        for proof in [proof for proof in self._believed if proof[1].owner_id == owner_id]:
            del self._believed[proof]
        self._tell_forgotten(owner_id)

    def _drop_all(self) -> None:
        self._forgettings += 1
        self._believed.clear()
        self._tell_forgotten(None)

    def _tell_forgotten(self, owner_id: int | None) -> None:
        for heard in self._when_forgotten:
            heard(owner_id)

    async def _prove_token(self, bearer: Bearer) -> Identity | None:
        before = self._forgettings
        row = await self._shards.at(bearer.slot).row(tokens.identify, slot=bearer.slot, hash=bearer.hash)
        if row is None or bearer.owner_id != (row["account_id"] or row["app_id"]):
            return None
        if row["account_id"] is not None:
            _admit(row["state"])
        identity = Identity(row["account_id"], row["app_id"], tuple(row["scopes"]), row["role"] or "")
        return self._remember(("token", bearer), identity, before)

    async def _prove_session(self, bearer: Bearer) -> Identity | None:
        before = self._forgettings
        shard = self._shards.at(bearer.slot)
        row = await shard.row(sessions.identify, slot=bearer.slot, hash=bearer.hash)
        if row is None or bearer.owner_id != row["account_id"]:
            return None
        _admit(row["state"])
        if row["stale"]:
            await shard.run(sessions.touch, slot=bearer.slot, hash=bearer.hash, days=self._session_days)
        return self._remember(("session", bearer), _in_browser(row), before)

    def _recall(self, kind: Kind, bearer: Bearer) -> Identity | None:
        until, identity = self._believed.get((kind, bearer), (0.0, None))
        return identity if until > self._clock() else None

    def _remember(self, proof: tuple[Kind, Bearer], identity: Identity, before: int) -> Identity:
        # Whatever was revoked while this was read may be this one.
        if before == self._forgettings:
            self._believed.pop(proof, None)
            hears = self._revocations is not None and self._revocations.hearing
            self._believed[proof] = (self._clock() + (BELIEVED_S if hears else BELIEVED_DEAF_S), identity)
            while len(self._believed) > BELIEVED_MAX:
                del self._believed[next(iter(self._believed))]
        return identity


def _in_browser(row: Row) -> Identity:
    granted = scopes.OWN_ADMIN if row["role"] == "admin" else scopes.OWN
    return Identity(row["account_id"], None, granted, row["role"])


def _admit(state: str | None) -> None:
    if state == "pending":
        raise ForbiddenError(PENDING)
    if state != "active":
        raise ForbiddenError(DISABLED)
