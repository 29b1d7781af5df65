"""Access tokens: `<id>.<secret>`, where id is the account's, or the app's for a token of its own (client_credentials).

They do not expire; they end when revoked, with a changed password or with the account.
"""

from datetime import datetime

import msgspec

from heliograph.domain.accounts.bearer import Bearer, mint
from heliograph.domain.accounts.identity import Identities
from heliograph.domain.accounts.oauth_errors import UnauthorizedClientError
from heliograph.domain.accounts.scopes import Scopes
from heliograph.stores.queries import load
from heliograph.stores.shards import Session, Shards

sql = load("tokens")


class IssuedToken(msgspec.Struct, frozen=True):
    """A token at the only moment at which its text is known."""

    text: str
    scopes: Scopes
    created_at: datetime


class Tokens:
    """Issues and revokes tokens. Whom one stands for is asked of Identities, what apps somebody has let in of Connected."""

    def __init__(self, shards: Shards, identities: Identities) -> None:
        self._shards = shards
        self._identities = identities

    async def issue(self, account_id: int | None, app_id: int, granted: Scopes) -> IssuedToken:
        """A token for `account_id` through an app, or for the app itself when that is None."""
        text, bearer = mint(app_id if account_id is None else account_id)
        async with self._shards.at(bearer.slot).session() as session:
            return await put(session, text, bearer, account_id, app_id, granted)

    async def revoke(self, text: str, app_id: int) -> None:
        """End a token that `app_id` was given. Again and again is no error; somebody else's is (RFC 7009 §2.1).

        Raises UnauthorizedClientError.
        """
        bearer = Bearer.parse(text)
        if bearer is None:
            return
        shard = self._shards.at(bearer.slot)
        row = await shard.row(sql.find, slot=bearer.slot, hash=bearer.hash)
        if row is None:
            return
        if row["app_id"] != app_id:
            raise UnauthorizedClientError
        await shard.run(sql.revoke, slot=bearer.slot, hash=bearer.hash)
        self._identities.forget(bearer)


async def put(
    session: Session, text: str, bearer: Bearer, account_id: int | None, app_id: int, granted: Scopes
) -> IssuedToken:
    """Write a minted token with the transaction of `session`."""
    created_at = await session.value(
        sql.issue, slot=bearer.slot, hash=bearer.hash, account_id=account_id, app_id=app_id, scopes=list(granted)
    )
    return IssuedToken(text, granted, created_at)
