"""The apps that somebody has let in, and the end of their access: of all tokens and of the codes that wait to become some."""

from datetime import datetime

import msgspec

from heliograph.base import ids
from heliograph.domain.accounts.apps import Apps
from heliograph.domain.accounts.identity import Identities
from heliograph.domain.accounts.scopes import Scopes
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

tokens = load("tokens")
codes = load("codes")


class ConnectedApp(msgspec.Struct, frozen=True):
    """An app with access to an account: what it may do by any of its tokens, and since when it has had the first of them."""

    id: int
    name: str
    website: str | None
    scopes: Scopes
    since: datetime


class Connected:
    """Lists the apps of an account and ends their access."""

    def __init__(self, shards: Shards, apps: Apps, identities: Identities) -> None:
        self._shards = shards
        self._apps = apps
        self._identities = identities

    async def of(self, account_id: int) -> list[ConnectedApp]:
        """The apps of an account, the newest first."""
        slot = ids.slot_of(account_id)
        rows = await self._shards.at(slot).rows(tokens.of, slot=slot, account_id=account_id)
        by_app: dict[int, list[Row]] = {}
        for row in rows:
            by_app.setdefault(row["app_id"], []).append(row)
        return [await self._one(app_id, held) for app_id, held in by_app.items()]

    async def end(self, account_id: int, app_id: int) -> bool:
        """Take an app's access to an account away. False when it had none."""
        slot = ids.slot_of(account_id)
        values = {"slot": slot, "account_id": account_id, "app_id": app_id}
        async with self._shards.at(slot).transaction() as transaction:
            # First the codes: each could still become a token.
            await transaction.run(codes.drop_of_app, **values)
            ended = await transaction.run(tokens.revoke_of_app, **values)
        self._identities.forget_account(account_id)
        return ended > 0

    async def _one(self, app_id: int, held: list[Row]) -> ConnectedApp:
        app = await self._apps.get(app_id)
        granted = tuple(dict.fromkeys(scope for row in held for scope in row["scopes"]))
        since = min(row["created_at"] for row in held)
        return ConnectedApp(app_id, app.name if app else "", app.website if app else None, granted, since)
