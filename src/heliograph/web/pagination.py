"""Pages as the Mastodon API asks for them, and the `Link` header that leads on."""

from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from litestar.params import QueryParameter

from heliograph.base import ids
from heliograph.base.errors import InvalidInputError
from heliograph.base.paging import Page
from heliograph.web.request import Request

MaxId = Annotated[str | None, QueryParameter(name="max_id", description="Only items older than this id.")]
SinceId = Annotated[str | None, QueryParameter(name="since_id", description="Only items newer than this id.")]
MinId = Annotated[
    str | None, QueryParameter(name="min_id", description="Only items newer than this id, the page right above it.")
]
Limit = Annotated[int | None, QueryParameter(name="limit", description="How many items at most.")]

_BOUNDS = ("max_id", "since_id", "min_id")


def page_of(
    limit: int | None, max_id: str | None, since_id: str | None, min_id: str | None, *, default: int, most: int
) -> Page:
    """The page that a client asks for; a limit above `most` counts as `most`. Raises InvalidInputError."""
    return Page(
        limit=max(1, min(limit or default, most)),
        max_id=_bound("max_id", max_id),
        since_id=_bound("since_id", since_id),
        min_id=_bound("min_id", min_id),
    )


def _bound(name: str, text: str | None) -> int | None:
    if text is None or text == "":
        return None
    ident = ids.parse(text)
    if ident is None:
        raise InvalidInputError(f"{name} = {text[:40]!r}: expected an id, a whole number")
    return ident


def link(request: Request, newest: int, oldest: int, base: str) -> dict[str, str]:
    """The `Link` header of a page that lies between two ids (0, 0: empty, then there is no header)."""
    text = link_of(base + request.scope["path"], request.scope["query_string"].decode("latin-1"), newest, oldest)
    return {"Link": text} if text else {}


def link_of(address: str, query: str, newest: int, oldest: int) -> str:
    """The `Link` of a page of `address` that was asked for with `query`; empty for an empty page (0, 0)."""
    if not newest:
        return ""
    kept = (
        [(key, value) for key, value in parse_qsl(query, keep_blank_values=True) if key not in _BOUNDS] if query else []
    )
    leading = f"{address}?{urlencode(kept) + '&' if kept else ''}"
    return f'<{leading}max_id={oldest}>; rel="next", <{leading}min_id={newest}>; rel="prev"'
