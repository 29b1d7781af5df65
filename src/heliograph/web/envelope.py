"""What every request gets, whatever its route: an id, its origin, security headers, CORS for the API, metrics, a log line.

Plain ASGI around the framework, since it runs for every request.
"""

import random
import re
import time
from collections.abc import Iterable

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from heliograph.base import logs, metrics
from heliograph.stores import gate, shards
from heliograph.stores.cache import degraded
from heliograph.web import cacheable
from heliograph.web.addresses import RequestAddresses, told
from heliograph.web.origin import Origins
from heliograph.web.rates import Rates

log = logs.get("web")

_REQUEST_ID = re.compile(rb"^[A-Za-z0-9_-]{8,64}$")


def policy(*form_targets: str) -> str:
    """The content security policy of a page whose forms may end at `form_targets` (CSP source expressions)."""
    return (
        "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; object-src 'none'; "
        f"base-uri 'none'; form-action {' '.join(form_targets)}; frame-ancestors 'none'"
    )


_SECURITY: list[tuple[bytes, bytes]] = [
    (b"content-security-policy", policy("'self'").encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    # What may be kept says so; the rest may be somebody's own.
    (b"cache-control", b"private, no-store"),
]
_SECURED = frozenset(name for name, _ in _SECURITY)
_FRAMED = b"frame-ancestors *"
_HSTS = (b"strict-transport-security", b"max-age=31536000")
_CORS_PATHS = ("/api/", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/.well-known/", "/nodeinfo", "/media/")
_CORS: list[tuple[bytes, bytes]] = [
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Link, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id, Retry-After, Heliograph-Degraded",
    ),
]
_PREFLIGHT: list[tuple[bytes, bytes]] = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Idempotency-Key, Range, If-None-Match"),
    (b"access-control-max-age", b"86400"),
]


class Envelope:
    """Wraps the app, which makes its addresses with `addresses`."""

    def __init__(self, app: ASGIApp, addresses: RequestAddresses, origins: Origins, rates: Rates) -> None:
        self._app = app
        self._addresses = addresses
        self._origins = origins
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if self._origins.listening:
            origin = self._origins.of(scope)
            told.set(origin)
            if origin:
                send = self._origins.rewriting(scope, origin, send)
        if scope["type"] == ScopeType.WEBSOCKET:
            await self._app(scope, receive, send)
            return
        cors = scope["path"].startswith(_CORS_PATHS)
        if cors and scope["method"] == "OPTIONS":
            await _preflight(send)
            return
        if scope["method"] == "HEAD":
            # What a GET says, without its body: the server below sends none where HEAD was asked (RFC 9110, 9.3.2).
            scope = {**scope, "method": "GET"}
        await self._serve(scope, receive, send, cors=cors)

    async def _serve(self, scope: HTTPScope, receive: Receive, send: Send, *, cors: bool) -> None:
        started = time.perf_counter()
        request_id = _request_id(scope["headers"])
        logs.bind(request_id=request_id)
        missed: set[str] = set()
        degraded.set(missed)
        gate.begin_request(shards.ACQUIRE_TIMEOUT_S)
        status = 500

        async def finish(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = self._headers(message["headers"], request_id, missed, cors=cors)
                message["headers"] = cacheable.settled([*headers, *self._rates.headers(scope)], missed)
            await send(message)

        try:
            await self._app(scope, receive, finish)
        finally:
            _observe(scope, status, time.perf_counter() - started)

    def _headers(
        self, given: Iterable[tuple[bytes, bytes]], request_id: str, missed: set[str], *, cors: bool
    ) -> list[tuple[bytes, bytes]]:
        headers = list(given)
        had = {name.lower(): value for name, value in headers}
        if _FRAMED in had.get(b"content-security-policy", b""):
            # The older header cannot say that everybody may.
            had[b"x-frame-options"] = b""
        headers += _SECURITY if had.keys().isdisjoint(_SECURED) else [each for each in _SECURITY if each[0] not in had]
        if self._addresses.secure:
            headers.append(_HSTS)
        headers.append((b"x-request-id", request_id.encode()))
        if cors:
            headers += _CORS
        if missed:
            headers.append((b"heliograph-degraded", ", ".join(sorted(missed)).encode()))
        return headers


def _request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == b"x-request-id" and _REQUEST_ID.match(value):
            return value.decode()
    # To tell lines of a log apart, and no secret.
    return f"{random.getrandbits(64):016x}"


def _observe(scope: HTTPScope, status: int, seconds: float) -> None:
    metrics.answers.add(scope["method"], str(scope.get("path_template") or "(none)"), status, seconds)
    if logs.told("debug"):
        log.debug("request", method=scope["method"], path=scope["path"], status=status, ms=round(seconds * 1000, 1))


async def _preflight(send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
