"""What you and others are to each other: GET /api/v1/accounts/relationships, familiar_followers, and your private notes."""

from collections.abc import Sequence

import msgspec
from litestar import Response
from litestar.params import FromPath, FromQuery

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.domain.feeds import present
from heliograph.web.access import product_of, user, viewer
from heliograph.web.entities.relationship import FamiliarFollowersEntity, RelationshipEntity, relationship
from heliograph.web.parameters import fields, ids_given
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_post, as_json

MAX_IDS = 100
# Each costs a look-up for everybody whom one follows.
MAX_FAMILIAR = 20


def account_id(text: str) -> int:
    """The id in a path. Raises NotFoundError for what cannot be one."""
    ident = ids.parse(text)
    if ident is None:
        raise NotFoundError
    return ident


async def target_of(request: Request, ident: str) -> int:
    """The id of an account that is there, suspended or not. Raises NotFoundError."""
    account = await product_of(request).profiles.get(account_id(ident))
    if account.state not in ("active", "suspended"):
        raise NotFoundError
    return account.id


async def answer(request: Request, target: int) -> Response[bytes]:
    """What the viewer and `target` are to each other now."""
    (known,) = await product_of(request).relationships.among(viewer(request), [target])
    return as_json(msgspec.json.encode(relationship(known)))


@api_get("/api/v1/accounts/relationships", user("read:follows"), list[RelationshipEntity], many=["id"])
async def relationships(request: Request, with_suspended: FromQuery[bool] = False) -> Response[bytes]:
    """What you are to several accounts, `id[]=1&id[]=2`; those that do not exist are left out."""
    product = product_of(request)
    wanted = _known(ids_given(request), MAX_IDS)
    states = ("active", "suspended") if with_suspended else ("active",)
    accounts = await product.profiles.many(wanted)
    there = [ident for ident in wanted if ident in accounts and accounts[ident].state in states]
    known = await product.relationships.among(viewer(request), there)
    return as_json(msgspec.json.encode([relationship(each) for each in known]))


class FamiliarForm(msgspec.Struct, frozen=True):
    """The accounts asked about, as Mastodon.py sends them: in the body of a GET."""

    id: list[str | int] = []


@api_get("/api/v1/accounts/familiar_followers", user("read:follows"), list[FamiliarFollowersEntity], many=["id"])
async def familiar_followers(request: Request) -> Response[bytes]:
    """Whom you follow of those who follow the accounts `id[]=1&id[]=2`, of 20 at most."""
    product = product_of(request)
    given = ids_given(request) or (await fields(request, FamiliarForm)).id
    found = await product.familiar.followers(viewer(request), _known(given, MAX_FAMILIAR))
    shown = [
        b'{"id":"%d","accounts":%s}' % (target, present.array(await product.people.many(followers)))
        for target, followers in found.items()
    ]
    return as_json(present.array(shown))


def _known(given: Sequence[str | int], most: int) -> list[int]:
    """What can be ids of the first `most` that are given, each once."""
    wanted = dict.fromkeys(ids.parse(each) for each in given[:most])
    return [ident for ident in wanted if ident is not None]


class NoteForm(msgspec.Struct, frozen=True):
    """The parameters of a private note."""

    comment: str | None = None


@api_post("/api/v1/accounts/{ident:str}/note", user("write:accounts"), RelationshipEntity, form=NoteForm)
async def note(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """Note something about an account that only you will see; without a text, the note is removed."""
    form, target = await fields(request, NoteForm), await target_of(request, ident)
    await product_of(request).notes.write(viewer(request), target, form.comment or "")
    return await answer(request, target)


ROUTES = [relationships, familiar_followers, note]
