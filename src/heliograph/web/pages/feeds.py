"""RSS and Atom of a profile and of a hashtag, for whoever asks: public posts only, always as a stranger sees them.

A photo behind a content warning does not come to anybody who has not asked for it: such a post brings its warning and a
link. The addresses are those of the pages with `.rss` or `.atom` behind, so that the pages' handlers call this.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from litestar import Response
from markupsafe import Markup

from heliograph.base.clock import now
from heliograph.base.paging import Page
from heliograph.domain.feeds.timelines import AccountFilter
from heliograph.web import feedxml, ranges
from heliograph.web.access import product_of
from heliograph.web.feedxml import Entry, Feed, Picture
from heliograph.web.pages.shown import Entity, entities, entity
from heliograph.web.pages.words import moment
from heliograph.web.request import Request

ENTRIES = 20
# Some of what is read is nobody's own public post: replies, what is shared, what is unlisted.
LOOKED_AT = 60
KEPT = "public, max-age=300"
TITLE_CHARACTERS = 80

KINDS: dict[str, tuple[Callable[[Feed], bytes], str]] = {
    ".rss": (feedxml.rss, "application/rss+xml"),
    ".atom": (feedxml.atom, "application/atom+xml"),
}
_TYPES = {"webp": "image/webp", "jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "avif": "image/avif"}


def asked(name: str) -> tuple[str, str]:
    """(the name of the page, `.rss` or `.atom`) where `name` asks for a feed; else (`name`, "")."""
    for kind in KINDS:
        if name.endswith(kind):
            return name.removesuffix(kind), kind
    return name, ""


async def of_profile(request: Request, name: str, kind: str) -> Response[bytes]:
    """The feed of an account's public posts. Raises NotFoundError for who is suspended, as for nobody."""
    product = product_of(request)
    person = entity(await product.people.named(name))
    timeline = await product.timelines.account(None, int(person["id"]), Page(limit=LOOKED_AT), AccountFilter())
    about = _plain(person["note"]) or f"Photos by {person['display_name']}"
    entries = [_entry(post) for post in entities(timeline.items) if _is_own(post, person["id"])]
    title = f"{person['display_name']} (@{person['username']})"
    return _answer(request, kind, title, about, f"/@{person['username']}", person["avatar"], entries)


async def of_hashtag(request: Request, name: str, kind: str) -> Response[bytes]:
    """The feed of recent public posts with a hashtag."""
    timeline = await product_of(request).timelines.tag(None, name, Page(limit=ENTRIES))
    entries = [_entry(post) for post in entities(timeline.items) if post["visibility"] == "public"]
    site, icon = product_of(request).settings.site_name, f"{request.app.state.addresses.base}/static/thumbnail.png"
    return _answer(request, kind, f"#{name}", f"Recent posts with #{name} on {site}", f"/tags/{name}", icon, entries)


def _is_own(post: Entity, account_id: str) -> bool:
    """Whether `post` is what people follow an account for: public, its own, and no word in others' conversations."""
    to = post.get("in_reply_to_account_id")
    return post["visibility"] == "public" and not post.get("reblog") and to in (None, account_id)


def _answer(
    request: Request, kind: str, title: str, about: str, path: str, icon: str, entries: list[Entry]
) -> Response[bytes]:
    entries = entries[:ENTRIES]
    base, (make, content_type) = request.app.state.addresses.base, KINDS[kind]
    updated = max((entry.updated for entry in entries), default=now().replace(hour=0, minute=0, second=0))
    page, own = f"{base}{path}", f"{base}{path}{kind}"
    feed = Feed(title=title, about=about, url=page, own_url=own, icon=icon, updated=updated, entries=entries)
    body = make(feed)
    # The address that the visitor came by is part of what is sent (web/origin.py).
    etag = f'"{hashlib.sha256(base.encode() + body).hexdigest()[:32]}"'
    headers = {"Cache-Control": KEPT, "ETag": etag, "Last-Modified": ranges.http_date(updated)}
    given = request.headers
    wanted = ranges.Wanted(if_none_match=given.get("if-none-match"), if_modified_since=given.get("if-modified-since"))
    if ranges.not_modified(wanted, etag, updated):
        return Response(b"", status_code=304, headers=headers, media_type=content_type)
    return Response(body, headers=headers, media_type=f"{content_type}; charset=utf-8")


def _entry(post: Entity) -> Entry:
    author = post["account"]
    hidden = bool(post["sensitive"] or post["spoiler_text"])
    pictures = [] if hidden else [_picture(photo) for photo in post["media_attachments"] if photo["url"]]
    published = moment(post["created_at"])
    return Entry(
        url=post["url"],
        title=_title(post, hidden=hidden),
        html=_hidden_html(post) if hidden else str(_html(post, pictures)),
        author=author["display_name"],
        author_url=author["url"],
        published=published,
        updated=moment(post["edited_at"]) if post.get("edited_at") else published,
        tags=[tag["name"] for tag in post["tags"]],
        pictures=pictures,
    )


def _title(post: Entity, *, hidden: bool) -> str:
    if hidden:
        return str(post["spoiler_text"] or "Hidden photo")
    words = _plain(post["content"])
    if len(words) > TITLE_CHARACTERS:
        words = words[: TITLE_CHARACTERS - 1].rstrip() + "…"
    return words or f"Photo by {post['account']['display_name']}"


def _plain(html: str) -> str:
    """The words of `html` on one line, to be escaped again where they go."""
    return Markup(html.replace("<br>", " ").replace("</p><p>", " ")).striptags()  # noqa: S704 -- the tags are taken out


def _picture(photo: dict[str, Any]) -> Picture:
    size, suffix = photo["meta"]["original"], photo["url"].rpartition(".")[2]
    kind = _TYPES.get(suffix, "application/octet-stream")
    return Picture(photo["url"], kind, size["width"], size["height"], photo["description"] or "")


def _html(post: Entity, pictures: list[Picture]) -> Markup:
    image = Markup('<p><img src="{}" width="{}" height="{}" alt="{}"></p>')
    images = [image.format(each.url, each.width, each.height, each.alt) for each in pictures]
    # Sanitised where it was made (domain/posts/text.py).
    return Markup("").join([Markup(post["content"]), *images])  # noqa: S704 -- see above


def _hidden_html(post: Entity) -> str:
    """The words of a post whose photos are sensitive; of one with a warning not even those."""
    words = "" if post["spoiler_text"] else post["content"]
    return f'{words}<p><a href="{post["url"]}">Show on the site</a></p>'
