"""GET /api/v1/statuses/:id/context: the thread around a post."""

import msgspec
from litestar import Response
from litestar.params import FromPath

from heliograph.domain.feeds import present
from heliograph.web.access import anyone, product_of, viewer_or_none
from heliograph.web.api.statuses import post_id
from heliograph.web.entities.status import StatusEntity
from heliograph.web.request import Request
from heliograph.web.routes import api_get, as_json


class ContextEntity(msgspec.Struct, frozen=True):
    """The posts above and below a post."""

    ancestors: list[StatusEntity]
    descendants: list[StatusEntity]


@api_get("/api/v1/statuses/{status_id:str}/context", anyone("read:statuses"), ContextEntity)
async def context(request: Request, status_id: FromPath[str]) -> Response[bytes]:
    """The conversation around a post: what it answers, from the beginning on, and what answers it, depth first.

    Without logging in at most 40 posts above and 60 below, 20 levels deep; else 4,096 each.
    """
    found = await product_of(request).contexts.of(viewer_or_none(request), post_id(status_id))
    parts = (present.array(found.ancestors), present.array(found.descendants))
    return as_json(b'{"ancestors":%s,"descendants":%s}' % parts)


ROUTES = [context]
