"""What pages with forms share: routes, reading and checking a form, where to go next."""

import string
from typing import Any, TypeVar
from urllib.parse import quote

from litestar import Response, get, post

from heliograph.base.errors import LoginRequiredError, RateLimitedError
from heliograph.domain.accounts.problems import Problem
from heliograph.web import access, csrf
from heliograph.web.parameters import given
from heliograph.web.request import Request
from heliograph.web.routes import Route

T = TypeVar("T")

Problems = dict[str, list[Problem]]

LOG_IN = "/auth/sign_in"
# An address with a secret in it must not leave with a Referer; same-origin keeps the Origin that csrf.py looks at.
SECRETIVE = {"Referrer-Policy": "same-origin"}


def page_get(path: str, **more: Any) -> Route:
    """A page."""
    return get(path, opt={"access": access.PAGE}, include_in_schema=False, **more)


def page_post(path: str, **more: Any) -> Route:
    """Where a form of a page goes."""
    return post(path, opt={"access": access.PAGE}, include_in_schema=False, status_code=200, **more)


def form_page(
    request: Request, name: str, status: int = 200, headers: dict[str, str] | None = None, **values: Any
) -> Response[str]:
    """The page `name` with a token for its forms."""
    values.setdefault("problems", {})
    response = request.app.state.templates.page(request, name, status, csrf=csrf.token(request), **values)
    response.headers.update(headers or {})
    return csrf.remember(request, response)


async def checked(request: Request, kind: type[T]) -> T:
    """The form that was sent, as `kind`. Raises ForbiddenError unless it came from our own page."""
    async with given(request) as body:
        csrf.check(request, str(body.fields.get(csrf.FIELD) or request.headers.get(csrf.HEADER) or ""))
        return body.to(kind)


def wait_words(error: RateLimitedError) -> str:
    """What somebody reads who tried too often."""
    minutes = -(-error.retry_after_s // 60)
    return f"Too many tries. Please wait {minutes} minute{'s' if minutes > 1 else ''}."


def go(address: str) -> Response[str]:
    """Go to `address` with a GET (303, so that no browser repeats the form there)."""
    # A header holds ASCII, and a hashtag may be of any script; what is quoted already stays as it is.
    ascii_address = quote(address, safe=string.punctuation)
    return Response("", status_code=303, headers={"Location": ascii_address, "Cache-Control": "no-store"})


def local(address: str) -> str:
    """`address` if it is a path on this site, else the front page: nobody is sent elsewhere after a log-in."""
    plain = address.isprintable() and "\\" not in address and " " not in address
    return address if plain and address.startswith("/") and not address.startswith("//") else "/"


def who(request: Request) -> int:
    """The account that is logged in. Raises LoginRequiredError."""
    account_id = access.viewer_or_none(request)
    if account_id is None:
        raise LoginRequiredError("Please log in first.")
    return account_id
