"""Whom one has blocked or muted, with the way back."""

from litestar import Response

from heliograph.base.clock import iso
from heliograph.domain.graph.edges import EdgePage
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages.forms import page_get
from heliograph.web.pages.shown import Entity, entities, log_in_first, page_asked, shown
from heliograph.web.request import Request

PEOPLE = 40


@page_get("/settings/blocks")
async def blocked_page(request: Request) -> Response[str]:
    """Whom one has blocked, the latest first."""
    viewer = viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, "/settings/blocks")
    edges = await product_of(request).edges.blocked(viewer, page_asked(request, PEOPLE))
    people = await _people(request, edges)
    return await _shown(request, edges, people, heading="People you have blocked", undo="unblock")


@page_get("/settings/mutes")
async def muted_page(request: Request) -> Response[str]:
    """Whom one has muted, the latest first, and until when."""
    viewer = viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, "/settings/mutes")
    edges, ends = await product_of(request).edges.muted(viewer, page_asked(request, PEOPLE))
    people = await _people(request, edges)
    for person in people:
        until = ends[int(person["id"])]
        person["until"] = iso(until) if until else ""
    return await _shown(request, edges, people, heading="People you have muted", undo="unmute")


async def _people(request: Request, edges: EdgePage) -> list[Entity]:
    return entities(await product_of(request).people.many(edges.ids))


async def _shown(request: Request, edges: EdgePage, people: list[Entity], *, heading: str, undo: str) -> Response[str]:
    older = f"max_id={edges.oldest}" if edges.full else ""
    return await shown(request, "withheld.html", people=people, older=older, heading=heading, undo=undo)


ROUTES = [blocked_page, muted_page]
