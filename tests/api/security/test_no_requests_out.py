"""The site never fetches an address that somebody gave it: it has no client for that, and nobody ever hears from it."""

import ast
import importlib.util
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from living_site import Person, Site, jpeg

PRODUCT = Path(importlib.util.find_spec("heliograph").origin).parent
# What fetches an address. `websockets` is a server here, and `obstore` and `smtplib` talk to what the settings name.
CLIENTS = (
    *("httpx", "httpcore", "requests", "aiohttp", "urllib3", "pycurl", "h11._connection", "http.client", "ftplib"),
    *(
        "urllib.request",
        "urllib.robotparser",
        "xmlrpc",
        "websockets.client",
        "websockets.sync",
        "websockets.asyncio.client",
    ),
    *("imaplib", "poplib", "nntplib", "telnetlib", "socketserver", "webbrowser", "dns", "feedparser"),
)
# Opens sockets itself: to the stores, to a mail server of the settings, to nobody else.
OPENERS = {"stores/pipe.py", "stores/valkey.py", "domain/accounts/mail.py"}


def imported(file: Path) -> set[str]:
    """The modules that `file` imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def product_files() -> list[Path]:
    """All that serves requests or handles messages; `ops`, `lab` and `cli` run and measure it from outside."""
    return [file for room in ("base", "stores", "domain", "web", "workers") for file in (PRODUCT / room).rglob("*.py")]


def test_nothing_here_can_fetch_an_address():
    files = product_files()
    assert len(files) > 150
    for file in files:
        clients = [
            name for name in imported(file) if name in CLIENTS or name.startswith(tuple(f"{c}." for c in CLIENTS))
        ]
        assert clients == [], file
    assert imported(PRODUCT / "lab" / "client.py") & set(CLIENTS), "the check sees a client where there is one"


def test_who_opens_connections_is_known():
    words = (
        "open_connection",
        "create_connection",
        "open_unix_connection",
        "create_unix_connection",
        "SMTP(",
        ".connect(",
    )
    found = {
        str(file.relative_to(PRODUCT)) for file in product_files() if any(word in file.read_text() for word in words)
    }
    assert found <= OPENERS | {"stores/shards.py", "stores/hearing.py", "stores/broadcast.py", "stores/objects.py"}, (
        found
    )


class Trap:
    """A port on this machine that nobody has any business with."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self.listening.getsockname()[1]}"
        self.heard: list[bytes] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    self.heard.append(connection.recv(200))
                except OSError:
                    self.heard.append(b"")

    def close(self) -> None:
        # Closing alone does not wake who waits in accept.
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self._thread.join(5)


@pytest.fixture
def trap() -> Iterator[Trap]:
    made = Trap()
    yield made
    made.close()


def test_the_trap_hears(trap: Trap):
    with socket.create_connection(trap.listening.getsockname()) as connection:
        connection.sendall(b"hello")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert trap.heard == [b"hello"]


def test_nobody_is_asked_whatever_address_is_given(site: Site, ada: Person, stranger: Person, trap: Trap):
    urls = [
        f"http://{trap.host}/x",
        f"http://{trap.host}/@{ada.name}/1",
        f"http://localhost:{trap.host.partition(':')[2]}/photo.jpg",
        f"//{trap.host}/x",
        f"http://ada@{trap.host}/",
    ]
    for url in urls:
        fields = [{"name": url, "value": url}]
        profile = {"note": url, "display_name": url[:30], "fields_attributes": fields, "avatar": url, "header": url}
        assert ada.ask("PATCH", "/api/v1/accounts/update_credentials", json=profile).status_code < 500
        post = ada.publish(f"{url} @name@{trap.host} {url}", in_reply_to_id=None)
        ada.ask("PUT", f"/api/v1/statuses/{post['id']}", json={"status": f"{url}?edited"})
        ada.get(f"/api/v1/statuses/{post['id']}/card")
        asks = [
            ("/api/v2/search", {"q": url, "resolve": "true"}),
            ("/api/v2/search", {"q": f"@name@{trap.host}", "resolve": "true", "type": "accounts"}),
            ("/api/v1/accounts/lookup", {"acct": f"name@{trap.host}"}),
            ("/api/v1/accounts/search", {"q": f"name@{trap.host}", "resolve": "true"}),
            ("/api/oembed", {"url": url}),
            ("/.well-known/webfinger", {"resource": url}),
            ("/.well-known/webfinger", {"resource": f"acct:name@{trap.host}"}),
            ("/search", {"q": url}),
            ("/auth/sign_in", {"next": url}),
        ]
        for path, query in asks:
            assert stranger.get(path, params=query).status_code < 500, path
        app = {"client_name": url, "redirect_uris": f"http://{trap.host}/cb", "website": f"http://{trap.host}/"}
        registered = site.http.post("/api/v1/apps", json=app).json()
        wish = {"client_id": registered["client_id"], "redirect_uri": f"http://{trap.host}/cb", "response_type": "code"}
        assert site.http.get("/oauth/authorize", params=wish).status_code == 303
        assert ada.post("/api/v2/media", json={"file": url, "url": url}).status_code == 422
        assert ada.post(
            "/api/v2/media", files={"file": ("x.jpg", jpeg(8, 8))}, data={"description": url, "remote_url": url}
        )
        svg = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}"/></svg>'.encode()
        assert ada.upload(svg, "x.svg").status_code == 422
        headers = {"Host": trap.host, "X-Forwarded-Host": trap.host, "Referer": url, "Origin": f"http://{trap.host}"}
        stranger.get("/api/v2/instance", headers=headers)
        site.http.post("/api/v1/push/subscription", json={"subscription": {"endpoint": url}})
    site.settled()
    assert trap.heard == []
