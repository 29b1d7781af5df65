"""/api/v1/statuses: publish, read, delete; who likes a post."""

from typing import Any

import msgspec
from litestar import Response
from litestar.params import FromPath, FromQuery

from heliograph.base import ids
from heliograph.base.errors import InvalidInputError, NotFoundError, ValidationError
from heliograph.domain.feeds import present
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.web.access import anyone, identity, product_of, user, viewer, viewer_or_none
from heliograph.web.entities.account import AccountEntity
from heliograph.web.entities.status import StatusEntity
from heliograph.web.pagination import Limit, MaxId, MinId, SinceId, link, page_of
from heliograph.web.parameters import fields, ids_given
from heliograph.web.request import Request
from heliograph.web.routes import api_delete, api_get, api_post, as_json

MAX_KEY = 255
MAX_IDS = 40


class StatusForm(msgspec.Struct, frozen=True):
    """The parameters of a new post. What is not supported yet is refused, not passed over."""

    status: str | None = None
    media_ids: list[str | int] | None = None
    visibility: str | None = None
    sensitive: bool | None = None
    spoiler_text: str | None = None
    language: str | None = None
    in_reply_to_id: str | int | None = None
    scheduled_at: str | None = None
    poll: Any = None
    quoted_status_id: str | int | None = None


@api_post("/api/v1/statuses", user("write:statuses"), StatusEntity, form=StatusForm)
async def publish(request: Request) -> Response[bytes]:
    """Publish a post with up to 10 photos. With an `Idempotency-Key` header, once however often it is sent."""
    product = product_of(request)
    author = viewer(request)
    form = await fields(request, StatusForm)
    answered = post_id(str(form.in_reply_to_id)) if form.in_reply_to_id else None
    published = await product.publishing.publish(author, await _draft(request, form), answered)
    return as_json(await product.timelines.post(author, published.post_id))


async def _draft(request: Request, form: StatusForm) -> Draft:
    for name in ("scheduled_at", "poll", "quoted_status_id"):
        if getattr(form, name):
            raise ValidationError(f"Validation failed: {name} is not supported by this version of the site")
    account = await product_of(request).profiles.get(viewer(request))
    return Draft(
        text=form.status or "",
        media_ids=media_ids_of(form.media_ids or []),
        visibility=_visibility(form.visibility, Visibility(account.default_visibility)),
        sensitive=account.default_sensitive if form.sensitive is None else form.sensitive,
        spoiler_text=form.spoiler_text or "",
        language=language_of(form.language) or account.default_language,
        application=await _application(request),
        key=_key(request),
    )


def media_ids_of(given: list[str | int]) -> list[int]:
    """The ids of photos that a client gave. Raises ValidationError."""
    return [_media_id(each) for each in given if each != ""]


def _media_id(given: str | int) -> int:
    ident = ids.parse(given)
    if ident is None:
        raise ValidationError(f"Validation failed: there is no photo {str(given)[:40]!r} of yours")
    return ident


def _visibility(text: str | None, default: Visibility) -> Visibility:
    if not text:
        return default
    try:
        return Visibility[text.upper()]
    except KeyError:
        raise ValidationError(
            f"Validation failed: visibility = {text[:40]!r}: expected public, unlisted, private or direct"
        ) from None


def language_of(text: str | None) -> str | None:
    """The language code `text`; None for none. Raises ValidationError."""
    if not text:
        return None
    if not (2 <= len(text) <= 35 and text.replace("-", "").isalnum() and text.isascii()):
        raise ValidationError(f"Validation failed: language = {text[:40]!r}: expected an ISO 639 code")
    return text


def _key(request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if len(key) > MAX_KEY:
        raise InvalidInputError(f"Idempotency-Key: expected at most {MAX_KEY} characters")
    return key


async def _application(request: Request) -> dict[str, str | None] | None:
    who = identity(request)
    app = await product_of(request).apps.get(who.app_id) if who and who.app_id else None
    return {"name": app.name, "website": app.website} if app else None


@api_get("/api/v1/statuses", anyone("read:statuses"), list[StatusEntity], many=["id"])
async def several(request: Request) -> Response[bytes]:
    """Several posts at once, `id[]=1&id[]=2`; those that you may not see are left out."""
    wanted = [ids.parse(text) for text in ids_given(request)][:MAX_IDS]
    known = [ident for ident in wanted if ident is not None]
    return as_json(present.array(await product_of(request).timelines.posts(viewer_or_none(request), known)))


def post_id(text: str) -> int:
    """The id in a path. Raises NotFoundError for what cannot be one."""
    ident = ids.parse(text)
    if ident is None:
        raise NotFoundError
    return ident


@api_get("/api/v1/statuses/{status_id:str}", anyone("read:statuses"), StatusEntity)
async def one(request: Request, status_id: FromPath[str]) -> Response[bytes]:
    """One post."""
    return as_json(await product_of(request).timelines.post(viewer_or_none(request), post_id(status_id)))


@api_delete("/api/v1/statuses/{status_id:str}", user("write:statuses"), StatusEntity)
async def remove(request: Request, status_id: FromPath[str], delete_media: FromQuery[bool] = False) -> Response[bytes]:
    """Delete a post of yours; the answer holds its source, so that an app can offer to write it again.

    Its photos can be attached to another post for a day, unless `delete_media`.
    """
    product = product_of(request)
    author, ident = viewer(request), post_id(status_id)
    post = await product.posts.get(ident)
    if post.account_id != author:
        raise NotFoundError
    try:
        shown = await product.timelines.post(author, ident)
    except NotFoundError:
        # What one may no longer see, since its author has blocked one, one may still take out of one's own profile.
        if post.reblog_of_id is not None:
            await product.publishing.unreblog(author, post.reblog_of_id)
        raise
    if post.reblog_of_id is not None:
        await product.publishing.unreblog(author, post.reblog_of_id)
        return as_json(shown)
    await product.remover.delete(author, ident, keep_photos=not delete_media)
    await product.outbox.hint()
    return as_json(msgspec.json.encode(msgspec.json.decode(shown) | {"text": post.text}))


@api_get("/api/v1/statuses/{status_id:str}/favourited_by", anyone("read:accounts"), list[AccountEntity])
async def favourited_by(
    request: Request,
    status_id: FromPath[str],
    max_id: MaxId = None,
    since_id: SinceId = None,
    min_id: MinId = None,
    limit: Limit = None,
) -> Response[bytes]:
    """Who likes a post."""
    product, who, ident = product_of(request), viewer_or_none(request), post_id(status_id)
    original = await product.timelines.proper(who, ident)
    edges = await product.likes.of(original.id, page_of(limit, max_id, since_id, min_id, default=40, most=80))
    accounts = await product.people.seen_by(who, edges.ids)
    base = request.app.state.addresses.base
    return as_json(present.array(accounts), headers=link(request, edges.newest, edges.oldest, base))


ROUTES = [publish, several, one, remove, favourited_by]
