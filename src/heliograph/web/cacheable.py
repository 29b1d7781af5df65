"""What others may keep of an answer: browsers, and shared caches (nginx, a CDN) between the site and everybody.

A page that everybody may see is one page for all who come without a cookie, and kept for seconds. Whoever brings a cookie, be it
a stale one, gets a page of their own, which nobody keeps. So no shared cache ever holds a byte that was made for somebody, and
who changes something sees it at once, as they are logged in.

Sources: RFC 9111 (s-maxage, Vary), RFC 5861 (stale-while-revalidate), RFC 9110, 13 and 15.4.5 (ETag, 304).
"""

import hashlib
from collections.abc import Iterable

from litestar import Response

from heliograph.stores.cache import degraded
from heliograph.web.access import identity
from heliograph.web.addresses import told
from heliograph.web.ranges import TAG
from heliograph.web.request import Request

# A shared cache answers by itself for so long, then for so long again while it asks anew. The sum is how late the
# anonymous may see a change. Browsers ask each time, and mostly hear that nothing has changed.
FRESH_S = 10
STALE_S = 20
FOR_EVERYBODY = f"public, max-age=0, s-maxage={FRESH_S}, stale-while-revalidate={STALE_S}"
FOR_NOBODY_ELSE = "private, no-store"
ETAG_DIGITS = 32
# What says something of the one who asked, or stems from them: not for an answer that others are given.
_OF_THE_ASKER = (b"x-request-id", b"x-ratelimit-")

Headers = list[tuple[bytes, bytes]]


def for_everybody(request: Request, page: Response[str]) -> Response[str] | Response[bytes]:
    """`page`, one that everybody may see, as shared caches may keep it; as the asker's own where it is that.

    Answers 304 to whom `page` has not changed for.
    """
    page.headers["Vary"] = "Cookie"
    if not _is_everybodys(request, page):
        page.headers["Cache-Control"] = FOR_NOBODY_ELSE
        return page
    etag = f'"{hashlib.sha256(page.content.encode()).hexdigest()[:ETAG_DIGITS]}"'
    page.headers.update({"Cache-Control": FOR_EVERYBODY, "ETag": etag})
    if not _has(request, etag):
        return page
    return Response(b"", status_code=304, headers=dict(page.headers), media_type="text/html")


def _is_everybodys(request: Request, page: Response[str]) -> bool:
    headers = request.headers
    asked_as_anybody = identity(request) is None and "cookie" not in headers and "authorization" not in headers
    # The address that a proxy tells is in the page, and is no part of what a cache goes by. What was made while a store was
    # away may lack something.
    return asked_as_anybody and not told.get() and not degraded.get() and page.status_code == 200


def _has(request: Request, etag: str) -> bool:
    """Whether the asker has the page already. Weakly compared (RFC 9110, 13.1.2): a proxy that compresses weakens tags."""
    given = request.headers.get("if-none-match", "")
    return given.strip() == "*" or any(tag == etag for _, tag in TAG.findall(given))


def settled(headers: Headers, missed: Iterable[str]) -> Headers:
    """`headers` of an answer of any route, as they leave the house: nothing of one asker is sent with what others may get.

    What sets a cookie, or was made while a store (`missed`) was away, is kept by nobody.
    """
    kept = next((value for name, value in headers if name.lower() == b"cache-control"), b"")
    if not kept.startswith(b"public"):
        return headers
    if any(missed) or any(name.lower() == b"set-cookie" for name, _ in headers):
        others = [header for header in headers if header[0].lower() != b"cache-control"]
        return [*others, (b"cache-control", FOR_NOBODY_ELSE.encode())]
    return [header for header in headers if not header[0].lower().startswith(_OF_THE_ASKER)]
