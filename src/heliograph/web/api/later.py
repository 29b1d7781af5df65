"""What clients ask for at their start and that holds nothing here yet: honest empty answers, in the right shapes.

Only reading. A write whose feature is not there is a 404, since an app must not believe that it has been done.
"""

from typing import Any

import msgspec
from litestar import Response
from litestar.params import FromPath

from heliograph.web.access import Access, anyone, product_of, user, viewer_or_none
from heliograph.web.api.relationships import account_id
from heliograph.web.api.statuses import post_id
from heliograph.web.entities.status import StatusEntity
from heliograph.web.request import Request
from heliograph.web.routes import api_get, as_json

# Nobody is filtered.
_POLICY = {
    "for_not_following": "accept",
    "for_not_followers": "accept",
    "for_new_accounts": "accept",
    "for_private_mentions": "accept",
    "for_limited_accounts": "accept",
    "summary": {"pending_requests_count": 0, "pending_notifications_count": 0},
}

# path -> who may ask. The answer is an empty list.
LISTS: dict[str, Access] = {
    "/api/v1/announcements": anyone(),
    "/api/v1/custom_emojis": anyone(),
    "/api/v1/instance/domain_blocks": anyone(),
    "/api/v1/instance/peers": anyone(),
    "/api/v1/instance/rules": anyone(),
    "/api/v1/trends": anyone(),
    "/api/v1/trends/links": anyone(),
    "/api/v1/trends/statuses": anyone(),
    "/api/v1/trends/tags": anyone(),
    "/api/v1/domain_blocks": user("read:blocks"),
    "/api/v1/endorsements": user("read:accounts"),
    "/api/v1/filters": user("read:filters"),
    "/api/v2/filters": user("read:filters"),
    "/api/v1/lists": user("read:lists"),
    "/api/v1/notifications/requests": user("read:notifications"),
    "/api/v1/scheduled_statuses": user("read:statuses"),
    "/api/v1/suggestions": user("read"),
    "/api/v2/suggestions": user("read"),
}

# path -> who may ask, and the answer.
OBJECTS: dict[str, tuple[Access, dict[str, Any]]] = {
    "/api/v1/instance/translation_languages": (anyone(), {}),
    "/api/v1/notifications/policy": (user("read:notifications"), _POLICY),
    "/api/v2/notifications/policy": (user("read:notifications"), _POLICY),
    "/api/v1/notifications/requests/merged": (user("read:notifications"), {"merged": True}),
}


def _constant(path: str, access: Access, answer: Any) -> Any:
    """The route at `path` that always says `answer`."""
    body = msgspec.json.encode(answer)

    async def empty() -> Response[bytes]:
        return as_json(body)

    empty.__doc__ = "Nothing yet: this site has none."
    kind = list[Any] if isinstance(answer, list) else dict[str, Any]
    return api_get(path, access, kind)(empty)


@api_get("/api/v1/statuses/{status_id:str}/quotes", user("read:statuses"), list[StatusEntity])
async def quotes(request: Request, status_id: FromPath[str]) -> Response[bytes]:
    """What quotes a post that you may see: nothing can yet."""
    await product_of(request).timelines.header(viewer_or_none(request), post_id(status_id))
    return as_json(b"[]")


@api_get("/api/v1/accounts/{ident:str}/endorsements", anyone(), list[Any])
async def endorsed(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """Which others an account shows at the top of its profile: nobody yet."""
    await product_of(request).profiles.get_public(account_id(ident))
    return as_json(b"[]")


@api_get("/api/v1/accounts/{ident:str}/lists", user("read:lists"), list[Any])
async def lists_with(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """Which of your lists hold an account: you have none yet."""
    await product_of(request).profiles.get_public(account_id(ident))
    return as_json(b"[]")


ROUTES = [
    *(_constant(path, access, []) for path, access in LISTS.items()),
    *(_constant(path, access, answer) for path, (access, answer) in OBJECTS.items()),
    quotes,
    endorsed,
    lists_with,
]
