"""A form counts only when one of our own pages sent it: a token bound to the browser's cookie, and where it came from.

The token is an HMAC under the session cookie's value, or, before log-in, under that of a cookie made for the visit. Who
cannot read the cookie cannot make the token; who can plant a cookie (a neighbouring subdomain) is stopped by the origin.
"""

import hashlib
import hmac
import secrets

from litestar import Response
from litestar.datastructures import Cookie

from heliograph.base.errors import ForbiddenError
from heliograph.web.access import host_cookie, session_cookie
from heliograph.web.request import Request

VISIT = "heliograph_visit"
FIELD = "csrf_token"
HEADER = "x-csrf-token"
_PURPOSE = b"heliograph form"
_OUT_OF_DATE = "This form is out of date. Please go back, reload the page and try again."


def token(request: Request) -> str:
    """The token for forms of the page that answers `request`. Give the answer to `remember` too."""
    return _token_of(_cookie(request) or _fresh_visit(request))


def remember(request: Request, response: Response[str]) -> Response[str]:
    """Set the cookie of the visit on `response`, if `token` had to make one."""
    visit = request.scope.get("visit")
    if visit is not None:
        response.set_cookie(private_cookie(request, host_cookie(request, VISIT), str(visit), None))
    return response


def check(request: Request, given: str) -> None:
    """Raise ForbiddenError unless the form with the token `given` came from our own page in this browser."""
    cookie = _cookie(request)
    if not _own_origin(request):
        raise ForbiddenError("This form was sent from another site.")
    if not cookie or not hmac.compare_digest(_token_of(cookie).encode(), given.encode("utf-8", "replace")):
        raise ForbiddenError(_OUT_OF_DATE)


def left(request: Request, response: Response[str]) -> Response[str]:
    """Have the browser forget whom `response` tells that they are logged out: the cookie, and what it keeps of their photos."""
    # With all its attributes: of a name with __Host- nothing else is taken.
    response.set_cookie(private_cookie(request, session_cookie(request), "", 0))
    if request.app.state.addresses.secure:
        # Without TLS browsers only complain of it.
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def private_cookie(request: Request, name: str, value: str, max_age_s: int | None) -> Cookie:
    """A cookie that scripts cannot read and other sites' forms do not send. Without `max_age_s` it ends with the browser."""
    return Cookie(
        key=name,
        value=value,
        path="/",
        max_age=max_age_s,
        httponly=True,
        samesite="lax",
        secure=request.app.state.addresses.secure,
    )


def _cookie(request: Request) -> str | None:
    return request.cookies.get(session_cookie(request)) or request.cookies.get(host_cookie(request, VISIT))


def _fresh_visit(request: Request) -> str:
    visit = request.scope.get("visit") or secrets.token_urlsafe(24)
    request.scope["visit"] = visit  # type: ignore[typeddict-unknown-key]
    return str(visit)


def _token_of(cookie: str) -> str:
    return hmac.new(cookie.encode("utf-8", "surrogateescape"), _PURPOSE, hashlib.sha256).hexdigest()


def _own_origin(request: Request) -> bool:
    fetched_from = request.headers.get("sec-fetch-site")
    if fetched_from is not None:
        return fetched_from in {"same-origin", "none"}
    origin = request.headers.get("origin")
    if origin is None:
        # An old browser or a script: the token alone decides.
        return True
    return origin == request.app.state.addresses.base or origin.partition("://")[2] == request.headers.get("host")
