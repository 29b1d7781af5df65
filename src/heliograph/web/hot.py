"""The home feed without the framework: it is read more often than all else, and the framework would be most of its cost.

Only the plain case is answered here: a token that this process believes already, a query of a page and nothing else.
Everything else goes on to the route of the framework (`api/timelines.py`), which answers the same and stands in the OpenAPI
document; so does what fails here, that errors become answers in one place only.
"""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from heliograph.base.errors import InvalidInputError
from heliograph.base.paging import Page
from heliograph.domain.feeds import present
from heliograph.domain.feeds.home import Timeline
from heliograph.domain.product import Product
from heliograph.web.addresses import RequestAddresses
from heliograph.web.api import timelines
from heliograph.web.pagination import link_of, page_of
from heliograph.web.rates import Rates
from heliograph.web.request import failed

PATH = "/api/v1/timelines/home"
_JSON = (b"content-type", b"application/json")
_BEARER = b"bearer "
_DEFAULT_PAGE = Page(timelines.DEFAULT)
_NUMBERS = ("max_id", "since_id", "min_id", "limit")
# No id has more digits.
_DIGITS = 19


class HotHome:
    """Wraps `app`, the framework's, and answers reads of the home feed before it."""

    def __init__(self, app: ASGIApp, product: Product, addresses: RequestAddresses, rates: Rates) -> None:
        self._app = app
        self._home = product.home
        self._identities = product.identities
        self._addresses = addresses
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["path"] != PATH or scope["type"] != ScopeType.HTTP or not await self._answer(scope, send):
            await self._app(scope, receive, send)

    async def _answer(self, scope: HTTPScope, send: Send) -> bool:
        """Answer a GET of the home feed; False if the framework has to."""
        viewer, page = self._viewer(scope), _page(scope["query_string"])
        if scope["method"] != "GET" or viewer is None or page is None:
            return False
        try:
            self._rates.count_of(scope, viewer)
            timeline = await self._home.page(viewer, page)
        except Exception as error:  # noqa: BLE001 -- the framework raises it again, and it is recorded there
            failed(scope, error)
            return False
        scope["path_template"] = PATH
        body = present.array(timeline.items)
        await send({"type": "http.response.start", "status": 200, "headers": self._headers(scope, timeline, len(body))})
        await send({"type": "http.response.body", "body": body, "more_body": False})
        return True

    def _viewer(self, scope: HTTPScope) -> int | None:
        """Whose home is asked for, if this process believes their token, and that it may."""
        token = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if token[: len(_BEARER)].lower() != _BEARER:
            return None
        identity = self._identities.recalled(token[len(_BEARER) :].decode("latin-1").strip())
        return identity.account_id if identity is not None and identity.may(*timelines.HOME.scopes) else None

    def _headers(self, scope: HTTPScope, timeline: Timeline, length: int) -> list[tuple[bytes, bytes]]:
        headers = [_JSON, (b"content-length", b"%d" % length)]
        query = scope["query_string"].decode("latin-1")
        if link := link_of(self._addresses.base + PATH, query, timeline.newest, timeline.oldest):
            headers.append((b"link", link.encode("latin-1")))
        return headers


def _page(query: bytes) -> Page | None:
    """The page that `query` asks for, if it asks for nothing else, and plainly."""
    if not query:
        return _DEFAULT_PAGE
    given: dict[str, str] = {}
    for part in query.decode("latin-1").split("&"):
        name, _, value = part.partition("=")
        if name not in _NUMBERS or name in given or not (value.isascii() and value.isdigit() and len(value) <= _DIGITS):
            return None
        given[name] = value
    limit = int(given.pop("limit", 0)) or None
    bounds = (given.get(name) for name in _NUMBERS[:3])
    try:
        return page_of(limit, *bounds, default=timelines.DEFAULT, most=timelines.MOST)
    except InvalidInputError:
        return None
