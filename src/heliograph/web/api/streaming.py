"""/api/v1/streaming: WebSockets and server-sent events (docs.joinmastodon.org/methods/streaming)."""

from typing import Any

import msgspec
from litestar import Response, WebSocket
from litestar.handlers import websocket
from litestar.params import FromPath
from litestar.types import ASGIApp

from heliograph.base.errors import HeliographError, InvalidInputError, NotFoundError
from heliograph.domain.feeds.channels import channel
from heliograph.web import access
from heliograph.web.access import OPEN, product_of, stream, token_of
from heliograph.web.problems import status_of
from heliograph.web.request import Request
from heliograph.web.routes import api_get
from heliograph.web.streaming.events import EventStream
from heliograph.web.streaming.sockets import Socket

ROOT = "/api/v1/streaming"
# path -> the channel; with `only_media` its part with photos.
PATHS = {
    "user": "user",
    "user/notification": "user:notification",
    "public": "public",
    "public/local": "public:local",
    "public/remote": "public:remote",
    "hashtag": "hashtag",
    "hashtag/local": "hashtag:local",
    "list": "list",
    "direct": "direct",
}
_TRUE = ("1", "true", "on", "t")


def _events(path: str, name: str) -> Any:
    """The route at `path` that streams the channel `name`."""
    scope = "read:notifications" if name == "user:notification" else "read:statuses"

    async def events(request: Request) -> ASGIApp:
        query = request.query_params
        full = f"{name}:media" if path.startswith("public") and query.get("only_media", "").lower() in _TRUE else name
        asked = channel(full, {key: query[key] for key in ("tag", "list") if key in query})
        return EventStream(product_of(request).listeners, token_of(request) or "", asked)

    events.__doc__ = f"What happens, as server-sent events without an end: the channel `{name}`."
    return api_get(f"{ROOT}/{path}", stream(scope), str, media_type="text/event-stream")(events)


@api_get(f"{ROOT}/health", OPEN, str, media_type="text/plain; charset=utf-8")
async def health() -> Response[bytes]:
    """Whether streams are served."""
    return Response(b"OK", media_type="text/plain; charset=utf-8")


@api_get(ROOT, OPEN)
async def elsewhere() -> Response[bytes]:
    """Where streams are, if not here; they are here, which clients take from a 404."""
    raise NotFoundError


@api_get(f"{ROOT}/{{name:str}}", OPEN)
async def unknown(name: FromPath[str]) -> Response[bytes]:  # noqa: ARG001 -- whatever it is
    """No such stream."""
    raise InvalidInputError("Unknown channel requested")


@api_get(f"{ROOT}/{{name:str}}/{{part:str}}", OPEN)
async def unknown_part(name: FromPath[str], part: FromPath[str]) -> Response[bytes]:  # noqa: ARG001 -- whatever they are
    """No such stream."""
    raise InvalidInputError("Unknown channel requested")


@websocket(ROOT, opt={"access": stream("read:statuses", "read:notifications")})
async def socket(socket: WebSocket[Any, Any, Any]) -> None:
    """A WebSocket: `stream`, `tag` and `access_token` in its address, or subscriptions as messages."""
    # Of what clients offer as protocols, their token; browsers want to hear one of them again.
    protocol = next(iter(socket.scope.get("subprotocols", ())), None)
    try:
        await access.guard(socket)
        serve = Socket(product_of(socket).listeners, token_of(socket) or "", dict(socket.query_params), protocol)
        await serve(socket.scope, socket.receive, socket.send)
    except HeliographError as error:
        await _refuse(socket, error)


async def _refuse(socket: WebSocket[Any, Any, Any], error: HeliographError) -> None:
    """Answer the handshake with what is wrong, as a request is answered."""
    body = msgspec.json.encode({"error": error.message})
    headers = [(b"content-type", b"application/json")]
    await socket.send({"type": "websocket.http.response.start", "status": status_of(error), "headers": headers})
    await socket.send({"type": "websocket.http.response.body", "body": body, "more_body": False})


ROUTES = [health, elsewhere, unknown, unknown_part, *(_events(path, name) for path, name in PATHS.items()), socket]
