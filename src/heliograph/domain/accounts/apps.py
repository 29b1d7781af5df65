"""Client applications: registration and client authentication (RFC 6749 §2). An app never expires."""

import hmac
import re
import secrets
from typing import Any
from urllib.parse import urlsplit

import msgspec

from heliograph.base import ids
from heliograph.base.errors import ConflictError, ValidationError
from heliograph.domain.accounts import scopes
from heliograph.domain.accounts.bearer import digest
from heliograph.domain.accounts.directory import Kind, claim_settled
from heliograph.domain.accounts.oauth_errors import InvalidClientError, InvalidRedirectError, InvalidScopeError
from heliograph.domain.accounts.text import line
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

sql = load("apps")

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
NAME_MAX = 60
URI_MAX = 2000
URIS_MAX = 20
KNOWN_MAX = 1000

_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{43}")
# Printable ASCII without what could end an attribute, a header or a policy.
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[!#$%&()*+./0-9:=?@A-Z\[\]_a-z~;,'-]+", re.IGNORECASE)
# Of a web address: host and port, nobody's name and password.
_PLACE = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.IGNORECASE)
# A browser that is sent there runs it, or shows it as ours.
_FORBIDDEN_SCHEMES = frozenset({"javascript", "data", "vbscript", "file", "blob", "about", "view-source"})


class App(msgspec.Struct, frozen=True):
    """A registered client."""

    id: int
    client_id: str
    secret_hash: bytes
    name: str
    website: str | None
    redirect_uris: tuple[str, ...]
    scopes: scopes.Scopes


class Apps:
    """The registered clients."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._known: dict[int, App] = {}

    async def register(
        self, name: str, redirect_uris: list[str], scope: str = "", website: str | None = None
    ) -> tuple[App, str]:
        """A new app and its secret, which is not kept. Raises ValidationError."""
        values = _checked(name, redirect_uris, scope, website)
        client_id, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        slot = ids.slot_of_name(client_id)
        async with self._shards.at(slot).transaction() as transaction:
            app_id: int = await transaction.value(sql.mint, slot=slot)
            if not await claim_settled(transaction, Kind.APP, client_id, app_id):
                raise ConflictError
            values |= {"id": app_id, "client_id": client_id, "secret_hash": digest(secret)}
            await transaction.run(sql.create, slot=slot, **values)
        return _app(values), secret

    async def by_client_id(self, client_id: str) -> App | None:
        """The app with this client id."""
        if _CLIENT_ID.fullmatch(client_id) is None:
            return None
        slot = ids.slot_of_name(client_id)
        row = await self._shards.at(slot).row(sql.by_client_id, slot=slot, client_id=client_id)
        return _app(row) if row else None

    async def get(self, app_id: int) -> App | None:
        """The app with this id; asked for with every post, and remembered, since an app never changes."""
        known = self._known.get(app_id)
        if known is None:
            row = await self._shards.of(app_id).row(sql.by_id, slot=ids.slot_of(app_id), id=app_id)
            if row is None:
                return None
            known = self._known[app_id] = _app(row)
            while len(self._known) > KNOWN_MAX:
                del self._known[next(iter(self._known))]
        return known

    async def authenticate(self, client_id: str, secret: str) -> App:
        """The app that proves itself with its secret. Raises InvalidClientError."""
        app = await self.by_client_id(client_id)
        if app is None or not hmac.compare_digest(app.secret_hash, digest(secret)):
            raise InvalidClientError
        return app


def checked_redirect(app: App, redirect_uri: str) -> str:
    """`redirect_uri`, if it is one of the app's, character by character. Raises InvalidRedirectError."""
    if redirect_uri not in app.redirect_uris:
        raise InvalidRedirectError
    return redirect_uri


def _app(row: "Row | dict[str, Any]") -> App:
    return App(
        id=row["id"],
        client_id=row["client_id"],
        secret_hash=row["secret_hash"],
        name=row["name"],
        website=row["website"],
        redirect_uris=tuple(row["redirect_uris"]),
        scopes=tuple(row["scopes"]),
    )


def _checked(name: str, redirect_uris: list[str], scope: str, website: str | None) -> dict[str, Any]:
    title = line(name)
    if not title:
        raise ValidationError("Validation failed: Application name can't be blank")
    if len(title) > NAME_MAX:
        raise ValidationError(f"Validation failed: Application name is too long (maximum is {NAME_MAX} characters)")
    return {
        "name": title,
        "website": _website(website),
        "redirect_uris": _redirects(redirect_uris),
        "scopes": _scopes(scope),
    }


def _scopes(scope: str) -> list[str]:
    try:
        return list(scopes.parse(scope))
    except InvalidScopeError as error:
        raise ValidationError("Validation failed: Scopes doesn't match configured on the server.") from error


def _website(website: str | None) -> str | None:
    address = (website or "").strip()
    if not address:
        return None
    if len(address) > URI_MAX:
        raise ValidationError(f"Validation failed: Application website is too long (maximum is {URI_MAX} characters)")
    if not address.lower().startswith(("https://", "http://")) or _URI.fullmatch(address) is None:
        raise ValidationError("Validation failed: Application website must be a valid URL")
    return address


def _redirects(given: list[str]) -> list[str]:
    uris = list(dict.fromkeys(uri for text in given for uri in text.split()))
    if not uris:
        raise ValidationError("Validation failed: Redirect URI can't be blank")
    if len(uris) > URIS_MAX:
        raise ValidationError(f"Validation failed: Redirect URI has too many entries (maximum is {URIS_MAX})")
    for uri in uris:
        _check_redirect(uri)
    return uris


def _check_redirect(uri: str) -> None:
    if len(uri) > URI_MAX:
        raise ValidationError(f"Validation failed: Redirect URI is too long (maximum is {URI_MAX} characters)")
    if _URI.fullmatch(uri) is None:
        raise ValidationError("Validation failed: Redirect URI must be an absolute URI.")
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise ValidationError("Validation failed: Redirect URI must be an absolute URI.") from error
    if parts.fragment or uri.endswith("#"):
        raise ValidationError("Validation failed: Redirect URI cannot contain a fragment.")
    if parts.scheme in _FORBIDDEN_SCHEMES:
        raise ValidationError("Validation failed: Redirect URI is forbidden by the server.")
    if parts.scheme in {"http", "https"} and _PLACE.fullmatch(parts.netloc) is None:
        raise ValidationError("Validation failed: Redirect URI must be an absolute URI.")
