"""While Valkey is away: so many requests at a time, and 503 at once for those who would wait longer than anybody does.

Without the cache an answer costs many times what it does with it, here and in PostgreSQL. As many as this process has
connections are served at full speed; thousands at once would each take minutes, and nobody would have an answer. What people
write has places of its own. Files, streams and probes need no cache and pass.
"""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.gate import Gate
from heliograph.stores.valkey import Valkey

PATIENCE_S = 2.0
FREE = ("/media/", "/static/", "/healthz", "/readyz", "/metrics", "/api/v1/streaming")
_BODY = b'{"error":"A store is not reachable at the moment. Please try again."}'


class Holding:
    """Wraps `app`, which may serve `places` reads and as many changes at a time while `valkey` is away."""

    def __init__(self, app: ASGIApp, valkey: Valkey, places: int) -> None:
        self._app = app
        self._valkey = valkey
        self._reads = Gate("valkey", "read", places)
        self._writes = Gate("valkey", "write", places)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI 3), or turn it away."""
        if not self._valkey.away or scope["type"] != ScopeType.HTTP or scope["path"].startswith(FREE):
            await self._app(scope, receive, send)
            return
        try:
            async with self._gate(scope).passed(PATIENCE_S):
                await self._app(scope, receive, send)
        except StoreUnavailableError as error:
            await _turn_away(send, error.retry_after_s)

    def _gate(self, scope: HTTPScope) -> Gate:
        return self._reads if scope["method"] == "GET" else self._writes


async def _turn_away(send: Send, retry_after_s: int) -> None:
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"%d" % retry_after_s)]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": _BODY, "more_body": False})
