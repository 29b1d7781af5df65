"""What liking, keeping and sharing a post have in common: the post is found, marked, and answered as it is then."""

from collections.abc import Awaitable, Callable

from litestar import Response

from heliograph.base.errors import NotFoundError
from heliograph.web.access import product_of, viewer
from heliograph.web.api.statuses import post_id
from heliograph.web.request import Request
from heliograph.web.routes import as_json

# (account, post): marks the post for the account, or takes that back.
Mark = Callable[[int, int], Awaitable[None]]


async def marked(request: Request, status_id: str, mark: Mark) -> Response[bytes]:
    """Mark a post, or the original of a reblog. Raises NotFoundError for one that the viewer may not see."""
    timelines, who, ident = product_of(request).timelines, viewer(request), post_id(status_id)
    await mark(who, (await timelines.proper(who, ident)).id)
    return as_json(await timelines.post(who, ident))


async def unmarked(request: Request, status_id: str, unmark: Mark) -> Response[bytes]:
    """Take a mark back: see `taken_back`."""
    await taken_back(request, status_id, unmark)
    return as_json(await product_of(request).timelines.post(viewer(request), post_id(status_id)))


async def taken_back(request: Request, status_id: str, unmark: Mark) -> int:
    """Take a mark back from a post, or from the original of a reblog, whose id this gives.

    Also from what one may no longer see, since its author has blocked one; raises NotFoundError then.
    """
    who, ident = viewer(request), post_id(status_id)
    try:
        original = (await product_of(request).timelines.proper(who, ident)).id
    except NotFoundError:
        await unmark(who, ident)
        raise
    await unmark(who, original)
    return original
