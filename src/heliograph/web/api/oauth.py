"""/oauth: tokens, their revocation, who somebody is, what this server can do. The consent page is web/pages/authorize.py.

Refusals have the form of RFC 6749 §5.2, and nothing here may be stored by a cache.
"""

import binascii
from base64 import b64decode
from urllib.parse import unquote_plus

import msgspec
from litestar import Response

from heliograph.base.errors import ForbiddenError
from heliograph.base.settings import OnOff
from heliograph.domain.accounts import scopes
from heliograph.domain.accounts.apps import App
from heliograph.domain.accounts.credentials import WrongPasswordError
from heliograph.domain.accounts.oauth_errors import (
    InvalidClientError,
    InvalidGrantError,
    OAuthError,
    UnauthorizedClientError,
    UnsupportedGrantError,
)
from heliograph.domain.accounts.tokens import IssuedToken
from heliograph.domain.product import Product
from heliograph.web import audit
from heliograph.web.access import OPEN, product_of, user, viewer
from heliograph.web.entities import oauth as entities
from heliograph.web.entities.oauth import ServerMetadataEntity, TokenEntity, UserInfoEntity
from heliograph.web.parameters import fields
from heliograph.web.peers import client_address
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_post, as_json

ON: OnOff = "on"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


REFUSALS = {401: "The client is unknown, or did not prove itself.", 403: "The account may not log in."}


class TokenForm(msgspec.Struct, frozen=True):
    """The parameters of a token request."""

    grant_type: str = ""
    client_id: str = ""
    client_secret: str = ""
    code: str = ""
    redirect_uri: str = ""
    code_verifier: str | None = None
    scope: str = ""
    username: str = ""
    password: str = ""


class RevocationForm(msgspec.Struct, frozen=True):
    """The parameters of a revocation."""

    client_id: str = ""
    client_secret: str = ""
    token: str = ""


def refused(request: Request, error: OAuthError) -> Response[bytes]:
    """`error` as RFC 6749 §5.2 has it."""
    statuses: dict[type[OAuthError], int] = {InvalidClientError: 401, UnauthorizedClientError: 403}
    headers = dict(NO_STORE)
    audit.note(request, "token.refused", reason=error.code)
    if isinstance(error, InvalidClientError) and "authorization" in request.headers:
        headers["WWW-Authenticate"] = 'Basic realm="Heliograph"'
    body = entities.OAuthErrorEntity(error.code, error.message)
    return as_json(msgspec.json.encode(body), statuses.get(type(error), 400), headers)


@api_post(
    "/oauth/token", OPEN, TokenEntity, form=TokenForm, refusals=REFUSALS, exception_handlers={OAuthError: refused}
)
async def token(request: Request) -> Response[bytes]:
    """Trade a grant for an access token: authorization_code, client_credentials or, where allowed, password."""
    form, product = await fields(request, TokenForm), product_of(request)
    if not form.grant_type:
        raise OAuthError("Missing required parameter: grant_type.")
    app = await _client(request, product, form.client_id, form.client_secret)
    issued = await _issue(request, product, app, form)
    return as_json(msgspec.json.encode(entities.token(issued)), headers=NO_STORE)


async def _issue(request: Request, product: Product, app: App, form: TokenForm) -> IssuedToken:
    match form.grant_type:
        case "authorization_code":
            issued = await product.codes.redeem(form.code, app.id, form.redirect_uri, form.code_verifier)
            audit.note(request, "token.issued", app=app.id)
            return issued
        case "client_credentials":
            return await product.tokens.issue(None, app.id, scopes.narrowed(form.scope, app.scopes))
        case "password" if product.settings.password_grant == ON:
            return await _by_password(request, product, app, form)
        case _:
            raise UnsupportedGrantError


