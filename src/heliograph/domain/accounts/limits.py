"""How often somebody may ask, and how often they may try what can be abused.

Every request of the API is counted without asking anybody (`request_of`); log-in, sign-up, uploads, posts and the like ask
Valkey at once. Without Valkey each process counts for itself (and that is counted): a site that cannot sum up is still a site.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import msgspec

from heliograph.base import clock, metrics
from heliograph.base.errors import RateLimitedError, StoreUnavailableError
from heliograph.stores.limits import Counters, LocalCounters
from heliograph.stores.tallies import Tally, exchanged
from heliograph.stores.valkey import Valkey

IPV6_PREFIX = 64


class Rule(msgspec.Struct, frozen=True):
    """At most `limit` tries in a window of `window_s` seconds."""

    name: str
    limit: int
    window_s: int


# Mastodon's, so that clients which keep to those keep to ours: config/initializers/rack_attack.rb (throttle_authenticated_api,
# throttle_unauthenticated_api, throttle_api_delete, throttle_api_sign_up) and app/lib/rate_limiter.rb.
REQUESTS_ACCOUNT = Rule("requests-account", 1500, 300)
REQUESTS_ADDRESS = Rule("requests-address", 300, 300)
DELETIONS = Rule("deletions", 30, 1800)
POSTS = Rule("posts", 300, 3 * 3600)
# Five times Mastodon's: this is a place for photographs, and a post holds ten.
UPLOADS = Rule("uploads", 150, 1800)
# Not Mastodon's, which takes one archive a week. All of somebody's photos are read for each.
EXPORTS = Rule("exports", 5, 24 * 3600)
SIGN_UP_ADDRESS = Rule("sign-up-address", 5, 1800)

LOG_IN_ADDRESS = Rule("log-in-address", 25, 300)
# Who guesses at one account from one address meets this one first, so that the owner elsewhere is not shut out.
LOG_IN_PAIR = Rule("log-in-pair", 10, 600)
LOG_IN_ACCOUNT = Rule("log-in-account", 100, 3600)
RESET_ADDRESS = Rule("reset-address", 10, 1800)
RESET_ACCOUNT = Rule("reset-account", 3, 1800)
APP_ADDRESS = Rule("app-address", 25, 600)


class Standing(msgspec.Struct, frozen=True, gc=False):
    """Where somebody stands with a rule: `left` more are taken until `resets_at` (seconds since 1970); below 0: too many."""

    limit: int
    left: int
    resets_at: float

    def refuse(self) -> None:
        """Raise RateLimitedError if it was one too many."""
        if self.left < 0:
            raise RateLimitedError(max(1, round(self.resets_at - clock.now().timestamp())))


class Limits:
    """Counts tries and refuses too many."""

    def __init__(self, valkey: Valkey, *, enabled: bool) -> None:
        self.enabled = enabled
        self._valkey = valkey
        self._counters = Counters(valkey)
        self._alone = LocalCounters()
        self._by_account = Tally(REQUESTS_ACCOUNT.name, REQUESTS_ACCOUNT.window_s)
        self._by_address = Tally(REQUESTS_ADDRESS.name, REQUESTS_ADDRESS.window_s)

    @asynccontextmanager
    async def summing(self) -> AsyncIterator[None]:
        """Inside the block, requests are summed up with those of the other processes."""
        async with exchanged(self._valkey, [self._by_account, self._by_address]):
            yield

    def request_of(self, account_id: int) -> Standing:
        """Count a request of an account. Asks nobody, and refuses nothing itself."""
        used = self._by_account.add(account_id)
        return Standing(REQUESTS_ACCOUNT.limit, REQUESTS_ACCOUNT.limit - used, self._by_account.ends)

    def request_from(self, address: str) -> Standing:
        """Count a request of somebody who is known by their address only."""
        used = self._by_address.add(_visitor(address))
        return Standing(REQUESTS_ADDRESS.limit, REQUESTS_ADDRESS.limit - used, self._by_address.ends)

    async def count(self, rule: Rule, account_id: int) -> Standing:
        """Count one of what `rule` limits, of an account, over all processes. Refuses nothing itself."""
        count, left_s = await self._counted(rule, str(account_id))
        return Standing(rule.limit, rule.limit - count, clock.now().timestamp() + left_s)

    async def log_in(self, address: str, name: str) -> None:
        """Count a try to log in as `name`. Raises RateLimitedError."""
        who = _network(address)
        name = name.strip().lower()
        await self._try((LOG_IN_ADDRESS, who), (LOG_IN_PAIR, f"{who} {name}"), (LOG_IN_ACCOUNT, name))

    async def sign_up(self, address: str) -> None:
        """Count a sign-up. Raises RateLimitedError."""
        await self._try((SIGN_UP_ADDRESS, _network(address)))

    async def reset(self, address: str, email: str) -> None:
        """Count a wish for a reset link. Raises RateLimitedError."""
        await self._try((RESET_ADDRESS, _network(address)), (RESET_ACCOUNT, email.strip().lower()))

    async def register_app(self, address: str) -> None:
        """Count a registration of an app. Raises RateLimitedError."""
        await self._try((APP_ADDRESS, _network(address)))

    async def _try(self, *tries: tuple[Rule, str]) -> None:
        if not self.enabled:
            return
        for rule, who in tries:
            count, left_s = await self._counted(rule, who)
            if count > rule.limit:
                raise RateLimitedError(max(1, left_s))

    async def _counted(self, rule: Rule, who: str) -> tuple[int, int]:
        name = f"{rule.name}:{_opaque(who)}"
        try:
            return await self._counters.add(name, rule.window_s)
        except StoreUnavailableError:
            metrics.limits_unchecked.labels(rule.name).inc()
            return self._alone.add(name, rule.window_s)


@lru_cache(10_000)
def _visitor(address: str) -> str:
    return _opaque(_network(address))


def _network(address: str) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 that one customer is given."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed, IPV6_PREFIX), strict=False).network_address)
    return str(parsed)


def _opaque(who: str) -> str:
    """Names and addresses do not stand in keys: they may be long, and they are nobody's business."""
    return hashlib.sha256(who.encode("utf-8", "surrogatepass")).hexdigest()[:32]
