"""The consent page of OAuth: a person lets an app act for them, or does not (RFC 6749 §4.1.1, §4.1.2).

Nothing is sent to an address that is not, character by character, one of the app's: until that is known, errors are
pages. The page's policy lets its form end at that address alone, so that the schemes of phone apps work.
"""

from urllib.parse import urlencode, urlsplit

import msgspec
from litestar import Response

from heliograph.domain.accounts import scopes
from heliograph.domain.accounts.apps import OUT_OF_BAND, App, checked_redirect
from heliograph.domain.accounts.codes import checked_challenge
from heliograph.domain.accounts.oauth_errors import InvalidClientError, OAuthError, UnsupportedResponseTypeError
from heliograph.web import audit
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.envelope import policy
from heliograph.web.pages.forms import LOG_IN, checked, form_page, go, page_get, page_post
from heliograph.web.parameters import Given, nested
from heliograph.web.request import Request

AUTHORIZE = "/oauth/authorize"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

MEANINGS = {
    "read": "See everything that you can see",
    "write": "Post, follow and change things for you",
    "follow": "See and change whom you follow, block and mute",
    "push": "Send you notifications",
    "profile": "See your name and picture",
    "admin:read": "See what admins can see",
    "admin:write": "Do what admins can do",
}


class AccessDeniedError(OAuthError):
    """The resource owner or authorization server denied the request."""

    code = "access_denied"


class Wish(msgspec.Struct, frozen=True):
    """What an app asks for, as it was sent."""

    response_type: str = ""
    client_id: str = ""
    redirect_uri: str = ""
    scope: str = ""
    state: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str | None = None


class Decision(Wish, frozen=True):
    """The form of the page: the wish again, and what the person says to it."""

    decision: str = ""


class Grant(msgspec.Struct, frozen=True):
    """A wish that is in order."""

    scopes: scopes.Scopes
    challenge: str | None


@page_get(AUTHORIZE)
async def authorize_page(request: Request) -> Response[str]:
    """Ask the person, who logs in first if need be."""
    wish = Given(nested(list(request.query_params.multi_items())), {}).to(Wish)
    app = await _client(request, wish)
    try:
        grant = _grant(app, wish)
    except OAuthError as error:
        return _refused(request, wish, error)
    account_id = viewer_or_none(request)
    if account_id is None or request.query_params.get("force_login", "") in {"true", "1"}:
        return _log_in_first(wish)
    account = await product_of(request).profiles.get(account_id)
    return form_page(
        request,
        "authorize.html",
        headers=NO_STORE | {"Content-Security-Policy": policy("'self'", _source(wish.redirect_uri))},
        client=app,
        account=account,
        wish={name: value for name, value in msgspec.structs.asdict(wish).items() if value is not None},
        meanings=[MEANINGS.get(scope, scope) for scope in grant.scopes],
        place=_place(wish.redirect_uri),
    )


@page_post(AUTHORIZE)
async def authorize(request: Request) -> Response[str]:
    """Send the app its code, or that it gets none."""
    wish = await checked(request, Decision)
    app = await _client(request, wish)
    account_id = viewer_or_none(request)
    if account_id is None:
        return _log_in_first(wish)
    try:
        grant = _grant(app, wish)
        if wish.decision != "allow":
            raise AccessDeniedError
    except OAuthError as error:
        return _refused(request, wish, error)
    product = product_of(request)
    code = await product.codes.issue(account_id, app.id, wish.redirect_uri, grant.scopes, grant.challenge)
    audit.note(request, "app.let_in", app=app.id, scopes=" ".join(grant.scopes))
    if wish.redirect_uri == OUT_OF_BAND:
        return form_page(request, "authorize_code.html", headers=NO_STORE, client=app, code=code)
    return go(_with(wish.redirect_uri, {"code": code, "state": wish.state}))


async def _client(request: Request, wish: Wish) -> App:
    """The app, if it is one and has this redirect address. Raises InvalidClientError, InvalidRedirectError."""
    app = await product_of(request).apps.by_client_id(wish.client_id)
    if app is None:
        raise InvalidClientError
    checked_redirect(app, wish.redirect_uri)
    return app


def _grant(app: App, wish: Wish) -> Grant:
    """Raises OAuthError, which the app may be told."""
    if wish.response_type != "code":
        raise UnsupportedResponseTypeError
    challenge = checked_challenge(wish.code_challenge, wish.code_challenge_method)
    return Grant(scopes.narrowed(wish.scope, app.scopes), challenge)


def _refused(request: Request, wish: Wish, error: OAuthError) -> Response[str]:
    if wish.redirect_uri == OUT_OF_BAND:
        status = 200 if isinstance(error, AccessDeniedError) else 400
        return form_page(request, "notice.html", status, heading="No access was given", message=error.message)
    answer = {"error": error.code, "error_description": error.message, "state": wish.state}
    return go(_with(wish.redirect_uri, answer))


def _log_in_first(wish: Wish) -> Response[str]:
    """Log in, and come back here; `again`: even if somebody is logged in already."""
    given = {name: getattr(wish, name) for name in Wish.__struct_fields__ if getattr(wish, name) is not None}
    return go(f"{LOG_IN}?{urlencode({'again': '1', 'next': f'{AUTHORIZE}?{urlencode(given)}'})}")


def _with(uri: str, answer: dict[str, str | None]) -> str:
    """`uri` with the parameters of `answer` added to those that it has (RFC 6749 §3.1.2)."""
    query = urlencode({name: value for name, value in answer.items() if value is not None})
    separator = "" if uri.endswith(("?", "&")) else "&" if "?" in uri else "?"
    return f"{uri}{separator}{query}"


def _source(uri: str) -> str:
    """What a policy calls the place of `uri`: the origin of a web address, else its scheme."""
    parts = urlsplit(uri)
    # A policy has no words for IPv6 literals.
    if parts.scheme in {"http", "https"} and "[" not in parts.netloc:
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:"


def _place(uri: str) -> str:
    """Where the person will be sent, in words."""
    if uri == OUT_OF_BAND:
        return ""
    parts = urlsplit(uri)
    return parts.netloc if parts.scheme in {"http", "https"} else f"the app ({parts.scheme}:)"


ROUTES = [authorize_page, authorize]
