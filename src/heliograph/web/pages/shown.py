"""What the reading pages share: entities for templates, who looks, where to go after a button.

Pages show what the API shows: entities come as JSON from the domain and are taken apart here, so that there is one truth.
"""

import asyncio
from typing import Any, cast
from urllib.parse import urlencode

import msgspec
from litestar import Response

from heliograph.base import ids
from heliograph.base.errors import NotFoundError, StoreUnavailableError
from heliograph.base.paging import Page
from heliograph.domain.feeds.home import Timeline
from heliograph.domain.notifications.notification import GROUPED
from heliograph.stores.cache import note_degraded
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages.forms import LOG_IN, go, local
from heliograph.web.pagination import page_of
from heliograph.web.request import Request

# What is more is shown as more.
UNREAD_MOST = 100

Entity = dict[str, Any]

_decode = msgspec.json.Decoder(Entity).decode


class ButtonForm(msgspec.Struct, frozen=True):
    """A form that is only a button. `next`: the page that it stands on."""

    next: str = "/"


def entity(body: bytes) -> Entity:
    """An entity for a template."""
    return _decode(body)


def as_entity(made: msgspec.Struct) -> Entity:
    """An entity that was made here for a template."""
    return _decode(msgspec.json.encode(made))


def entities(bodies: list[bytes]) -> list[Entity]:
    """Entities for a template."""
    return [_decode(body) for body in bodies]


def part(timeline: Timeline, limit: int) -> Entity:
    """A page of posts for a template: `posts`, and `older`, the query that leads on ('' at the end)."""
    older = urlencode({"max_id": timeline.oldest}) if len(timeline.items) >= limit else ""
    return {"posts": [_seen(post) for post in entities(timeline.items)], "older": older}


def _seen(post: Entity) -> Entity:
    """What a page shows of a post: of a reblog the original, and who brings it (`sharer`)."""
    return post["reblog"] | {"sharer": post["account"]} if post["reblog"] else post


async def with_answered(request: Request, posts: list[Entity]) -> list[Entity]:
    """`posts`, with whom each answers (`answered`): their name and how they call themselves."""
    asked = {int(to) for post in posts if (to := post["in_reply_to_account_id"]) and to != post["account"]["id"]}
    people = await product_of(request).people.by_id(list(asked)) if asked else {}
    known = {str(ident): entity(body) for ident, body in people.items()}
    return [post | {"answered": known.get(post["in_reply_to_account_id"] or "")} for post in posts]


def is_prefetch(request: Request) -> bool:
    """Whether a browser only gets the page ready: nobody has read it yet."""
    return "prefetch" in request.headers.get("sec-purpose", request.headers.get("purpose", ""))


def page_asked(request: Request, limit: int) -> Page:
    """The page that the query string asks for. Raises InvalidInputError."""
    return page_of(limit, request.query_params.get("max_id"), None, None, default=limit, most=limit)


async def shown(request: Request, name: str, status: int = 200, **values: Any) -> Response[str]:
    """The page `name`, with `me`, the account that looks, or None, and `unread`, how much news there is for it."""
    viewer = viewer_or_none(request)
    me, unread = None, 0
    if viewer is not None:
        known, unread = await asyncio.gather(product_of(request).people.one(viewer), _unread(request, viewer))
        me = entity(known)
    page = request.app.state.templates.page(request, name, status, me=me, unread=unread, **values)
    return cast("Response[str]", page)


async def _unread(request: Request, viewer: int) -> int:
    """How much news there is; 0 while nobody can know."""
    try:
        return await product_of(request).notifications.unread(viewer, UNREAD_MOST, kinds=GROUPED)
    except StoreUnavailableError as error:
        note_degraded(error.store)
        return 0


def fragment(request: Request, name: str, **values: Any) -> Response[str] | None:
    """The part of a page that a button changes, if htmx asks for it; None for a browser that wants a page."""
    if request.headers.get("hx-request") != "true":
        return None
    return cast("Response[str]", request.app.state.templates.page(request, name, **values))


def log_in_first(request: Request, address: str) -> Response[str]:
    """Log in, and come back to `address`."""
    target = f"{LOG_IN}?{urlencode({'next': local(address)})}"
    if request.headers.get("hx-request") != "true":
        return go(target)
    return Response("", status_code=200, headers={"HX-Redirect": target, "Cache-Control": "no-store"})


def name_in(handle: str) -> str:
    """The user name of `@name`. Raises NotFoundError for an address that is no profile's."""
    if not handle.startswith("@"):
        raise NotFoundError
    return handle[1:]


def id_in(text: str) -> int:
    """The id in a path. Raises NotFoundError."""
    ident = ids.parse(text)
    if ident is None:
        raise NotFoundError
    return ident
