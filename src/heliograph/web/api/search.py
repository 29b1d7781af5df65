"""Finding by what is exactly known: a user name, the address of a profile or of a post. There is no full search yet."""

import re
from typing import Any

import msgspec
from litestar import Response
from litestar.params import FromQuery

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.domain.accounts.account import Account
from heliograph.domain.feeds import present
from heliograph.web.access import anyone, product_of, user, viewer_or_none
from heliograph.web.entities.account import AccountEntity
from heliograph.web.entities.status import StatusEntity
from heliograph.web.request import Request
from heliograph.web.routes import api_get, as_json


class SearchEntity(msgspec.Struct, frozen=True):
    """What was found."""

    accounts: list[AccountEntity]
    statuses: list[StatusEntity]
    hashtags: list[dict[str, Any]]


async def named(request: Request, acct: str) -> Account:
    """The account of `name`, `@name` or `name@this.site`. Raises NotFoundError."""
    name, _, domain = acct.strip().removeprefix("@").partition("@")
    if domain and domain.lower() != request.app.state.addresses.domain.lower():
        raise NotFoundError
    return await product_of(request).profiles.by_username(name)


async def _accounts(request: Request, words: str) -> list[bytes]:
    try:
        account = await named(request, _path_here(request, words) or words)
    except NotFoundError:
        return []
    return await product_of(request).people.many([account.id])


async def _posts(request: Request, words: str) -> list[bytes]:
    """The post at the address `words`: `/@name/<id>` or `/p/<id>`."""
    ident = ids.parse(_path_here(request, words).rpartition("/")[2])
    return [] if ident is None else await product_of(request).timelines.posts(viewer_or_none(request), [ident])


def _path_here(request: Request, words: str) -> str:
    """The path of an address of this site, without slashes around it; else ''."""
    base = request.app.state.addresses.base
    return re.split(r"[?#]", words[len(base) :])[0].strip("/") if words.startswith(f"{base}/") else ""


@api_get("/api/v1/accounts/search", user("read:accounts"), list[AccountEntity])
async def accounts(request: Request, q: FromQuery[str], offset: FromQuery[int] = 0) -> Response[bytes]:
    """The account with exactly this name."""
    return as_json(present.array([] if offset else await _accounts(request, q)))


@api_get("/api/v2/search", anyone("read:search"), SearchEntity)
async def search(
    request: Request,
    q: FromQuery[str],
    type: FromQuery[str] = "",  # noqa: A002 -- the parameter's name in the API
    offset: FromQuery[int] = 0,
) -> Response[bytes]:
    """The account or post that a name or an address leads to. Hashtags and words are not searched yet."""
    words = "" if offset else q.strip()
    found = [
        present.array(await find(request, words) if words and type in ("", kind) else [])
        for kind, find in (("accounts", _accounts), ("statuses", _posts))
    ]
    return as_json(b'{"accounts":%s,"statuses":%s,"hashtags":[]}' % (found[0], found[1]))


ROUTES = [accounts, search]
