"""How often somebody may try what can be abused: log-in, sign-up, password reset, registration of apps.

Without Valkey nobody is limited (and that is counted): a site that cannot count is still a site.
"""

import hashlib
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import msgspec

from heliograph.base import metrics
from heliograph.base.errors import RateLimitedError, StoreUnavailableError
from heliograph.stores.limits import Counters

IPV6_PREFIX = 64


class Rule(msgspec.Struct, frozen=True):
    """At most `limit` tries in a window of `window_s` seconds."""

    name: str
    limit: int
    window_s: int


LOG_IN_ADDRESS = Rule("log-in-address", 25, 300)
# Who guesses at one account from one address meets this one first, so that the owner elsewhere is not shut out.
LOG_IN_PAIR = Rule("log-in-pair", 10, 600)
LOG_IN_ACCOUNT = Rule("log-in-account", 100, 3600)
SIGN_UP_ADDRESS = Rule("sign-up-address", 5, 1800)
RESET_ADDRESS = Rule("reset-address", 10, 1800)
RESET_ACCOUNT = Rule("reset-account", 3, 1800)
APP_ADDRESS = Rule("app-address", 25, 600)


class Limits:
    """Counts tries and refuses too many."""

    def __init__(self, counters: Counters, *, enabled: bool) -> None:
        self._counters = counters
        self._enabled = enabled

    async def log_in(self, address: str, name: str) -> None:
        """Count a try to log in as `name`. Raises RateLimitedError."""
        who = _network(address)
        name = name.strip().lower()
        await self._count((LOG_IN_ADDRESS, who), (LOG_IN_PAIR, f"{who} {name}"), (LOG_IN_ACCOUNT, name))

    async def sign_up(self, address: str) -> None:
        """Count a sign-up. Raises RateLimitedError."""
        await self._count((SIGN_UP_ADDRESS, _network(address)))

    async def reset(self, address: str, email: str) -> None:
        """Count a wish for a reset link. Raises RateLimitedError."""
        await self._count((RESET_ADDRESS, _network(address)), (RESET_ACCOUNT, email.strip().lower()))

    async def register_app(self, address: str) -> None:
        """Count a registration of an app. Raises RateLimitedError."""
        await self._count((APP_ADDRESS, _network(address)))

    async def _count(self, *tries: tuple[Rule, str]) -> None:
        if not self._enabled:
            return
        for rule, who in tries:
            await self._count_one(rule, who)

    async def _count_one(self, rule: Rule, who: str) -> None:
        try:
            count, left_s = await self._counters.add(f"{rule.name}:{_opaque(who)}", rule.window_s)
        except StoreUnavailableError:
            metrics.limits_unchecked.labels(rule.name).inc()
            return
        if count > rule.limit:
            raise RateLimitedError(max(1, left_s))


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
