"""Two web processes and a worker over a database of the tests and a Valkey of our own, which can be killed."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec

from heliograph.ops import binaries

START_S = 120.0


class Valkey:
    """A server that keeps what it has acknowledged, as the embedded one does."""

    def __init__(self, folder):
        self._socket = folder / "v"
        self.url = f"unix://{self._socket}"
        self._folder = folder
        self._process = None

    def start(self):
        options = {"port": 0, "unixsocket": self._socket, "dir": self._folder, "save": ""}
        options |= {"appendonly": "yes", "appendfsync": "no"}
        words = [str(word) for key, value in options.items() for word in (f"--{key}", value)]
        self._process = subprocess.Popen([str(binaries.valkey()), *words], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_S
        while not self._answers():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def _answers(self):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(self._socket))
            probe.sendall(b"PING\r\n")
            return probe.recv(10).startswith(b"+PONG")
        return False

    def kill(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._socket.unlink(missing_ok=True)


class Site:
    """`webs`: clients of the two web processes."""

    def __init__(self, settings, folder):
        self._settings, self._folder = settings, folder
        self._programs = []
        self.webs = []

    def run(self, name, *words, **settings):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("HELIOGRAPH_")}
        environment |= {f"HELIOGRAPH_{key}": str(value) for key, value in (self._settings | settings).items()}
        with (self._folder / f"{name}.log").open("ab") as output:
            command = [sys.executable, "-m", "heliograph", *words]
            self._programs.append(subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment))

    async def serve(self, connections):
        for number in range(2):
            with socket.create_server(("127.0.0.1", 0)) as probe:
                port = probe.getsockname()[1]
            self.run(f"web{number}", "serve", PORT=port)
            limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
            self.webs.append(httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=60))
        self.run("worker", "work")
        for web in self.webs:
            await self._ready(web)

    async def _ready(self, web):
        async with asyncio.timeout(START_S):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await web.get("/readyz")).status_code == 200:
                        return
                await asyncio.sleep(0.1)

    def logs(self):
        return "\n".join(path.read_text(errors="replace") for path in sorted(self._folder.glob("*.log")))

    async def close(self):
        for web in self.webs:
            await web.aclose()
        for program in self._programs:
            program.kill()
            program.wait()


@asynccontextmanager
async def site(database, valkey, folder, *, pool=10, connections=16):
    """A Site that serves."""
    settings = {
        "DATABASE_URL": database, "VALKEY_URL": valkey.url, "DATA_DIR": folder / "data", "DATABASE_POOL": pool,
        "PUBLIC_URL": "http://helio.test", "RATE_LIMITS": "off", "LOG_FORMAT": "json", "WORKER_METRICS_PORT": 0,
    }  # fmt: skip
    made = Site(settings, folder)
    try:
        await made.serve(connections)
        yield made
    finally:
        await made.close()


class Person:
    """Somebody with a token, who may ask either web process."""

    def __init__(self, name, ident, token):
        self.name, self.id = name, ident
        self.headers = {"Authorization": f"Bearer {token}"}

    async def call(self, web, method, path, **options):
        return await web.request(method, path, headers=self.headers, **options)


async def sign_up(web, names):
    """People of these names. They are made over HTTP, one after another."""
    scopes = "read write follow"
    app = {"client_name": "Truth", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": scopes}
    made = (await web.post("/api/v1/apps", json=app)).json()
    grant = {"grant_type": "client_credentials", "scope": scopes, "redirect_uri": app["redirect_uris"]}
    grant |= {"client_id": made["client_id"], "client_secret": made["client_secret"]}
    token = (await web.post("/oauth/token", data=grant)).json()["access_token"]
    people = []
    for name in names:
        form = {"username": name, "email": f"{name}@example.org", "password": "correct horse battery staple"}
        form |= {"agreement": True, "locale": "en"}
        answer = await web.post("/api/v1/accounts", json=form, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        person = Person(name, "", answer.json()["access_token"])
        person.id = (await person.call(web, "GET", "/api/v1/accounts/verify_credentials")).json()["id"]
        people.append(person)
    return people


def decoded(answer):
    """The JSON of an answer."""
    return msgspec.json.decode(answer.content)


def own_folder(factory):
    """A folder with a short path, for a socket, and for logs."""
    return Path(factory.mktemp("t"))
