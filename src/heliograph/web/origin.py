"""Under which address a request came, when a trusted proxy says so and the settings name none; and answers to match.

Addresses that are made for an answer begin with that origin at once (web/addresses.py). What is cached holds the site's
own base, so in the text of the answer that is put right last of all (`Rewriting`). With `public_url` set, or without
trusted proxies, nothing here is ever in the way of a request.

Never: believe a header of somebody who is not trusted, or alter the headers of an answer, where an app's redirect address
may stand.
"""

import re
from collections.abc import Iterable

from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent, Message, Scope, Send

from heliograph.base.proxies import Proxies
from heliograph.base.settings import Settings
from heliograph.web.peers import trusted

HOST_CHARACTERS_MAX = 255
_HOST = re.compile(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_WANTED = (b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-port", b"host")

_TEXT = re.compile(rb"application/json|text/html|(?:application|text)/(?:[a-z.]+\+)?(?:json|xml)", re.IGNORECASE)
_EVENTS = b"text/event-stream"
# What is said here of apps holds their redirect addresses, which may begin as the site's own address does
# (http://localhost:3000): they stay as the app registered them.
_UNTOUCHED = ("/oauth/", "/auth/", "/api/v1/apps")


class Origins:
    """Tells the origin of requests. `listening`: whether it ever has anything to tell."""

    def __init__(self, settings: Settings) -> None:
        self.own = settings.url
        self._proxies = Proxies.parse("" if settings.public_url else settings.trusted_proxies)
        self.listening = bool(self._proxies)
        # A longer port or name is another place.
        self._pattern = re.compile(re.escape(self.own.encode()) + rb"(?![0-9A-Za-z.-]*[0-9A-Za-z])")

    def of(self, scope: Scope) -> str:
        """The origin that a trusted proxy tells, where that is not the site's own; else ""."""
        client = scope.get("client")
        if not trusted(client[0] if client else None, self._proxies):
            return ""
        origin = said(scope["headers"])
        return "" if origin == self.own else origin

    def rewriting(self, scope: Scope, origin: str, send: Send) -> Send:
        """`send`, with the site's base in what is sent replaced by `origin`."""
        return send if scope["path"].startswith(_UNTOUCHED) else Rewriting(self._pattern, origin, send)


def said(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The origin that the forwarding `headers` of a proxy say; "" when they say none, or nothing that can be one.

    Of a list only the last entry counts, which the proxy itself has written. A proxy that tells the scheme and passes the
    `Host` on, as is usual with nginx, has told the host, too.
    """
    found = {name: value for name, value in headers if name in _WANTED}
    if not (found.keys() & {b"x-forwarded-host", b"x-forwarded-proto"}):
        return ""
    scheme = _last(found.get(b"x-forwarded-proto", b"http")).lower()
    host = _last(found.get(b"x-forwarded-host") or found.get(b"host", b""))
    match = _HOST.fullmatch(host) if len(host) <= HOST_CHARACTERS_MAX else None
    if match is None or scheme not in _DEFAULT_PORTS:
        return ""
    port = match["port"] or _last(found.get(b"x-forwarded-port", b""))
    return _origin(scheme, match["name"].lower(), port)


def _last(value: bytes) -> str:
    return value.rpartition(b",")[2].decode("latin-1").strip()


def _origin(scheme: str, name: str, port: str) -> str:
    if not port or port == _DEFAULT_PORTS[scheme]:
        return f"{scheme}://{name}"
    usable = port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) <= 65535
    return f"{scheme}://{name}:{int(port)}" if usable else ""


class Rewriting:
    """Sends on the messages of an answer (ASGI), with what `pattern` matches in its text replaced by `origin`.

    A text is held back until it is whole, as its length stands in front of it; a stream of events goes on message by
    message, since each holds whole events. Somebody's words that hold the site's base are changed, too.
    """

    def __init__(self, pattern: re.Pattern[bytes], origin: str, send: Send) -> None:
        self._pattern = pattern
        self._origin = origin.encode()
        self._send = send
        self._start: HTTPResponseStartEvent | None = None
        self._body = bytearray()
        self._streaming = False

    async def __call__(self, message: Message) -> None:
        """Take the next message."""
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] == "http.response.body" and self._start is not None:
            await self._collect(message)
        else:
            await self._send(self._changed(message))

    async def _begin(self, message: HTTPResponseStartEvent) -> None:
        headers = {name.lower(): value for name, value in message["headers"]}
        kind = headers.get(b"content-type", b"")
        self._streaming = kind.startswith(_EVENTS)
        if _TEXT.match(kind) and b"content-encoding" not in headers:
            self._start = message
        else:
            await self._send(message)

    async def _collect(self, message: HTTPResponseBodyEvent) -> None:
        self._body += message.get("body", b"")
        if message.get("more_body", False) or (start := self._start) is None:
            return
        body = self._pattern.sub(self._origin, bytes(self._body))
        start["headers"] = [
            (name, str(len(body)).encode() if name.lower() == b"content-length" else value)
            for name, value in start["headers"]
        ]
        self._start = None
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    def _changed(self, message: Message) -> Message:
        """`message` of a stream: of server-sent events or a WebSocket; anything else as it is."""
        if self._streaming and message["type"] == "http.response.body":
            return {**message, "body": self._pattern.sub(self._origin, message.get("body", b""))}
        if message["type"] == "websocket.send" and message.get("text"):
            text = self._pattern.sub(self._origin, str(message["text"]).encode()).decode()
            return {**message, "text": text}
        return message
