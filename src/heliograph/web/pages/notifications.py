"""What one has been told: who asks to follow, then news in groups. Opening the page is reading it."""

from typing import Any

from litestar import Response

from heliograph.base import clock
from heliograph.base.paging import Page
from heliograph.domain.notifications.groups import Group
from heliograph.domain.notifications.inbox import GroupPage, Only
from heliograph.domain.notifications.markers import NOTIFICATIONS
from heliograph.domain.notifications.notification import OF_POSTS, Kind
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages.forms import checked, go, page_get, page_post
from heliograph.web.pages.shown import (
    ButtonForm,
    Entity,
    entities,
    entity,
    is_prefetch,
    log_in_first,
    page_asked,
    shown,
)
from heliograph.web.request import Request

ADDRESS = "/notifications"
GROUPS = 30
REQUESTS = 5
PEOPLE = 40
# Pictures of those who did something; names of the first two.
PICTURES, NAMED = 6, 2
# Requests stand above, and are news no longer when they have been answered.
NEWS = Only(frozenset(Kind) - {Kind.FOLLOW_REQUEST})
MENTIONS = Only(frozenset({Kind.MENTION}))


@page_get(ADDRESS)
async def notifications_page(request: Request) -> Response[str]:
    """`/notifications`, with `only=mentions` those alone."""
    viewer = viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, ADDRESS)
    only_mentions = request.query_params.get("only") == "mentions"
    page = page_asked(request, GROUPS)
    product, first = product_of(request), page.max_id is None
    found = await product.notifications.groups(viewer, page, MENTIONS if only_mentions else NEWS)
    read_to = await _read_to(request, viewer)
    if first and not only_mentions and not is_prefetch(request):
        await _read(request, viewer, read_to)
    news = [_news(group, found, viewer, read_to) for group in found.groups]
    return await shown(
        request,
        "notifications.html",
        news=news,
        requests=await _requests(request, viewer) if first and not only_mentions else {"asking": [], "more": False},
        only="mentions" if only_mentions else "",
        older=_older(found, only_mentions=only_mentions),
    )


async def _read_to(request: Request, viewer: int) -> int:
    marks = await product_of(request).markers.of(viewer, [NOTIFICATIONS])
    return marks[0].last_read_id if marks else 0


async def _read(request: Request, viewer: int, read_to: int) -> None:
    """All that has come until now is read; a marker never goes back by itself."""
    newest = await product_of(request).notifications.page(viewer, Page(limit=1))
    if newest.newest > read_to:
        await product_of(request).markers.set(viewer, {NOTIFICATIONS: newest.newest})


def _older(found: GroupPage, *, only_mentions: bool) -> str:
    if len(found.groups) < GROUPS:
        return ""
    return f"{'only=mentions&' if only_mentions else ''}max_id={found.oldest}"


async def _requests(request: Request, viewer: int) -> Entity:
    """The latest who ask to follow (`asking`), and whether there are more."""
    product = product_of(request)
    edges = await product.edges.requests(viewer, Page(limit=REQUESTS))
    return {"asking": entities(await product.people.many(edges.ids)), "more": edges.full}


def _news(group: Group, found: GroupPage, viewer: int, read_to: int) -> dict[str, Any]:
    """A group for the template: who (`people`, `others` more than are named), what (`type`), about which `post`."""
    newest = group.newest
    post = entity(found.statuses[newest.subject_id]) if newest.kind in OF_POSTS else None
    who = list(dict.fromkeys(each.from_id for each in group.told))
    return {
        "type": newest.kind.type,
        "people": [entity(found.accounts[ident]) for ident in who[:PICTURES]],
        "others": max(0, len(who) - NAMED),
        "post": post,
        "answers": post is not None and post["in_reply_to_account_id"] == str(viewer),
        "at": clock.iso(newest.created_at),
        "unread": newest.id > read_to,
    }


@page_get("/follow_requests")
async def requests_page(request: Request) -> Response[str]:
    """All who ask to follow."""
    viewer = viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, "/follow_requests")
    product = product_of(request)
    edges = await product.edges.requests(viewer, page_asked(request, PEOPLE))
    asking = entities(await product.people.many(edges.ids))
    older = f"max_id={edges.oldest}" if edges.full else ""
    return await shown(request, "follow_requests.html", asking=asking, older=older)


@page_post("/notifications/clear")
async def clear(request: Request) -> Response[str]:
    """Put all of them away."""
    await checked(request, ButtonForm)
    viewer = viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, ADDRESS)
    await product_of(request).notifications.clear(viewer)
    return go(ADDRESS)


ROUTES = [notifications_page, requests_page, clear]