async def _by_password(request: Request, product: Product, app: App, form: TokenForm) -> IssuedToken:
    granted = scopes.narrowed(form.scope, app.scopes)
    await product.rate_limits.log_in(client_address(request), form.username)
    try:
        account_id = await product.credentials.log_in(form.username.strip(), form.password)
    except (WrongPasswordError, ForbiddenError) as error:
        audit.note(request, "log_in.refused", app=app.id)
        raise InvalidGrantError(error.message) from error
    audit.note(request, "log_in", account_id, app=app.id, by="password grant")
    return await product.tokens.issue(account_id, app.id, granted)


@api_post("/oauth/revoke", OPEN, form=RevocationForm, refusals=REFUSALS, exception_handlers={OAuthError: refused})
async def revoke(request: Request) -> Response[bytes]:
    """End a token of the app that asks. Again and again is no error."""
    form, product = await fields(request, RevocationForm), product_of(request)
    app = await _client(request, product, form.client_id, form.client_secret)
    if not form.token:
        raise UnauthorizedClientError
    await product.tokens.revoke(form.token, app.id)
    return as_json(b"{}", headers=NO_STORE)


@api_get("/oauth/userinfo", user("profile"), UserInfoEntity)
async def userinfo(request: Request) -> Response[bytes]:
    """Who the person is that a token stands for."""
    return as_json(await _claims(request), headers=NO_STORE)


@api_post("/oauth/userinfo", user("profile"), UserInfoEntity)
async def userinfo_by_post(request: Request) -> Response[bytes]:
    """The same, as OpenID Connect also asks it."""
    return as_json(await _claims(request), headers=NO_STORE)


async def _claims(request: Request) -> bytes:
    addresses = request.app.state.addresses
    account = await product_of(request).profiles.get(viewer(request))
    profile = addresses.profile(account.username)
    return msgspec.json.encode(
        UserInfoEntity(
            iss=f"{addresses.base}/",
            sub=profile,
            name=account.display_name or account.username,
            preferred_username=account.username,
            profile=profile,
            picture=addresses.avatar(account.avatar),
        )
    )


@api_get("/.well-known/oauth-authorization-server", OPEN, ServerMetadataEntity)
async def metadata(request: Request) -> Response[bytes]:
    """What this server can do, and where (RFC 8414)."""
    base, settings = request.app.state.addresses.base, product_of(request).settings
    grants = ["authorization_code", "client_credentials"]
    authentication = ["client_secret_basic", "client_secret_post"]
    body = ServerMetadataEntity(
        issuer=f"{base}/",
        service_documentation=f"{base}/docs",
        authorization_endpoint=f"{base}/oauth/authorize",
        token_endpoint=f"{base}/oauth/token",
        app_registration_endpoint=f"{base}/api/v1/apps",
        revocation_endpoint=f"{base}/oauth/revoke",
        userinfo_endpoint=f"{base}/oauth/userinfo",
        scopes_supported=list(scopes.ALL),
        response_types_supported=["code"],
        response_modes_supported=["query"],
        code_challenge_methods_supported=["S256"],
        grant_types_supported=[*grants, "password"] if settings.password_grant == ON else grants,
        token_endpoint_auth_methods_supported=authentication,
        revocation_endpoint_auth_methods_supported=authentication,
    )
    return as_json(msgspec.json.encode(body))


async def _client(request: Request, product: Product, client_id: str, secret: str) -> App:
    """The app that proves itself, in the header or in the body (RFC 6749 §2.3.1), not in both by different names."""
    header = request.headers.get("authorization", "")
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() == "basic":
        basic_id, basic_secret = _basic(encoded)
        if client_id and client_id != basic_id:
            raise InvalidClientError
        client_id, secret = basic_id, basic_secret
    return await product.apps.authenticate(client_id, secret)


def _basic(encoded: str) -> tuple[str, str]:
    try:
        client_id, _, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidClientError from error
    return unquote_plus(client_id), unquote_plus(secret)


ROUTES = [token, revoke, userinfo, userinfo_by_post, metadata]
