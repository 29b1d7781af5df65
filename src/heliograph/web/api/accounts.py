"""/api/v1/accounts: one's own account, others' profiles and posts."""

import msgspec
from litestar import Response
from litestar.params import FromPath, FromQuery
from msgspec import UNSET

from heliograph.base.errors import ValidationError
from heliograph.domain.accounts.account import Account, Field, ProfileChanges
from heliograph.domain.feeds import present
from heliograph.domain.feeds.timelines import AccountFilter
from heliograph.domain.media.portraits import AVATAR_PX, HEADER_PX
from heliograph.domain.posts.post import Visibility
from heliograph.web.access import anyone, product_of, user, viewer, viewer_or_none
from heliograph.web.api.follows import account_id
from heliograph.web.api.timelines import answer
from heliograph.web.entities import account as entities
from heliograph.web.entities.account import AccountEntity, CredentialAccountEntity
from heliograph.web.entities.status import StatusEntity
from heliograph.web.pagination import Limit, MaxId, MinId, SinceId, page_of
from heliograph.web.parameters import Given, given
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_patch, as_json


async def _own(request: Request, account: Account) -> bytes:
    """The account with what only its owner sees."""
    shown = await product_of(request).people.one(account.id)
    source = msgspec.json.encode(entities.source(account))
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


class ProfileForm(msgspec.Struct, frozen=True):
    """The parameters of a change of one's profile."""

    display_name: str | None = None
    note: str | None = None
    bot: bool | None = None
    discoverable: bool | None = None
    locked: bool | None = None
    fields_attributes: dict[str, dict[str, str]] | list[dict[str, str]] | None = None
    source: SourceForm | None = None


@api_patch("/api/v1/accounts/update_credentials", user("write:accounts"), CredentialAccountEntity)
async def update_credentials(request: Request) -> Response[bytes]:
    """Change your profile, avatar and header among it."""
    product, who = product_of(request), viewer(request)
    async with given(request) as body:
        changes = await _changes(request, body)
    before = await product.profiles.get(who)
    account = await product.profiles.update(who, changes)
    await product.uploads.replace(who, {before.avatar, before.header} - {account.avatar, account.header})
    return as_json(await _own(request, account))


async def _changes(request: Request, body: Given) -> ProfileChanges:
    form = body.to(ProfileForm)
    portraits = product_of(request).portraits
    source = form.source or SourceForm()
    if form.locked:
        raise ValidationError("Validation failed: locked is not supported by this version of the site")
    changed = {
        "display_name": form.display_name,
        "note": form.note,
        "bot": form.bot,
        "discoverable": form.discoverable,
        "fields": _fields(form),
        "default_visibility": _visibility(source.privacy),
        "default_sensitive": source.sensitive,
        "default_language": source.language,
        "avatar": await portraits.make(body.files["avatar"], AVATAR_PX) if "avatar" in body.files else None,
        "header": await portraits.make(body.files["header"], HEADER_PX) if "header" in body.files else None,
    }
    return ProfileChanges(**{name: UNSET if value is None else value for name, value in changed.items()})  # type: ignore[arg-type]


def _fields(form: ProfileForm) -> tuple[Field, ...] | None:
    if form.fields_attributes is None:
        return None
    given_fields = form.fields_attributes
    items = given_fields if isinstance(given_fields, list) else [given_fields[key] for key in sorted(given_fields)]
    lines = [Field(item.get("name", ""), item.get("value", "")) for item in items]
    return tuple(line for line in lines if line.name or line.value)


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
    product = product_of(request)
    name, _, domain = acct.removeprefix("@").partition("@")
    if domain and domain.lower() != request.app.state.addresses.domain.lower():
        name = ""
    account = await product.profiles.by_username(name)
    return as_json(await product.people.one(account.id))


@api_get("/api/v1/accounts", anyone("read:accounts"), list[AccountEntity])
async def several(request: Request) -> Response[bytes]:
    """Several accounts at once, `id[]=1&id[]=2`."""
    wanted = [account_id(text) for text in request.query_params.getall("id[]", [])[:40]]
    return as_json(present.array(await product_of(request).people.many(list(dict.fromkeys(wanted)))))


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
) -> Response[bytes]:
    """The posts of an account that you may see. Nothing is pinned yet."""
    product, target = product_of(request), account_id(ident)
    await product.profiles.get_public(target)
    page = page_of(limit, max_id, since_id, min_id, default=20, most=40)
    if pinned:
        return as_json(b"[]")
    only = AccountFilter(media_only=only_media, tag=tagged.removeprefix("#"))
    return answer(request, await product.timelines.account(viewer_or_none(request), target, page, only))


ROUTES = [verify_credentials, update_credentials, lookup, several, one, statuses]
