"""Secrets never in logs: a whole site at its most talkative, through everything that has a secret; then all its logs are read."""

import hashlib
import hmac
import json
import re
import socket
import threading
from base64 import urlsafe_b64encode
from contextlib import suppress
from email import message_from_string, policy

import httpx
import pytest
from cli_site import RUNS_AT, heliograph, until
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

PASSWORDS = [f"five-blue-lamps-{word}" for word in ("first", "second", "third", "fourth", "wrong", "short")]
CAPTION = "a-private-word-for-nobody"
OOB = "urn:ietf:wg:oauth:2.0:oob"


class PostOffice:
    """A mail server on this machine that keeps what it gets."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self.listening.getsockname()[1]}"
        self.letters = []
        threading.Thread(target=self._open, daemon=True).start()

    def _open(self):
        with suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                with connection, connection.makefile("rwb") as stream:
                    self._serve(stream)

    def _serve(self, stream):
        stream.write(b"220 here\r\n")
        stream.flush()
        while line := stream.readline().strip().upper():
            if line == b"DATA":
                stream.write(b"354 go\r\n")
                stream.flush()
                self.letters.append("".join(part.decode() for part in iter(stream.readline, b".\r\n")))
            stream.write(b"221 bye\r\n" if line == b"QUIT" else b"250 ok\r\n")
            stream.flush()

    def link(self, number):
        letter = until(lambda: self.letters[number:], lambda: self.letters)[0]
        text = message_from_string(letter, policy=policy.default).get_content()
        return re.search(r"token=(\S+)", text)[1]


class Browser:
    def __init__(self, url, secrets):
        self.http = httpx.Client(base_url=url, timeout=30)
        self.secrets = secrets

    def post(self, page, path, **values):
        text = self.http.get(page).text
        form = {"csrf_token": re.search(r'name="csrf_token" value="(\w+)"', text)[1]} | values
        self.secrets.add(form["csrf_token"])
        answer = self.http.post(path, data=form)
        self.secrets |= {cookie.value for cookie in self.http.cookies.jar if cookie.value}
        return answer


@pytest.fixture(scope="module")
def secrets():
    return set(PASSWORDS)


@pytest.fixture(scope="module")
def logs(running, secrets, tmp_path_factory):
    """All that the site has written, after everything that has a secret."""
    data_dir = tmp_path_factory.mktemp("secrets") / "site"
    office = PostOffice()
    settings = {"log_level": "debug", "log_format": "json", "smtp_url": office.url, "password_grant": "on"}
    up = running("up", data_dir=data_dir, port=0, **settings)
    url = f"http://127.0.0.1:{up.says(RUNS_AT)[1]}"
    everything(url, secrets, office)
    made = heliograph("user", "password", "ada", data_dir=data_dir)
    found = re.search(r"password: (\S+)", made.stdout, re.IGNORECASE)
    secrets |= {found[1]} if found else set()
    assert up.stop() == 0
    office.listening.close()
    kept = {file.name: file.read_text(errors="replace") for file in (data_dir / "logs").iterdir()}
    return kept | {"up": up.text(), "user": made.stderr}


def everything(url, secrets, office):
    """Sign up, confirm, log in, mistype, let an app in, upload, stream, change and forget passwords; and much that goes wrong."""
    browser = Browser(url, secrets)
    first, second, third, fourth, wrong, short = PASSWORDS
    form = {"username": "ada", "email": "ada@example.org", "agreement": "true"}
    browser.post("/auth/sign_up", "/auth/sign_up", password=short[:5], **form)
    assert browser.post("/auth/sign_up", "/auth/sign_up", password=first, **form).status_code == 303
    confirm = office.link(0)
    secrets.add(confirm)
    assert browser.post(f"/auth/confirm?token={confirm}", "/auth/confirm", token=confirm).status_code == 200
    other = Browser(url, secrets)
    # Into the wrong field, as people do.
    assert other.post("/auth/sign_in", "/auth/sign_in", name=wrong, password="ada").status_code == 401
    assert other.post("/auth/sign_in", "/auth/sign_in", name="ada", password=wrong).status_code == 401
    assert other.post("/auth/sign_in", "/auth/sign_in", name="ada", password=first).status_code == 303
    token = let_in(url, browser, secrets)
    as_ada = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, headers=as_ada, timeout=30) as app:
        assert app.post("/api/v1/statuses", json={"status": CAPTION, "visibility": "private"}).status_code == 200
        app.post("/api/v2/media", files={"file": (f"{wrong}.jpg", b"no photo")}, data={"description": CAPTION})
        app.post(f"/api/v1/statuses?access_token={token}", content=b"{broken")
        app.get(f"/api/v1/timelines/home?access_token={token}&limit=x")
        app.get(f"/nowhere?access_token={token}")
        with app.stream("GET", f"/api/v1/streaming/user?access_token={token}") as stream:
            assert stream.status_code == 200
    listen(url, token, secrets)
    assert browser.post("/auth/password", "/auth/password", old=wrong, password=second).status_code == 422
    assert browser.post("/auth/password", "/auth/password", old=first, password=second).status_code == 200
    browser.post("/settings/account", "/settings/account/export", export_password=wrong)
    assert browser.post("/settings/account", "/settings/account/export", export_password=second).status_code == 200
    browser.post("/auth/password/new", "/auth/password/new", email="ada@example.org")
    reset = office.link(2)
    secrets.add(reset)
    answer = browser.post(f"/auth/password/reset?token={reset}", "/auth/password/reset", token=reset, password=third)
    assert answer.status_code == 303
    httpx.get(f"{url}/auth/password/reset?token={reset}")
    assert browser.post("/auth/password", "/auth/password", old=third, password=fourth).status_code == 200
    browser.post("/auth/sessions", "/auth/sign_out")
    for opened in (browser, other):
        opened.http.close()


def let_in(url, browser, secrets):
    """An app by every grant that there is; a token of it. What it uses and what is refused is secret alike."""
    app = httpx.post(
        f"{url}/api/v1/apps", data={"client_name": "x", "redirect_uris": OOB, "scopes": "read write"}
    ).json()
    client = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
    verifier = "a-verifier-that-nobody-else-may-know-" + "v" * 20
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    state = "a-state-that-belongs-to-the-app"
    wish = {"response_type": "code", "client_id": app["client_id"], "redirect_uri": OOB, "scope": "read write"}
    wish |= {"state": state, "code_challenge": challenge, "code_challenge_method": "S256"}
    page = f"/oauth/authorize?{httpx.QueryParams(wish)}"
    done = browser.post(page, "/oauth/authorize", decision="allow", **wish)
    code = re.search(r"\d+\.[A-Za-z0-9_-]{43}", done.text)[0]
    secrets |= {app["client_secret"], verifier, code, state}
    grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": OOB, "code_verifier": verifier} | client
    token = httpx.post(f"{url}/oauth/token", data=grant).json()["access_token"]
    own = httpx.post(f"{url}/oauth/token", data={"grant_type": "client_credentials"} | client).json()["access_token"]
    by_password = {"grant_type": "password", "username": "ada", "password": PASSWORDS[0], "scope": "read"} | client
    third = httpx.post(f"{url}/oauth/token", data=by_password).json()["access_token"]
    httpx.post(f"{url}/oauth/token", data=by_password | {"password": PASSWORDS[4]})
    httpx.post(f"{url}/oauth/token?client_secret={app['client_secret']}", data={"grant_type": "nonsense"})
    httpx.post(f"{url}/oauth/token", auth=(app["client_id"], PASSWORDS[4]), data={"grant_type": "password"})
    httpx.post(f"{url}/oauth/revoke", data={"token": third} | client)
    httpx.get(f"{url}/api/v1/accounts/verify_credentials", headers={"Authorization": f"Bearer {third}"})
    secrets |= {token, own, third}
    return token


def listen(url, token, secrets):
    address = url.replace("http", "ws", 1) + "/api/v1/streaming"
    with connect(f"{address}?access_token={token}&stream=user", close_timeout=1) as opened:
        opened.send(json.dumps({"type": "subscribe", "stream": "nonsense", "access_token": token}))
        opened.recv(10)
    with connect(address, subprotocols=[token], close_timeout=1) as opened, suppress(ConnectionClosed):
        opened.send(b"binary")
        opened.recv(10)
    never = f"{token}x"
    secrets.add(never)
    with pytest.raises(InvalidStatus), connect(f"{address}?access_token={never}"):
        pass


def test_no_secret_is_in_any_log(logs, secrets):
    assert len(secrets) > 20
    assert {"up", "postgres.log", "valkey.log"} <= set(logs)
    parts = {part for secret in secrets for part in (secret, secret.partition(".")[2]) if len(part) > 7}
    hashes = {hashlib.sha256(part.encode()).hexdigest() for part in parts}
    forms = {hmac.new(secret.encode(), b"heliograph form", hashlib.sha256).hexdigest() for secret in secrets}
    for name, text in logs.items():
        found = [secret for secret in parts | hashes | forms if secret in text]
        assert found == [], (name, [line for line in text.splitlines() if any(secret in line for secret in found)][:5])
        assert CAPTION not in text, name
        assert "$argon2" not in text, name


def test_the_logs_tell_what_happened_all_the_same(logs):
    """So that the test above has read something: each request is there, and each log-in, with where it came from."""
    lines = [json.loads(line) for line in logs["up"].splitlines() if line.startswith("{")]
    paths = {line.get("path") for line in lines if line.get("event") == "request"}
    assert {"/oauth/token", "/auth/sign_in", "/api/v1/streaming/user", "/auth/password/reset"} <= paths
    audit = [line for line in lines if line.get("room") == "audit"]
    events = {line["event"] for line in audit}
    assert {
        "sign_up",
        "log_in",
        "log_in.refused",
        "password.changed",
        "app.let_in",
        "token.issued",
        "log_out",
    } <= events
    assert all(
        line["address"] == "127.0.0.1" and line["timestamp"].endswith("Z") and line["request_id"] for line in audit
    )
    refused = [line for line in audit if line["event"] == "log_in.refused"]
    assert len(refused) >= 3
    assert not any("name" in line for line in refused), "people type their password into the wrong field"
