"""Who may call a route: said on every route, enforced in one guard.

An API route takes a bearer token, a page takes the session cookie; neither takes the other, so that no other site can
make a browser act for its user through the API.
"""

from typing import Any, Literal, cast

import msgspec
from litestar.connection import ASGIConnection

from heliograph.base.errors import LoginRequiredError, ScopeError, UnauthenticatedError
from heliograph.domain.accounts.identity import Identity
from heliograph.domain.product import Product

COOKIE = "heliograph_session"

Kind = Literal["anyone", "app", "user", "page", "open"]


class Access(msgspec.Struct, frozen=True):
    """What a route asks for. `scopes`: one of them must be granted, where a token is given at all.

    open: nothing is looked at. anyone: with or without a token. app: any token. user: a person's token.
    page: a page; the session, if there is one, is looked up. `in_address`: the token may also be where browsers can put
    it that cannot send headers: in the address, or named as the protocol of a WebSocket.
    """

    kind: Kind
    scopes: tuple[str, ...] = ()
    in_address: bool = False


OPEN = Access("open")
PAGE = Access("page")


def anyone(*scopes: str) -> Access:
    """With or without a token."""
    return Access("anyone", scopes)


def app(*scopes: str) -> Access:
    """With a token, be it only an app's own."""
    return Access("app", scopes)


def user(*scopes: str) -> Access:
    """With the token of a person."""
    return Access("user", scopes)


def stream(*scopes: str) -> Access:
    """With the token of a person, for a stream."""
    return Access("user", scopes, in_address=True)


async def guard(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Let the request through to its handler, with its identity, or raise. Runs before anything of it is parsed.

    A hook and not one of the framework's guards, for each of which it copies the handler at every request.
    """
    access: Access = connection.route_handler.opt.get("access", OPEN)
    if access.kind == "open":
        return
    product = product_of(connection)
    if access.kind == "page":
        cookie = connection.cookies.get(session_cookie(connection))
        connection.scope["identity"] = await product.identities.of_session(cookie) if cookie else None  # type: ignore[typeddict-unknown-key]
        return
    identity = await _bearer(connection, product)
    connection.scope["identity"] = identity  # type: ignore[typeddict-unknown-key]
    _check(access, identity)


async def _bearer(connection: ASGIConnection[Any, Any, Any, Any], product: Product) -> Identity | None:
    token = token_of(connection)
    if token is None:
        return None
    identity = await product.identities.of_token(token)
    if identity is None:
        raise UnauthenticatedError
    return identity


def token_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """The text of the token that is given, "" for what can be none; None when none is given."""
    header = connection.headers.get("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""
    access: Access = connection.route_handler.opt.get("access", OPEN)
    if not access.in_address:
        return None
    given: str | None = connection.query_params.get("access_token")
    return given or next(iter(connection.scope.get("subprotocols", ())), None)  # type: ignore[call-overload]


def _check(access: Access, identity: Identity | None) -> None:
    if identity is None:
        if access.kind != "anyone":
            raise UnauthenticatedError
        return
    if access.scopes and not identity.may(*access.scopes):
        raise ScopeError
    if access.kind == "user" and identity.account_id is None:
        raise LoginRequiredError


def session_cookie(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The name of the session's cookie."""
    return host_cookie(connection, COOKIE)


def host_cookie(connection: ASGIConnection[Any, Any, Any, Any], name: str) -> str:
    """What the cookie `name` is called: with TLS as browsers take it from this very host only, not from a neighbour."""
    return f"__Host-{name}" if connection.app.state.addresses.secure else name


def product_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Product:
    """The product that this app serves."""
    return cast("Product", connection.app.state.product)


def identity(connection: ASGIConnection[Any, Any, Any, Any]) -> Identity | None:
    """Who asks; None for somebody who is not logged in."""
    return cast("Identity | None", connection.scope.get("identity"))


def viewer(connection: ASGIConnection[Any, Any, Any, Any]) -> int:
    """The account that asks. Raises LoginRequiredError."""
    who = identity(connection)
    if who is None or who.account_id is None:
        raise LoginRequiredError
    return who.account_id


def viewer_or_none(connection: ASGIConnection[Any, Any, Any, Any]) -> int | None:
    """The account that asks, or None."""
    who = identity(connection)
    return who.account_id if who else None
