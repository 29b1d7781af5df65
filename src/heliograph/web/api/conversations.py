"""/api/v1/conversations: your threads of direct posts."""

from litestar import Response
from litestar.params import FromPath

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.domain.feeds import present
from heliograph.web.access import product_of, user, viewer
from heliograph.web.entities.notification import ConversationEntity
from heliograph.web.pagination import Limit, MaxId, MinId, SinceId, link, page_of
from heliograph.web.request import Request
from heliograph.web.routes import api_delete, api_get, api_post, as_json

DEFAULT, MOST = 20, 40
WRITE = user("write:conversations")


@api_get("/api/v1/conversations", user("read:statuses"), list[ConversationEntity])
async def several(
    request: Request, max_id: MaxId = None, since_id: SinceId = None, min_id: MinId = None, limit: Limit = None
) -> Response[bytes]:
    """Your conversations, the one with the latest post first. The bounds of a page are those of its `Link` header."""
    page = page_of(limit, max_id, since_id, min_id, default=DEFAULT, most=MOST)
    found = await product_of(request).conversations.page(viewer(request), page)
    headers = link(request, found.newest, found.oldest, request.app.state.addresses.base)
    return as_json(present.array(found.items), headers=headers)


@api_post("/api/v1/conversations/{ident:str}/read", WRITE, ConversationEntity)
async def read(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """Mark a conversation as read."""
    return as_json(await product_of(request).conversations.mark(viewer(request), _id(ident), unread=False))


@api_post("/api/v1/conversations/{ident:str}/unread", WRITE, ConversationEntity)
async def unread(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """Mark a conversation as unread."""
    return as_json(await product_of(request).conversations.mark(viewer(request), _id(ident), unread=True))


@api_delete("/api/v1/conversations/{ident:str}", WRITE, dict[str, str])
async def remove(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """Take a conversation off your list; its posts stay."""
    await product_of(request).conversations.remove(viewer(request), _id(ident))
    return as_json(b"{}")


def _id(text: str) -> int:
    ident = ids.parse(text)
    if ident is None:
        raise NotFoundError
    return ident


ROUTES = [several, read, unread, remove]
