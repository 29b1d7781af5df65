"""Clients of streams, and a second web process for them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from living_site import Person, Site, until
from websockets.sync.client import ClientConnection, connect

HEARS_S = 10.0


class Ears:
    """A WebSocket and what came out of it."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def say(self, **order: Any) -> None:
        self.connection.send(json.dumps(order))

    def hear(self, timeout_s: float = HEARS_S) -> dict[str, Any]:
        """The next message. Its payload is decoded where it is JSON."""
        message = json.loads(self.connection.recv(timeout_s))
        if message.get("event", "delete") != "delete":
            assert isinstance(message["payload"], str)
            message["payload"] = json.loads(message["payload"])
        return message

    def heard_until(self, post: dict[str, Any]) -> list[tuple[str, str]]:
        """(event, id) of all that came before `post`, which has to come: so that what did not come is known, too."""
        heard = []
        while (message := self.hear())["event"] != "update" or message["payload"]["id"] != post["id"]:
            payload = message["payload"]
            heard.append((message["event"], payload if isinstance(payload, str) else payload["id"]))
        return heard


@contextmanager
def ears(url: str, person: Person, stream: str = "", **parameters: str) -> Iterator[Ears]:
    """A WebSocket of `person` to the web process at `url`."""
    query = str(httpx.QueryParams(parameters | ({"stream": stream} if stream else {})))
    address = f"{url.replace('http', 'ws', 1)}/api/v1/streaming?{query}"
    headers = {"Authorization": f"Bearer {person.token}"}
    with connect(address, additional_headers=headers, compression=None, close_timeout=1) as connection:
        yield Ears(connection)


@contextmanager
def events(url: str, person: Person, path: str) -> Iterator[Iterator[tuple[str, str]]]:
    """Server-sent events of `person`: (event, data)."""
    headers = {"Authorization": f"Bearer {person.token}"}
    with httpx.stream("GET", f"{url}/api/v1/streaming/{path}", headers=headers, timeout=HEARS_S) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"
        yield _parsed(answer.iter_lines())


def _parsed(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    event = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            event = value
        elif field == "data":
            yield event, value


class Process:
    """A second web process of `site`, as `heliograph serve` is."""

    def __init__(self, site: Site) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        assert site.topology is not None
        own = {
            "DATA_DIR": site.folder,
            "PORT": port,
            "PUBLIC_URL": site.url,
            "DATABASE_URL": site.topology.shards[0].dsn,
            "VALKEY_URL": site.topology.valkey_url,
            "RATE_LIMITS": "off",
            "LOG_LEVEL": "warning",
        }
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HELIOGRAPH_")}
        environment = kept | {f"HELIOGRAPH_{name}": str(value) for name, value in own.items()}
        self._output = site.folder / f"serve-{port}.log"
        with self._output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "heliograph", "serve"], env=environment, stdout=output, stderr=output
            )
        until(self._ready)

    def _ready(self) -> bool:
        assert self.process.poll() is None, self.output()
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def output(self) -> str:
        return self._output.read_text()

    def stop(self) -> float:
        """SIGTERM; the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0, self.output()
        return time.monotonic() - began

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
