"""/api/v1/accounts: one's own account, others' profiles and posts."""

import asyncio

import msgspec
from litestar import Response
from litestar.params import FromPath, FromQuery
from litestar.response.base import ASGIResponse
from msgspec import UNSET

from heliograph.base import ids
from heliograph.base.errors import InvalidInputError, ValidationError
from heliograph.domain.accounts.account import Account, Field, ProfileChanges
from heliograph.domain.feeds import present
from heliograph.domain.feeds.home import Timeline
from heliograph.domain.feeds.timelines import AccountFilter
from heliograph.domain.media.portraits import AVATAR_PX, HEADER_PX
from heliograph.domain.posts.post import Visibility
from heliograph.web.access import anyone, product_of, user, viewer, viewer_or_none
from heliograph.web.api.relationships import account_id
from heliograph.web.api.search import named
from heliograph.web.api.statuses import MAX_IDS, language_of
from heliograph.web.api.timelines import answer
from heliograph.web.entities import account as entities
from heliograph.web.entities.account import AccountEntity, CredentialAccountEntity
from heliograph.web.entities.status import StatusEntity
from heliograph.web.pagination import Limit, MaxId, MinId, SinceId, page_of
from heliograph.web.parameters import Given, given, ids_given
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_patch, as_json

UNSUPPORTED = (
    "indexable",
    "avatar_description",
    "header_description",
    "attribution_domains",
)


async def _own(request: Request, account: Account) -> bytes:
    """The account with what only its owner sees."""
    product = product_of(request)
    shown = await product.people.one(account.id)
    waiting = await product.follows.count_waiting(account.id)
    source = msgspec.json.encode(entities.source(account, waiting))
    role = msgspec.json.encode(entities.role(account))
    return b'%s,"source":%s,"role":%s}' % (shown[:-1], source, role)


@api_get("/api/v1/accounts/verify_credentials", user("read:accounts", "profile"), CredentialAccountEntity)
async def verify_credentials(request: Request) -> Response[bytes]:
    """Your own account."""
    return as_json(await _own(request, await product_of(request).profiles.get(viewer(request))))


class SourceForm(msgspec.Struct, frozen=True):
    """What is set by default in new posts."""

    privacy: str | None = None
    sensitive: bool | None = None
    language: str | None = None


class FieldForm(msgspec.Struct, frozen=True):
    """A line of the table on a profile."""

    name: str | int | float | None = None
    value: str | int | float | None = None


class ProfileForm(msgspec.Struct, frozen=True):
    """The parameters of a change of one's profile."""

    display_name: str | None = None
    note: str | None = None
    bot: bool | None = None
    discoverable: bool | None = None
    locked: bool | None = None
    hide_collections: bool | None = None
    fields_attributes: dict[str, FieldForm] | list[FieldForm] | None = None
    source: SourceForm | None = None
    # What is not supported yet is refused, not passed over.
    indexable: bool | None = None
    avatar_description: str | None = None
    header_description: str | None = None
    attribution_domains: list[str] | None = None


@api_patch(
    "/api/v1/accounts/update_credentials",
    user("write:accounts"),
    CredentialAccountEntity,
    form=ProfileForm,
    files=["avatar", "header"],
)
async def update_credentials(request: Request) -> Response[bytes]:
    """Change your profile, avatar and header among it."""
    product, who = product_of(request), viewer(request)
    made: set[str] = set()
    try:
        async with given(request, ["avatar", "header"]) as body:
            changes = await _changes(request, body, made)
        account = await product.profiles.update(who, changes)
    except BaseException:
        # Nobody will ever ask for a picture whose profile was refused.
        await asyncio.shield(product.portraits.drop(who, made))
        raise
    return as_json(await _own(request, account))


