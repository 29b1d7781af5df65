"""Search: accounts, posts, hashtags. `web/finding.py` says what a query means."""

import msgspec
from litestar import Response
from litestar.params import FromQuery

from heliograph.base import ids
from heliograph.base.errors import InvalidInputError, NotFoundError
from heliograph.domain.feeds import present
from heliograph.web.access import anyone, product_of, user
from heliograph.web.entities.account import AccountEntity
from heliograph.web.entities.status import StatusEntity
from heliograph.web.entities.tag import HashtagEntity, hashtag
from heliograph.web.finding import KINDS, OFFSET_MAX, Found, Part, find, sought
from heliograph.web.pagination import Limit, MaxId, MinId, page_of
from heliograph.web.request import Request
from heliograph.web.routes import api_get, as_json

DEFAULT, MOST = 20, 40
DEFAULT_ACCOUNTS, MOST_ACCOUNTS = 40, 80


class SearchEntity(msgspec.Struct, frozen=True):
    """What was found."""

    accounts: list[AccountEntity]
    statuses: list[StatusEntity]
    hashtags: list[HashtagEntity]


async def named(request: Request, acct: str) -> bytes:
    """The account of `name`, `@name` or `name@this.site`, as JSON. Raises NotFoundError."""
    name, _, domain = acct.strip().removeprefix("@").partition("@")
    if domain and domain.lower() != request.app.state.addresses.domain.lower():
        raise NotFoundError
    return await product_of(request).people.named(name)


@api_get("/api/v1/accounts/search", user("read:accounts"), list[AccountEntity])
async def accounts(
    request: Request,
    q: FromQuery[str],
    limit: Limit = None,
    offset: FromQuery[int] = 0,
    following: FromQuery[bool] = False,
    resolve: FromQuery[bool] = False,  # noqa: ARG001 -- there is nobody elsewhere to ask
) -> Response[bytes]:
    """Accounts by their names, those first that are named exactly and those whom you follow."""
    page = page_of(limit, None, None, None, default=DEFAULT_ACCOUNTS, most=MOST_ACCOUNTS)
    part = Part(kinds=("accounts",), page=page, offset=_bounded(offset), following=following)
    found = await find(request, sought(q, request.app.state.addresses), part)
    return as_json(present.array(found.accounts))


@api_get("/api/v2/search", anyone("read:search"), SearchEntity)
async def search(
    request: Request,
    q: FromQuery[str],
    type: FromQuery[str] = "",  # noqa: A002 -- the parameter's name in the API
    account_id: FromQuery[str] = "",
    max_id: MaxId = None,
    min_id: MinId = None,
    limit: Limit = None,
    offset: FromQuery[int] = 0,
    following: FromQuery[bool] = False,
    resolve: FromQuery[bool] = False,  # noqa: ARG001 -- there is nobody elsewhere to ask
    exclude_unreviewed: FromQuery[bool] = False,  # noqa: ARG001 -- no hashtag waits for a review
) -> Response[bytes]:
    """Accounts and hashtags by how they begin, your own posts by their words, anything by its address.

    With `type` (accounts, statuses or hashtags) only that; `offset` holds with `type` alone.
    """
    part = Part(
        kinds=(type,) if type else KINDS,
        page=page_of(limit, max_id, None, min_id, default=DEFAULT, most=MOST),
        offset=_bounded(offset) if type else 0,
        following=following,
        author=_author(account_id),
    )
    return _answer(request, await find(request, sought(q, request.app.state.addresses), part))


def _answer(request: Request, found: Found) -> Response[bytes]:
    addresses = request.app.state.addresses
    hashtags = msgspec.json.encode([hashtag(each, addresses) for each in found.hashtags])
    parts = (present.array(found.accounts), present.array(found.posts), hashtags)
    return as_json(b'{"accounts":%s,"statuses":%s,"hashtags":%s}' % parts)


def _bounded(offset: int) -> int:
    return max(0, min(offset, OFFSET_MAX))


def _author(text: str) -> int | None:
    if not text:
        return None
    ident = ids.parse(text)
    if ident is None:
        raise InvalidInputError(f"account_id = {text[:40]!r}: expected an id, a whole number")
    return ident


ROUTES = [accounts, search]
