"""Errors to answers: each class of `base/errors.py` has its status here, once.

The API answers `{"error": ..., "error_description": ...}`; pages answer a page.
"""

from typing import Any

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException

from heliograph.base import logs
from heliograph.base.errors import (
    ConflictError,
    ForbiddenError,
    HeliographError,
    InvalidInputError,
    LoginRequiredError,
    NotFoundError,
    PendingError,
    RateLimitedError,
    StoreUnavailableError,
    TooLargeError,
    UnauthenticatedError,
    ValidationError,
)
from heliograph.web import audit, queries
from heliograph.web.request import Request

log = logs.get("web")

STATUS: list[tuple[type[HeliographError], int]] = [
    (LoginRequiredError, 422),
    (UnauthenticatedError, 401),
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (PendingError, 206),
    (ConflictError, 409),
    (ValidationError, 422),
    (TooLargeError, 413),
    (RateLimitedError, 429),
    (InvalidInputError, 400),
    (StoreUnavailableError, 503),
]
API_PREFIXES = ("/api/", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/nodeinfo", "/.well-known/", "/media/")
HEADINGS = {
    401: "Please log in",
    403: "This is not for you",
    404: "There is nothing here",
    413: "That is too large",
    429: "Too fast",
    500: "Something broke",
    503: "A moment, please",
}


def status_of(error: HeliographError) -> int:
    """The HTTP status that says what `error` says."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def on_error(request: Request, error: HeliographError) -> Response[bytes]:
    """The answer to an error of ours."""
    status = status_of(error)
    if status in (401, 403):
        audit.refused(request, status)
    if status >= 500:
        log.warning("request.failed", path=request.url.path, error=repr(error))
    body: dict[str, Any] = {"error": error.message, "error_description": error.message}
    headers = {}
    if isinstance(error, ValidationError) and error.details:
        body["details"] = {
            field: [{"error": code, "description": text} for code, text in problems]
            for field, problems in error.details.items()
        }
    if isinstance(error, RateLimitedError | StoreUnavailableError):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, PendingError):
        return answer(request, status, [], headers)
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Heliograph", error="invalid_token"'
    return answer(request, status, body, headers)


def on_http_error(request: Request, error: HTTPException) -> Response[bytes]:
    """The answer to an error of the framework: no such route, method, parameter."""
    text = "Record not found" if error.status_code == 404 else str(error.detail)
    if error.status_code == 400:
        # The address, which the client knows, and after that nothing.
        text = text.partition(" for path ")[0]
    if error.extra:
        text = "; ".join(_complaint(request, item) for item in error.extra) or text
    headers = dict(error.headers or {})
    if "GET" in headers.get("allow", ""):
        # The envelope makes a GET of each HEAD.
        headers["allow"] = headers["allow"].replace("GET", "GET, HEAD")
    return answer(request, error.status_code, {"error": text, "error_description": text}, headers)


def on_bug(request: Request, error: Exception) -> Response[bytes]:
    """The answer to what should not happen: recorded in full, told in short."""
    log.error("request.bug", path=request.url.path, method=request.method, exc_info=error)
    text = "Something went wrong on our side"
    return answer(request, 500, {"error": text, "error_description": text}, {})


def answer(request: Request, status: int, body: object, headers: dict[str, str] | None) -> Response[bytes]:
    """`body` as JSON for the API, as a page for people."""
    path = request.url.path
    if path.startswith(API_PREFIXES):
        return Response(msgspec.json.encode(body), status_code=status, headers=headers, media_type="application/json")
    message = body["error"] if isinstance(body, dict) else "Not yet. Please try again in a moment."
    heading = HEADINGS.get(status, "That did not work")
    templates = request.app.state.templates
    page = templates.render(request, "error.html", status=status, heading=heading, message=message)
    return Response(page.encode(), status_code=status, headers=headers, media_type="text/html")


def _complaint(request: Request, item: Any) -> str:
    return queries.complaint(request, item) if isinstance(item, dict) else str(item)
