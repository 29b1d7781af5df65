"""What a proxy's headers say of the origin, and what becomes of the text of an answer."""

import pytest

from heliograph.base.settings import Settings
from heliograph.web.origin import Origins, said

HOST, PROTO, PORT = b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-port"


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ([], ""),
        ([(b"host", b"photos.example")], ""),
        ([(HOST, b"photos.example"), (PROTO, b"https")], "https://photos.example"),
        ([(HOST, b"Photos.Example"), (PROTO, b"HTTPS")], "https://photos.example"),
        ([(HOST, b"photos.example")], "http://photos.example"),
        ([(HOST, b"photos.example:8443"), (PROTO, b"https")], "https://photos.example:8443"),
        ([(HOST, b"photos.example:443"), (PROTO, b"https")], "https://photos.example"),
        ([(HOST, b"photos.example:80"), (PROTO, b"http")], "http://photos.example"),
        ([(HOST, b"photos.example"), (PROTO, b"https"), (PORT, b"8443")], "https://photos.example:8443"),
        ([(HOST, b"photos.example:9"), (PROTO, b"https"), (PORT, b"8443")], "https://photos.example:9"),
        ([(HOST, b"photos.example"), (PROTO, b"https"), (PORT, b"443")], "https://photos.example"),
        ([(PROTO, b"https"), (b"host", b"photos.example")], "https://photos.example"),
        ([(HOST, b"[2001:db8::1]:8080"), (PROTO, b"http")], "http://[2001:db8::1]:8080"),
        ([(HOST, b"evil.example, photos.example"), (PROTO, b"http, https")], "https://photos.example"),
        ([(HOST, b"evil.example"), (HOST, b"photos.example")], "http://photos.example"),
    ],
)
def test_what_is_said(headers, origin):
    assert said(headers) == origin


@pytest.mark.parametrize(
    ("host", "proto", "port"),
    [
        (b"", b"https", b""),
        (b"photos.example/x", b"https", b""),
        (b"user@photos.example", b"https", b""),
        (b'photos.example"><script>', b"https", b""),
        (b"photos.example\\r\\nSet-Cookie: x", b"https", b""),
        (b"photos example", b"https", b""),
        (b"ph\xf6tos.example", b"https", b""),
        (b"-photos.example", b"https", b""),
        (b"a" * 256, b"https", b""),
        (b"photos.example", b"javascript", b""),
        (b"photos.example", b"ftp", b""),
        (b"photos.example", b"https", b"x"),
        (b"photos.example", b"https", b"0"),
        (b"photos.example", b"https", b"65536"),
        (b"photos.example:99999", b"https", b""),
        (b"photos.example:", b"https", b""),
    ],
)
def test_what_cannot_be_an_origin_is_none(host, proto, port):
    assert said([(HOST, host), (PROTO, proto), (PORT, port)]) == ""


@pytest.mark.parametrize(
    "values", [{}, {"trusted_proxies": "10.0.0.0/8", "public_url": "https://photos.example"}, {"trusted_proxies": ""}]
)
def test_nobody_is_asked_when_nobody_may_say(values):
    assert not Origins(Settings(**values)).listening


def scope(peer, path="/api/v1/instance", **headers):
    pairs = [(f"x-forwarded-{name}".encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "client": peer and (peer, 1), "path": path, "headers": pairs}


def test_only_trusted_proxies_are_believed():
    origins = Origins(Settings(trusted_proxies="10.0.0.0/8"))
    assert origins.of(scope("10.1.2.3", host="photos.example", proto="https")) == "https://photos.example"
    assert origins.of(scope("11.1.2.3", host="photos.example", proto="https")) == ""
    assert origins.of(scope(None, host="photos.example", proto="https")) == ""
    assert origins.of(scope("10.1.2.3", host="localhost:3000", proto="http")) == ""
    by_socket = Origins(Settings(trusted_proxies="unix"))
    assert by_socket.of(scope(None, host="photos.example", proto="https")) == "https://photos.example"
    assert by_socket.of(scope("10.1.2.3", host="photos.example", proto="https")) == ""


def start(kind, **headers):
    more = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind.encode()), *more]}


def body(data, more=False):
    return {"type": "http.response.body", "body": data, "more_body": more}


async def sent(*messages, path="/api/v1/instance"):
    """What goes out when `messages` come in."""
    found = []

    async def send(message):
        found.append(message)

    origins = Origins(Settings(trusted_proxies="unix"))
    rewriting = origins.rewriting(scope(None, path), "https://photos.example", send)
    for message in messages:
        await rewriting(message)
    return found


@pytest.mark.parametrize(
    "kind", ["application/json", "text/html; charset=utf-8", "application/rss+xml", "application/jrd+json", "text/xml"]
)
async def test_text_gets_the_origin_and_its_length(kind):
    first, *rest = await sent(
        start(kind, **{"Content-Length": "35"}), body(b'{"url":"http://local', more=True), body(b'host:3000/@ada"}')
    )
    expected = b'{"url":"https://photos.example/@ada"}'
    assert rest == [body(expected)]
    assert dict(first["headers"])[b"Content-Length"] == str(len(expected)).encode()


@pytest.mark.parametrize(
    "text", [b"http://localhost:30001/", b"http://localhost:3000.example/", b"https://localhost:3000/"]
)
async def test_other_places_stay(text):
    assert (await sent(start("text/html"), body(text)))[1] == body(text)


async def test_what_is_no_text_goes_through_at_once():
    for first in (start("image/webp"), start("text/html", **{"content-encoding": "gzip"}), start("text/css")):
        messages = [first, body(b"http://localhost:3000", more=True), body(b"")]
        assert await sent(*messages) == messages


async def test_events_are_not_held_back():
    event = b'data: {"url":"http://localhost:3000/p/1"}\n\n'
    found = await sent(start("text/event-stream"), body(event, more=True))
    assert found[1]["body"] == event.replace(b"http://localhost:3000", b"https://photos.example")


async def test_messages_of_a_websocket_are_texts():
    found = await sent({"type": "websocket.accept"}, {"type": "websocket.send", "text": "<http://localhost:3000/p/1>"})
    assert found[1]["text"] == "<https://photos.example/p/1>"


@pytest.mark.parametrize("path", ["/oauth/authorize", "/api/v1/apps/verify_credentials", "/auth/sign_in"])
async def test_redirect_addresses_of_apps_stay(path):
    messages = [start("application/json"), body(b'["http://localhost:3000/callback"]')]
    assert await sent(*messages, path=path) == messages
