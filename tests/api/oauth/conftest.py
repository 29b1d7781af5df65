"""A live server and a browser without scripts, as a person and an app meet the site."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
import uvicorn
from watching import watched

from heliograph.base.settings import Settings
from heliograph.domain.product import Product
from heliograph.web.app import create_app
from heliograph.web.server import config

PASSWORD = "correct horse battery"
OOB = "urn:ietf:wg:oauth:2.0:oob"


class Page(HTMLParser):
    """The forms of a page that change something: (action, {name: value}), and its input values."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.values: dict[str, str] = {}
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        # Every page has a field to search with, which comes first.
        if tag == "form" and given.get("method") == "post":
            self.forms.append((given["action"], {}))
        if tag == "input":
            self.values[given["name"]] = given.get("value", "")
            if self.forms and given.get("type") != "checkbox":
                self.forms[-1][1][given["name"]] = given.get("value", "")
        if (
            (tag == "script" and "src" not in given)
            or tag == "style"
            or "style" in given
            or any(name.startswith("on") for name in given)
        ):
            self.inline.append(self.get_starttag_text() or tag)


class Browser:
    """Keeps cookies, sends forms as browsers do."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.http = httpx.AsyncClient(base_url=base, headers={"User-Agent": "Test Browser"})

    async def open(self, address: str) -> httpx.Response:
        return await self.http.get(address)

    async def submit(self, page: httpx.Response, action: str = "", **values: str) -> httpx.Response:
        forms = [form for form in Page(page.text).forms if form[0].startswith(action)]
        target, given = forms[0]
        headers = {"Origin": self.base, "Sec-Fetch-Site": "same-origin"}
        return await self.http.post(target, data=given | values, headers=headers)

    async def log_in(self, name: str = "ada", password: str = PASSWORD) -> httpx.Response:
        return await self.submit(await self.open("/auth/sign_in"), name=name, password=password)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        yield found


@pytest.fixture
def changed() -> dict[str, str]:
    """Settings that a test wants otherwise: `@pytest.mark.parametrize("changed", [{...}])`."""
    return {}


@pytest.fixture
def settings(tmp_path: Path, listening: socket.socket, changed: dict[str, str]) -> Settings:
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    values = {"data_dir": tmp_path, "port": 0, "public_url": url, "rate_limits": "off", "password_grant": "on"}
    return Settings(**(values | changed))


@pytest.fixture
async def live(product: Product, listening: socket.socket) -> AsyncIterator[str]:
    """The address of a running server."""
    server = uvicorn.Server(config(watched(create_app(product), []), log_level="error"))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 -- uvicorn has a flag, not an event
            await asyncio.sleep(0.01)
    yield product.settings.url
    server.should_exit = True
    await task


@pytest.fixture
async def browser(live: str) -> AsyncIterator[Browser]:
    made = Browser(live)
    async with made.http:
        yield made


@pytest.fixture
def other_browser(live: str) -> Browser:
    return Browser(live)


@pytest.fixture
def page_of() -> Callable[[httpx.Response], Page]:
    return lambda response: Page(response.text)


@pytest.fixture
async def ada(product: Product) -> int:
    return (await product.registration.create("ada", PASSWORD, "ada@example.org")).account_id


class Client:
    """An app as it is registered, and what it says at the token endpoint."""

    def __init__(self, http: httpx.AsyncClient, registered: dict[str, object]) -> None:
        self.http = http
        self.registered = registered
        self.id, self.secret = registered["client_id"], registered["client_secret"]

    async def token(self, **values: str) -> httpx.Response:
        return await self.http.post("/oauth/token", data={"client_id": self.id, "client_secret": self.secret} | values)

    async def own_token(self, scope: str = "read") -> str:
        return (await self.token(grant_type="client_credentials", scope=scope)).json()["access_token"]


@pytest.fixture
async def client(live: str) -> AsyncIterator[Client]:
    async with httpx.AsyncClient(base_url=live) as http:
        answer = await http.post(
            "/api/v1/apps",
            json={
                "client_name": "Test <b>App</b>",
                "redirect_uris": [OOB, "https://app.example/cb?x=1", "myapp://done"],
                "scopes": "read write push profile",
                "website": "https://app.example",
            },
        )
        yield Client(http, answer.json())
