"""A whole site on a port, and the people who use it through HTTP alone."""

import asyncio
import io
import itertools
import os
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from heliograph.base.topology import Topology
from heliograph.domain.product import Product

PASSWORD = "correct horse battery"
SCOPES = ("read", "write", "follow", "push", "profile")
DEADLINE_S = 30.0

_numbers = itertools.count(1)


def until(found: Callable[[], Any], deadline_s: float = DEADLINE_S) -> Any:
    """What `found` answers as soon as that is something."""
    end = time.monotonic() + deadline_s
    while not (answer := found()):
        assert time.monotonic() < end, "nothing came before the deadline"
        time.sleep(0.02)
    return answer


def jpeg(width: int = 64, height: int = 48, colour: str = "teal") -> bytes:
    """A small photo."""
    held = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(held, "JPEG")
    return held.getvalue()


class Person:
    """Somebody with an account and a token, or, without a token, nobody in particular."""

    def __init__(self, site: "Site", ident: int = 0, name: str = "", token: str = "") -> None:
        self.site, self.id, self.name, self.token = site, ident, name, token

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.site.http.request(method, path, headers=headers | options.pop("headers", {}), **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("POST", path, **options)

    def publish(self, text: str = "Hello", **values: Any) -> dict[str, Any]:
        answer = self.post("/api/v1/statuses", json={"status": text} | values)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def follow(self, other: "Person") -> None:
        assert self.post(f"/api/v1/accounts/{other.id}/follow").json()["following"] is True

    def upload(self, data: bytes | None = None, name: str = "photo.jpg", **values: str) -> httpx.Response:
        return self.post("/api/v2/media", files={"file": (name, data or jpeg())}, data=values)

    def photo(self, data: bytes | None = None, **values: str) -> dict[str, Any]:
        """A photo that is ready."""
        return self.ready(self.upload(data, **values).json()["id"])

    def ready(self, media_id: str) -> dict[str, Any]:
        def look() -> httpx.Response | None:
            answer = self.get(f"/api/v1/media/{media_id}")
            return None if answer.status_code == 206 else answer

        answer = until(look)
        assert answer.status_code == 200, answer.text
        return answer.json()


class Site:
    """The running site. `run` has the product do something in its own loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, product: Product, folder: Path) -> None:
        self.loop, self.product, self.folder = loop, product, folder
        self.url = product.settings.url
        self.port = int(self.url.rpartition(":")[2])
        self.topology: Topology | None = None
        self.http = httpx.Client(base_url=self.url, timeout=DEADLINE_S)
        self.anyone = Person(self)
        self._app_id = 0

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(DEADLINE_S)

    def person(self, *scopes: str, name: str = "") -> Person:
        name = name or f"person{next(_numbers)}"
        account_id = self.run(self.product.registration.create(name, PASSWORD)).account_id
        return self.again(Person(self, account_id, name), *scopes)

    def again(self, person: Person, *scopes: str) -> Person:
        """The same person with a fresh token, for `scopes`."""
        issued = self.run(self.product.tokens.issue(person.id, self.app_id, scopes or SCOPES))
        return Person(self, person.id, person.name, issued.text)

    @property
    def app_id(self) -> int:
        if not self._app_id:
            made = self.http.post("/api/v1/apps", json={"client_name": "A client", "redirect_uris": "app://x"})
            self._app_id = int(made.json()["id"])
        return self._app_id

    def stored(self) -> list[str]:
        """The objects of the media store, while folders may be going."""
        root = self.folder / "media"
        return sorted(
            str((Path(folder) / name).relative_to(root)) for folder, _, names in os.walk(root) for name in names
        )

    def scratch(self) -> list[Path]:
        """What lies in the folder for files that live no longer than a call."""
        return list((self.folder / "scratch").glob("*"))

    def settled(self) -> None:
        """Wait until the worker has nothing to do."""
        until(lambda: not any(state.pending for state in self.run(self.product.outbox.state())))
