"""/api/v1/notifications and /api/v2/notifications: what you have been told, one by one or in groups."""

import msgspec
from litestar import Response
from litestar.params import FromPath, FromQuery

from heliograph.base import ids
from heliograph.base.errors import InvalidInputError, NotFoundError
from heliograph.domain.feeds import present
from heliograph.domain.notifications.inbox import Only
from heliograph.domain.notifications.notification import GROUPED, TYPES, Kind
from heliograph.web.access import product_of, user, viewer
from heliograph.web.entities import notification as entities
from heliograph.web.entities.account import AccountEntity
from heliograph.web.entities.notification import CountEntity, GroupedNotificationsEntity, NotificationEntity
from heliograph.web.pagination import Limit, MaxId, MinId, SinceId, link, page_of
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_post, as_json

DEFAULT, MOST = 40, 80
COUNTED_DEFAULT, COUNTED_MOST = 100, 1000
READ = user("read:notifications")
WRITE = user("write:notifications")
# The documentation asks for the right to write where there is nothing to write; whoever may read is let in too.
EITHER = user("write:notifications", "read:notifications")
PARTIAL = "partial_avatars"
# The lists by which a query says of what kinds.
KINDS = ("types", "exclude_types")


@api_get("/api/v1/notifications", READ, list[NotificationEntity], texts=KINDS)
async def several(
    request: Request,
    max_id: MaxId = None,
    since_id: SinceId = None,
    min_id: MinId = None,
    limit: Limit = None,
    account_id: FromQuery[str | None] = None,
) -> Response[bytes]:
    """What you have been told, the latest first; `types[]` and `exclude_types[]` say of what kinds."""
    page = page_of(limit, max_id, since_id, min_id, default=DEFAULT, most=MOST)
    found = await product_of(request).notifications.page(viewer(request), page, _only(request, account_id))
    headers = link(request, found.newest, found.oldest, request.app.state.addresses.base)
    return as_json(present.array(found.items), headers=headers)


@api_get("/api/v1/notifications/{ident:str}", READ, NotificationEntity)
async def one(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """One notification."""
    shown = await product_of(request).notifications.one(viewer(request), _id(ident))
    if shown is None:
        raise NotFoundError
    return as_json(shown)


@api_get("/api/v1/notifications/unread_count", READ, CountEntity, texts=KINDS)
async def unread(request: Request, limit: Limit = None, account_id: FromQuery[str | None] = None) -> Response[bytes]:
    """How many notifications are newer than your marker `notifications`."""
    return await _unread(request, limit, account_id, frozenset())


@api_post("/api/v1/notifications/clear", WRITE, dict[str, str])
async def clear(request: Request) -> Response[bytes]:
    """Put all of them away."""
    await product_of(request).notifications.clear(viewer(request))
    return as_json(b"{}")


@api_post("/api/v1/notifications/{ident:str}/dismiss", WRITE, dict[str, str])
async def dismiss(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """Put one of them away."""
    await product_of(request).notifications.dismiss(viewer(request), _id(ident))
    return as_json(b"{}")


@api_get("/api/v2/notifications", READ, GroupedNotificationsEntity, texts=[*KINDS, "grouped_types"])
async def groups(
    request: Request,
    max_id: MaxId = None,
    since_id: SinceId = None,
    min_id: MinId = None,
    limit: Limit = None,
    account_id: FromQuery[str | None] = None,
    expand_accounts: FromQuery[str] = "full",
) -> Response[bytes]:
    """What you have been told in groups, the latest first; `grouped_types[]` says of what kinds groups are made."""
    if expand_accounts not in ("full", PARTIAL):
        raise InvalidInputError(f"Invalid value for 'expand_accounts': '{expand_accounts[:40]}'")
    page = page_of(limit, max_id, since_id, min_id, default=DEFAULT, most=MOST)
    only = _only(request, account_id)
    found = await product_of(request).notifications.groups(viewer(request), page, only, _grouped(request))
    headers = link(request, found.newest, found.oldest, request.app.state.addresses.base)
    return as_json(entities.grouped(found, listed=True, partial=expand_accounts == PARTIAL), headers=headers)


@api_get("/api/v2/notifications/unread_count", READ, CountEntity, texts=[*KINDS, "grouped_types"])
async def unread_groups(
    request: Request, limit: Limit = None, account_id: FromQuery[str | None] = None
) -> Response[bytes]:
    """How many groups are newer than your marker `notifications`."""
    return await _unread(request, limit, account_id, _grouped(request))


@api_get("/api/v2/notifications/{group_key:str}", READ, GroupedNotificationsEntity)
async def group(request: Request, group_key: FromPath[str]) -> Response[bytes]:
    """One group."""
    found = await product_of(request).notifications.group(viewer(request), group_key)
    return as_json(entities.grouped(found, listed=False))


@api_post("/api/v2/notifications/{group_key:str}/dismiss", WRITE, dict[str, str])
async def dismiss_group(request: Request, group_key: FromPath[str]) -> Response[bytes]:
    """Put a group away."""
    await product_of(request).notifications.dismiss_group(viewer(request), group_key)
    return as_json(b"{}")


@api_get("/api/v2/notifications/{group_key:str}/accounts", EITHER, list[AccountEntity])
async def group_accounts(request: Request, group_key: FromPath[str]) -> Response[bytes]:
    """Everybody who belongs to a group, the latest first."""
    found = await product_of(request).notifications.group(viewer(request), group_key)
    accounts = dict.fromkeys(each.from_id for each in found.groups[0].told)
    return as_json(present.array([found.accounts[ident] for ident in accounts]))


async def _unread(
    request: Request, limit: int | None, account_id: str | None, kinds: frozenset[Kind]
) -> Response[bytes]:
    at_most = max(1, min(limit or COUNTED_DEFAULT, COUNTED_MOST))
    only = _only(request, account_id)
    count = await product_of(request).notifications.unread(viewer(request), at_most, only, kinds)
    return as_json(msgspec.json.encode(CountEntity(count)))


def _id(text: str) -> int:
    ident = ids.parse(text)
    if ident is None:
        raise NotFoundError
    return ident


def _only(request: Request, account_id: str | None) -> Only:
    """Which kinds are asked for; types that there are not here are passed over."""
    kinds = _kinds(request, "types") if _given(request, "types") else frozenset(Kind)
    return Only(kinds - _kinds(request, "exclude_types"), _id(account_id) if account_id else 0)


def _grouped(request: Request) -> frozenset[Kind]:
    return GROUPED & _kinds(request, "grouped_types") if _given(request, "grouped_types") else GROUPED


def _kinds(request: Request, name: str) -> frozenset[Kind]:
    return frozenset(TYPES[text] for text in _given(request, name) if text in TYPES)


def _given(request: Request, name: str) -> list[str]:
    found: list[str] = [*request.query_params.getall(f"{name}[]", []), *request.query_params.getall(name, [])]
    return found


ROUTES = [several, one, unread, clear, dismiss, groups, unread_groups, group, dismiss_group, group_accounts]
