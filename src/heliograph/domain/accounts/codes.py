"""Authorization codes: ten minutes, one use, bound to app, redirect address and PKCE challenge (RFC 6749 §4.1, RFC 7636).

A code that comes a second time has been stolen by one of the two who sent it: the token that came of it is revoked.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from typing import NoReturn

from heliograph.domain.accounts.bearer import Bearer, mint
from heliograph.domain.accounts.identity import Identities
from heliograph.domain.accounts.oauth_errors import InvalidGrantError, OAuthError
from heliograph.domain.accounts.scopes import Scopes
from heliograph.domain.accounts.tokens import IssuedToken, put
from heliograph.domain.accounts.tokens import sql as tokens
from heliograph.stores.queries import load
from heliograph.stores.shards import Session, Shards

sql = load("codes")

LIFETIME_S = 600

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def checked_challenge(challenge: str | None, method: str | None) -> str | None:
    """The S256 challenge of an authorization request, None when it has none.

    Raises OAuthError for the method `plain`, which protects nothing, and for what is no SHA-256.
    """
    if not challenge:
        return None
    if method != "S256":
        raise OAuthError("The code_challenge_method must be S256.")
    if _CHALLENGE.fullmatch(challenge) is None:
        raise OAuthError("The code_challenge is not a base64url SHA-256.")
    return challenge


def challenge_of(verifier: str) -> str:
    """The S256 challenge that `verifier` answers (RFC 7636 §4.2)."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


class Codes:
    """Issues and redeems codes."""

    def __init__(self, shards: Shards, identities: Identities) -> None:
        self._shards = shards
        self._identities = identities

    async def issue(
        self, account_id: int, app_id: int, redirect_uri: str, granted: Scopes, challenge: str | None
    ) -> str:
        """A code with which the app gets a token for `account_id`."""
        text, bearer = mint(account_id)
        await self._shards.of(account_id).run(
            sql.issue,
            slot=bearer.slot,
            hash=bearer.hash,
            account_id=account_id,
            app_id=app_id,
            redirect_uri=redirect_uri,
            scopes=list(granted),
            challenge=challenge,
            lifetime_s=float(LIFETIME_S),
        )
        return text

    async def redeem(self, text: str, app_id: int, redirect_uri: str, verifier: str | None) -> IssuedToken:
        """Trade a code for its token. Raises InvalidGrantError for whatever does not match."""
        bearer = Bearer.parse(text)
        if bearer is None or "\0" in redirect_uri or (verifier and _VERIFIER.fullmatch(verifier) is None):
            raise InvalidGrantError
        challenge = challenge_of(verifier) if verifier else None
        async with self._shards.at(bearer.slot).transaction() as transaction:
            issued = await _trade(transaction, bearer, app_id, redirect_uri, challenge)
        if issued is None:
            await self._refuse(bearer)
        return issued

    async def _refuse(self, bearer: Bearer) -> NoReturn:
        shard = self._shards.at(bearer.slot)
        token_hash = await shard.value(sql.token_of, slot=bearer.slot, hash=bearer.hash)
        if token_hash is not None:
            await shard.run(tokens.revoke, slot=bearer.slot, hash=token_hash)
            self._identities.forget(Bearer(bearer.owner_id, token_hash))
        raise InvalidGrantError

    async def sweep(self) -> None:
        """Drop the codes that ran out a day ago."""
        for shard in self._shards.all:
            await shard.chore(sql.sweep)


async def _trade(
    session: Session, code: Bearer, app_id: int, redirect_uri: str, challenge: str | None
) -> IssuedToken | None:
    text, token = mint(code.owner_id)
    row = await session.row(
        sql.redeem,
        slot=code.slot,
        hash=code.hash,
        token_hash=token.hash,
        app_id=app_id,
        redirect_uri=redirect_uri,
        challenge=challenge,
    )
    if row is None:
        return None
    return await put(session, text, token, row["account_id"], app_id, tuple(row["scopes"]))
