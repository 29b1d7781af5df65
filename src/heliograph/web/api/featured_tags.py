"""Hashtags at the top of a profile: one's own, suggestions for them, those of others."""

import msgspec
from litestar import Response
from litestar.params import FromPath

from heliograph.base import ids
from heliograph.base.errors import NotFoundError, ValidationError
from heliograph.domain.posts.featured_tags import FeaturedTag
from heliograph.domain.posts.text import hashtag_named
from heliograph.web.access import anyone, product_of, user, viewer, viewer_or_none
from heliograph.web.api.relationships import account_id
from heliograph.web.api.tags import tags_shown
from heliograph.web.entities.featured_tag import FeaturedTagEntity, featured_tag
from heliograph.web.entities.tag import HashtagEntity
from heliograph.web.parameters import fields
from heliograph.web.request import Request
from heliograph.web.routes import api_delete, api_get, api_post, as_json


class FeatureForm(msgspec.Struct, frozen=True):
    """The parameters of a new featured hashtag: its name, without the sign."""

    name: str = ""


@api_get("/api/v1/featured_tags", user("read:accounts"), list[FeaturedTagEntity])
async def own(request: Request) -> Response[bytes]:
    """The hashtags at the top of your profile."""
    return await _of(request, viewer(request))


@api_get("/api/v1/accounts/{ident:str}/featured_tags", anyone("read:accounts"), list[FeaturedTagEntity])
async def of_account(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """The hashtags at the top of somebody's profile; none where one of you blocks the other."""
    product, who, target = product_of(request), viewer_or_none(request), account_id(ident)
    # How often they were used, and when, would tell of posts that are hidden.
    if who is not None and target in (await product.relations.of(who)).blocked:
        await product.profiles.get_public(target)
        return as_json(b"[]")
    return await _of(request, target)


async def _of(request: Request, account: int) -> Response[bytes]:
    found = await product_of(request).featured_tags.of(account)
    return as_json(msgspec.json.encode(await _shown(request, account, found)))


async def _shown(request: Request, account: int, tags: list[FeaturedTag]) -> list[FeaturedTagEntity]:
    """The entities of what an account features. Raises NotFoundError for an account that nobody may see."""
    username = (await product_of(request).profiles.get_public(account)).username
    return [featured_tag(tag, username, request.app.state.addresses) for tag in tags]


@api_post("/api/v1/featured_tags", user("write:accounts"), FeaturedTagEntity, form=FeatureForm)
async def feature(request: Request) -> Response[bytes]:
    """Show a hashtag at the top of your profile."""
    who, form = viewer(request), await fields(request, FeatureForm)
    tag = hashtag_named(form.name)
    if tag is None:
        raise ValidationError("Validation failed: Tag is invalid")
    made = await product_of(request).featured_tags.feature(who, tag)
    (shown,) = await _shown(request, who, [made])
    return as_json(msgspec.json.encode(shown))


@api_delete("/api/v1/featured_tags/{ident:str}", user("write:accounts"), dict[str, str])
async def unfeature(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """No longer show a hashtag at the top of your profile; by the id of the featured hashtag, not that of the hashtag."""
    featured = ids.parse(ident)
    if featured is None:
        raise NotFoundError
    await product_of(request).featured_tags.remove(viewer(request), featured)
    return as_json(b"{}")


@api_get("/api/v1/featured_tags/suggestions", user("read:accounts"), list[HashtagEntity])
async def suggestions(request: Request) -> Response[bytes]:
    """Hashtags that you have used lately, and do not show yet."""
    names = await product_of(request).featured_tags.suggestions(viewer(request))
    return as_json(msgspec.json.encode(await tags_shown(request, names)))


ROUTES = [own, of_account, feature, unfeature, suggestions]
