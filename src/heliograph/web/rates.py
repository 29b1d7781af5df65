"""Rate limits at the door: each request of the API is counted, and its answer says how many more are taken.

By account where there is one, else by address. What is easily abused has rules of its own, on the page as in the API. The
answer tells of the rule that is nearest to its end, as Mastodon's does (X-RateLimit-*).
"""

from functools import lru_cache
from typing import Any

from litestar.types import HTTPScope

from heliograph.base.clock import iso_at
from heliograph.base.proxies import Proxies
from heliograph.domain.accounts.limits import DELETIONS, EXPORTS, POSTS, UPLOADS, Limits, Rule, Standing
from heliograph.web import access, peers, queries
from heliograph.web.request import Request, raise_what_failed

API = "/api/"

# (method, template of the path) -> the rule besides that of all requests.
STRICT: dict[tuple[str, str], Rule] = {
    ("POST", "/api/v1/media"): UPLOADS,
    ("POST", "/api/v2/media"): UPLOADS,
    ("POST", "/upload/photos"): UPLOADS,
    ("POST", "/api/v1/statuses"): POSTS,
    ("POST", "/upload"): POSTS,
    ("POST", "/settings/account/export"): EXPORTS,
    ("DELETE", "/api/v1/statuses/{status_id}"): DELETIONS,
    ("POST", "/api/v1/statuses/{status_id}/unreblog"): DELETIONS,
    ("POST", "/p/{post_id}/delete"): DELETIONS,
}


class Rates:
    """Counts requests by `limits`."""

    def __init__(self, limits: Limits, proxies: Proxies) -> None:
        self._limits = limits
        self._proxies = proxies

    async def admit(self, request: Request) -> None:
        """Let a request through to its handler, or raise: who it is, whether they may, whether they are too many."""
        raise_what_failed(request)
        queries.settle(request)
        if not self._limits.enabled:
            await access.guard(request)
            return
        try:
            await access.guard(request)
        finally:
            # Tokens that are none are tries, too.
            if request.scope["path"].startswith(API):
                self._count(request.scope, access.viewer_or_none(request)).refuse()
        rule = STRICT.get((request.scope["method"], request.scope["path_template"]))
        if rule is not None:
            await self._count_strictly(request, rule)

    def headers(self, scope: HTTPScope) -> list[tuple[bytes, bytes]]:
        """The headers of the answer to the request of `scope`; none for what is not limited."""
        standing: Any = scope.get("standing")
        if standing is None:
            if not self._limits.enabled or not scope["path"].startswith(API):
                return []
            # There was no route for it, so that nobody has counted it.
            standing = self._count(scope, None)
        return [
            (b"x-ratelimit-limit", b"%d" % standing.limit),
            (b"x-ratelimit-remaining", b"%d" % max(0, standing.left)),
            (b"x-ratelimit-reset", _moment(standing.resets_at)),
        ]

    def count_of(self, scope: HTTPScope, account_id: int) -> None:
        """Count a request of an account, whose handler is not asked for by the framework. Raises RateLimitedError."""
        if self._limits.enabled:
            self._count(scope, account_id).refuse()

    def _count(self, scope: HTTPScope, account_id: int | None) -> Standing:
        if account_id is None:
            standing = self._limits.request_from(peers.address_of(scope, self._proxies))
        else:
            standing = self._limits.request_of(account_id)
        scope["standing"] = standing  # type: ignore[typeddict-unknown-key]
        return standing

    async def _count_strictly(self, request: Request, rule: Rule) -> None:
        account_id = access.viewer_or_none(request)
        if account_id is None:
            return
        standing = await self._limits.count(rule, account_id)
        usual: Any = request.scope.get("standing")
        if usual is None or standing.left < usual.left:
            request.scope["standing"] = standing  # type: ignore[typeddict-unknown-key]
        standing.refuse()


@lru_cache(64)
def _moment(seconds: float) -> bytes:
    return iso_at(seconds).encode()
