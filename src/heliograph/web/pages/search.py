"""The page of search: people, hashtags, your own posts, each a few of them or one kind in pages."""

from urllib.parse import urlencode

from litestar import Response

from heliograph.base.paging import Page
from heliograph.domain.posts.hashtag import Hashtag
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.finding import KINDS, OFFSET_MAX, Found, Part, find, sought
from heliograph.web.pages.forms import page_get
from heliograph.web.pages.shown import Entity, entities, shown
from heliograph.web.request import Request

PAGE = 30
# How many of each kind stand on the page that shows all.
FEW = {"accounts": 5, "hashtags": 8, "statuses": 12}


@page_get("/search")
async def search_page(request: Request) -> Response[str]:
    """`/search?q=words`, with `type` only that kind."""
    query = request.query_params.get("q", "").strip()
    kind = request.query_params.get("type", "")
    kind = kind if kind in KINDS else ""
    offset = _offset(request.query_params.get("offset", "")) if kind else 0
    # One more than is shown says whether there are more.
    limit = (PAGE if kind else max(FEW.values())) + 1
    part = Part(kinds=(kind,) if kind else KINDS, page=Page(limit=limit), offset=offset)
    found = await find(request, sought(query, request.app.state.addresses), part)
    return await shown(request, "search.html", query=query, kind=kind, **await _values(request, found, kind, offset))


async def _values(request: Request, found: Found, kind: str, offset: int) -> Entity:
    most = {each: PAGE if each == kind else few for each, few in FEW.items()}
    lists: dict[str, list[bytes] | list[Hashtag]] = {
        "accounts": found.accounts, "statuses": found.posts, "hashtags": found.hashtags,
    }  # fmt: skip
    more = {each: len(lists[each]) > most[each] for each in KINDS}
    known = viewer_or_none(request) is not None
    query = {"q": request.query_params.get("q", ""), "type": kind, "offset": offset + PAGE}
    return {
        "people": await _people(request, found.accounts[: most["accounts"]]),
        "posts": entities(found.posts[: most["statuses"]]),
        "hashtags": found.hashtags[: most["hashtags"]],
        "more": more,
        # Pages are turned by who is logged in only, as in the API.
        "older": urlencode(query) if kind and more[kind] and known else "",
    }


async def _people(request: Request, accounts: list[bytes]) -> list[Entity]:
    people, viewer = entities(accounts), viewer_or_none(request)
    if viewer is None:
        return people
    known = await product_of(request).relationships.among(viewer, [int(each["id"]) for each in people])
    return [
        each | {"following": to.following, "requested": to.requested, "own": to.id == viewer}
        for each, to in zip(people, known, strict=True)
    ]


def _offset(text: str) -> int:
    return min(int(text), OFFSET_MAX) if text.isascii() and text.isdigit() and len(text) < 9 else 0


ROUTES = [search_page]