async def _changes(request: Request, body: Given, made: set[str]) -> ProfileChanges:
    form = body.to(ProfileForm)
    source = form.source or SourceForm()
    for name in UNSUPPORTED:
        if getattr(form, name):
            raise ValidationError(f"Validation failed: {name} is not supported by this version of the site")
    changed = {
        "display_name": form.display_name,
        "note": form.note,
        "bot": form.bot,
        "discoverable": form.discoverable,
        "locked": form.locked,
        "hide_collections": form.hide_collections,
        "fields": _fields(form),
        "default_visibility": _visibility(source.privacy),
        "default_sensitive": source.sensitive,
        "default_language": source.language and language_of(source.language),
        "avatar": await _portrait(request, body, "avatar", AVATAR_PX, made),
        "header": await _portrait(request, body, "header", HEADER_PX, made),
    }
    return ProfileChanges(**{name: UNSET if value is None else value for name, value in changed.items()})  # type: ignore[arg-type]


async def _portrait(request: Request, body: Given, name: str, width_px: int, made: set[str]) -> str | None:
    """The object made of the file `name`, put into `made` too; None when none was sent."""
    if body.fields.get(name):
        raise InvalidInputError(f"{name}: expected a file, as multipart/form-data sends it")
    if name not in body.files:
        return None
    stored = await product_of(request).portraits.make(viewer(request), body.files[name], width_px)
    made.add(stored)
    return stored


def _fields(form: ProfileForm) -> tuple[Field, ...] | None:
    if form.fields_attributes is None:
        return None
    given_fields = form.fields_attributes
    items = given_fields if isinstance(given_fields, list) else [given_fields[key] for key in sorted(given_fields)]
    lines = [Field(_text(item.name), _text(item.value)) for item in items]
    return tuple(line for line in lines if line.name or line.value)


def _text(given_value: str | float | None) -> str:
    return "" if given_value is None else str(given_value)


def _visibility(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(Visibility[text.upper()])
    except KeyError:
        raise ValidationError(
            f"Validation failed: privacy = {text[:40]!r}: expected public, unlisted or private"
        ) from None


@api_get("/api/v1/accounts/lookup", anyone("read:accounts"), AccountEntity)
async def lookup(request: Request, acct: FromQuery[str]) -> Response[bytes]:
    """The account of a user name, `name` or `name@this.site`."""
    return as_json(await named(request, acct))


@api_get("/api/v1/accounts", anyone("read:accounts"), list[AccountEntity], many=["id"])
async def several(request: Request) -> Response[bytes]:
    """Several accounts at once, `id[]=1&id[]=2`; those that do not exist are left out."""
    wanted = dict.fromkeys(ids.parse(text) for text in ids_given(request)[:MAX_IDS])
    known = [ident for ident in wanted if ident is not None]
    return as_json(present.array(await product_of(request).people.many(known)))


@api_get("/api/v1/accounts/{ident:str}", anyone("read:accounts"), AccountEntity)
async def one(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """An account."""
    return as_json(await product_of(request).people.one(account_id(ident)))


@api_get("/api/v1/accounts/{ident:str}/statuses", anyone("read:statuses"), list[StatusEntity])
async def statuses(
    request: Request,
    ident: FromPath[str],
    max_id: MaxId = None,
    since_id: SinceId = None,
    min_id: MinId = None,
    limit: Limit = None,
    only_media: FromQuery[bool] = False,
    pinned: FromQuery[bool] = False,
    tagged: FromQuery[str] = "",
    exclude_replies: FromQuery[bool] = False,
    exclude_reblogs: FromQuery[bool] = False,
) -> ASGIResponse:
    """The posts of an account that you may see; `pinned`: those at the top of its profile, the latest pinned first."""
    product, who, target = product_of(request), viewer_or_none(request), account_id(ident)
    page = page_of(limit, max_id, since_id, min_id, default=20, most=40)
    if pinned:
        return answer(request, Timeline(await product.timelines.pinned(who, target), 0, 0))
    only = AccountFilter(only_media, tagged.removeprefix("#"), not exclude_replies, not exclude_reblogs)
    return answer(request, await product.timelines.account(who, target, page, only))


ROUTES = [verify_credentials, update_credentials, lookup, several, one, statuses]
