"""What somebody typed into a search, taken apart and looked for: the same for the API and for the page.

A name with this site's domain and an address of this site lead to what they name; names and addresses elsewhere lead
nowhere, since there is nobody from elsewhere here. Everything else is words.
"""

import asyncio
import re

import msgspec

from heliograph.base import ids
from heliograph.base.errors import UnauthenticatedError, ValidationError
from heliograph.base.paging import Page
from heliograph.domain.accounts.text import line
from heliograph.domain.posts.hashtag import Hashtag
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.addresses import RequestAddresses
from heliograph.web.request import Request

QUERY_MAX = 500
# As far as anybody turns pages.
OFFSET_MAX = 10_000

# Mastodon's words.
NO_OFFSET = "Search queries pagination is not supported without authentication"

_HANDLE = re.compile(r"@?(\w+)@([\w.:-]+)")
_PROFILE = re.compile(r"/@(\w+)/?")
_POST = re.compile(r"/(?:@\w+|p)/(\d+)/?")
_TAG_PAGE = re.compile(r"/tags/(\w+)/?")
_TAG = re.compile(r"#?(\w+)")


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for. `words`: names and texts by their words; `tag`: how a hashtag begins, without its sign.

    `name`: exactly this account; `post_id`: exactly this post.
    """

    words: str = ""
    name: str = ""
    tag: str = ""
    post_id: int | None = None
    # An address: own posts may hold it, but nobody is called so.
    is_address: bool = False


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the results: the kinds, and the page of each. `page`: of posts; its limit is everybody's."""

    kinds: tuple[str, ...]
    page: Page
    offset: int = 0
    following: bool = False
    author: int | None = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: accounts and posts as JSON."""

    accounts: list[bytes] = []
    posts: list[bytes] = []
    hashtags: list[Hashtag] = []


KINDS = ("accounts", "statuses", "hashtags")


def sought(query: str, addresses: RequestAddresses) -> Sought:
    """What `query` asks for. Raises ValidationError for one of more than QUERY_MAX characters."""
    if len(query) > QUERY_MAX:
        raise ValidationError(f"Validation failed: The search is too long (maximum is {QUERY_MAX} characters)")
    words = line(query)
    path = re.split(r"[?#]", addresses.path(words))[0]
    if path:
        return _at(path)
    if "://" in words:
        return Sought(words=words, is_address=True)
    handle = _HANDLE.fullmatch(words)
    if handle:
        return Sought(name=handle[1] if handle[2].lower() == addresses.domain.lower() else "")
    tag = _TAG.fullmatch(words)
    return Sought(words=words, tag=tag[1] if tag else "")


def _at(path: str) -> Sought:
    profile, post, tag = _PROFILE.fullmatch(path), _POST.fullmatch(path), _TAG_PAGE.fullmatch(path)
    return Sought(
        name=profile[1] if profile else "",
        post_id=ids.parse(post[1]) if post else None,
        tag=tag[1] if tag else "",
    )


async def find(request: Request, what: Sought, part: Part) -> Found:
    """What the viewer finds of `what`. Raises UnauthenticatedError where somebody who is not logged in turns pages."""
    if part.offset and viewer_or_none(request) is None:
        raise UnauthenticatedError(NO_OFFSET)
    accounts, posts, hashtags = await asyncio.gather(
        _accounts(request, what, part), _posts(request, what, part), _hashtags(request, what, part)
    )
    return Found(accounts=accounts, posts=posts, hashtags=hashtags)


async def _accounts(request: Request, what: Sought, part: Part) -> list[bytes]:
    search, viewer = product_of(request).search, viewer_or_none(request)
    if "accounts" not in part.kinds or what.is_address:
        return []
    if what.name:
        return [] if part.offset else await search.account(viewer, what.name, following=part.following)
    # Who looks for `#light` means the hashtag.
    if not what.words or what.words.startswith("#"):
        return []
    return await search.accounts(viewer, what.words, part.page.limit, part.offset, following=part.following)


async def _posts(request: Request, what: Sought, part: Part) -> list[bytes]:
    search, viewer = product_of(request).search, viewer_or_none(request)
    if "statuses" not in part.kinds:
        return []
    if what.post_id is not None:
        return [] if part.offset else await search.post(viewer, what.post_id, part.author)
    if not what.words:
        return []
    return await search.posts(viewer, what.words, part.page, part.offset, part.author)


async def _hashtags(request: Request, what: Sought, part: Part) -> list[Hashtag]:
    if "hashtags" not in part.kinds or not what.tag:
        return []
    search = product_of(request).search
    return await search.hashtags(viewer_or_none(request), what.tag, part.page.limit, part.offset)
