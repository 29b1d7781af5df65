"""The `heliograph` command as a process, in an environment of its own."""

import os
import re
import signal
import subprocess
import sys
import time

from heliograph.lab.client import Client
from heliograph.ops import orphans

COMMAND = (sys.executable, "-P", "-m", "heliograph")
DEADLINE_S = 60.0
RUNS_AT = re.compile(r"Heliograph runs at http://localhost:(\d+)")


def environment(**settings):
    """Ours without settings of Heliograph, and with `settings`, which are named as in the file."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("HELIOGRAPH_")}
    return env | {f"HELIOGRAPH_{name.upper()}": str(value) for name, value in settings.items()}


def heliograph(*words, stdin="", **settings):
    """Run the command to its end."""
    return subprocess.run(
        [*COMMAND, *words],
        env=environment(**settings),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


def until(check, what):
    """The first true value of `check`."""
    deadline_s = time.monotonic() + DEADLINE_S
    while not (found := check()):
        assert time.monotonic() < deadline_s, f"not within {DEADLINE_S} s: {what()}"
        time.sleep(0.02)
    return found


class Running:
    """A command that runs on: `up`, `demo`, `serve`, `work`."""

    def __init__(self, output, *words, **settings):
        self.output = output
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [*COMMAND, *words], env=environment(**settings), stdout=file, stderr=subprocess.STDOUT
            )

    def text(self):
        return self.output.read_text()

    def says(self, pattern):
        """The match of `pattern` in what it has written, waited for."""

        def look():
            found = re.search(pattern, self.text())
            assert found or self.process.poll() is None, self.text()
            return found

        return until(look, self.text)

    def client(self):
        """A client of the site, once it says where it is."""
        return Client(f"http://127.0.0.1:{self.says(RUNS_AT)[1]}")

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_S)


def leftovers(data_dir):
    """Every process that belongs to `data_dir`, without its supervisor."""
    found = data_dir.resolve()
    return [
        *orphans.programs(found),
        *orphans.servers("postgres", found / "postgres"),
        *orphans.servers("valkey-server", found / "valkey"),
    ]


def app_token(client):
    """A token of a newly registered app, as needed for a sign-up."""
    form = {"client_name": "test", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read write"}
    app = client.call("POST", "/api/v1/apps", form=form).body
    grant = {"grant_type": "client_credentials", "scope": "read write"}
    secret = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
    return client.call("POST", "/oauth/token", form=grant | secret).body["access_token"]


def sign_up(client, username, password="correct horse battery"):
    """A new account by HTTP; its token."""
    form = {"username": username, "password": password, "agreement": "true", "locale": "en"}
    return client.call("POST", "/api/v1/accounts", app_token(client), form=form).body["access_token"]
