"""Who may open a stream, what is refused in which words, and when a stream ends."""

import json
import socket
import threading
import time
from contextlib import ExitStack, suppress

import httpx
import pytest
from ears import Process, ears, events
from living_site import Person, Site, until
from mastodon import Mastodon, StreamListener
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from heliograph.domain.accounts import scopes
from heliograph.domain.feeds.listeners import STREAMS_AT_MOST

# From the revocation to the last byte.
ENDED_S = 1.0


def address(url: str, query: str = "") -> str:
    return f"{url.replace('http', 'ws', 1)}/api/v1/streaming?{query}"


def closed(connection, timeout_s=20.0):
    """Code and reason with which the server closes, after whatever it still says."""
    try:
        while True:
            connection.recv(timeout_s)
    except ConnectionClosed as ended:
        return (ended.rcvd.code, ended.rcvd.reason) if ended.rcvd else (None, "")


def test_the_token_may_come_in_three_ways(site: Site, ada: Person):
    ways = [
        {"uri": address(site.url, f"access_token={ada.token}")},
        {"uri": address(site.url), "subprotocols": [ada.token]},
        {"uri": address(site.url), "additional_headers": {"Authorization": f"Bearer {ada.token}"}},
    ]
    for way in ways:
        with connect(**way, close_timeout=1) as connection:
            assert connection.subprotocol == (ada.token if "subprotocols" in way else None)
            connection.send(json.dumps({"type": "subscribe", "stream": "nonsense"}))
            assert json.loads(connection.recv(5))["error"] == "Unknown stream type"
    with httpx.stream("GET", f"{site.url}/api/v1/streaming/public?access_token={ada.token}", timeout=5) as answer:
        assert answer.status_code == 200


@pytest.mark.parametrize("token", ["", "1.x", "nonsense"])
def test_without_a_token_nothing_is_streamed(site: Site, token: str):
    with pytest.raises(InvalidStatus) as refused, connect(address(site.url, f"access_token={token}")):
        pass
    assert refused.value.response.status_code == 401
    assert json.loads(refused.value.response.body) == {"error": "The access token is invalid"}
    assert httpx.get(f"{site.url}/api/v1/streaming/public?access_token={token}").status_code == 401


def test_a_token_may_not_stand_in_any_other_address(site: Site, ada: Person):
    assert site.http.get(f"/api/v1/timelines/home?access_token={ada.token}").status_code == 401


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"stream": "users"}, {"error": "Unknown stream type", "status": 400}),
        ({}, {"error": "Unknown stream type", "status": 400}),
        ({"stream": "hashtag"}, {"error": "Missing tag name parameter", "status": 400}),
        ({"stream": "list"}, {"error": "Missing list name parameter", "status": 400}),
        ({"stream": "user:notification"}, {"error": "Access token does not have the required scopes", "status": 401}),
    ],
)
def test_a_subscription_is_refused_in_mastodons_words(site: Site, ada: Person, said: dict, answer: dict):
    with ears(site.url, site.again(ada, "read:statuses")) as ear:
        for noise in ("no JSON", "[1]", '{"type": "dance"}', '{"type": 7, "stream": {"a": 1}}'):
            ear.connection.send(noise)
        ear.say(type="subscribe", **said)
        assert ear.hear() == answer


def test_a_stream_of_events_is_refused_like_any_request(site: Site, ada: Person):
    for path, status, error in [
        ("nonsense", 400, "Unknown channel requested"),
        ("user/nonsense", 400, "Unknown channel requested"),
        ("hashtag", 400, "Missing tag name parameter"),
        ("hashtag/local?tag=", 400, "Missing tag name parameter"),
        ("list", 400, "Missing list name parameter"),
    ]:
        answer = ada.get(f"/api/v1/streaming/{path}")
        assert (answer.status_code, answer.json()["error"]) == (status, error), path
    few = site.again(ada, "read:statuses")
    answer = few.get("/api/v1/streaming/user/notification")
    assert (answer.status_code, answer.json()["error"]) == (403, "This action is outside the authorized scopes")


def test_no_other_scope_opens_a_stream(site: Site, ada: Person):
    """All scopes but the right ones together: neither way to a stream takes them."""
    for name, path, right in [
        ("user", "user", "read:statuses"),
        ("user:notification", "user/notification", "read:notifications"),
        ("public", "public", "read:statuses"),
        ("public:local", "public/local", "read:statuses"),
        ("hashtag", "hashtag?tag=light", "read:statuses"),
        ("direct", "direct", "read:statuses"),
    ]:
        held = tuple(scope for scope in scopes.ALL if not scopes.covers((scope,), right))
        assert len(held) > 30
        wrong = site.again(ada, *held)
        answer = wrong.get(f"/api/v1/streaming/{path}")
        assert (answer.status_code, answer.json()["error"]) == (403, "This action is outside the authorized scopes")
        with ears(site.url, wrong) as ear:
            ear.say(type="subscribe", stream=name, tag="light")
            assert ear.hear() == {"error": "Access token does not have the required scopes", "status": 401}, name


def test_each_right_scope_alone_opens_its_stream(site: Site, ada: Person):
    for path, scope in [("user", "read:statuses"), ("user/notification", "read:notifications"), ("direct", "read")]:
        with events(site.url, site.again(ada, scope), path):
            pass


def test_mastodon_py_hears_its_home(site: Site, ada: Person, grace: Person):
    ada.follow(grace)
    site.settled()
    heard = []

    class Listener(StreamListener):
        def on_update(self, status):
            heard.append(status)

        def on_delete(self, status_id):
            heard.append(status_id)

    client = Mastodon(access_token=ada.token, api_base_url=site.url)
    handle = client.stream_user(Listener(), run_async=True, timeout=30)
    try:
        until(lambda: site.product.listeners)
        post = grace.publish("To a library")
        assert until(lambda: heard and heard.pop()).content == "<p>To a library</p>"
        grace.ask("DELETE", f"/api/v1/statuses/{post['id']}")
        assert str(until(lambda: heard and heard.pop())) == post["id"]
        assert client.stream_healthy() is True
    finally:
        # The library ends when it next hears something.
        last = threading.Timer(0.2, grace.publish)
        last.start()
        handle.close()
        last.join()
        client.session.close()


def test_a_revoked_token_loses_its_streams(site: Site, other: Process, ada: Person):
    token = site.again(ada)
    with (
        ears(other.url, token, "user") as ear,
        ears(other.url, ada, "user") as stays,
        events(other.url, token, "user") as seen,
    ):
        began = time.monotonic()
        site.run(site.product.tokens.revoke(token.token, site.app_id))
        assert closed(ear.connection) == (1008, "The access token is invalid")
        assert list(seen) == []
        assert time.monotonic() - began < ENDED_S
        post = ada.publish("Still here")
        assert stays.hear()["payload"]["id"] == post["id"]


def test_a_suspended_account_loses_its_streams(site: Site, other: Process):
    somebody = site.person()
    with ears(other.url, somebody, "user") as there, ears(site.url, somebody, "user") as here:
        began = time.monotonic()
        site.run(site.product.suspension.suspend(somebody.id))
        assert closed(there.connection)[0] == closed(here.connection)[0] == 1008
        assert time.monotonic() - began < ENDED_S
    with pytest.raises(InvalidStatus), ears(other.url, somebody, "user"):
        pass


def test_an_account_has_so_many_streams_and_no_more(site: Site, other: Process):
    somebody = site.person()

    def opens() -> bool:
        with httpx.stream("GET", f"{other.url}/api/v1/streaming/user?access_token={somebody.token}") as answer:
            return answer.status_code != 429

    with ExitStack() as stack:
        last = [stack.enter_context(ears(other.url, somebody)) for _ in range(STREAMS_AT_MOST)][-1]
        assert not opens()
        last.connection.close()
        until(opens)


class Sleeper:
    """A client that opens a WebSocket and reads nothing of it."""

    def __init__(self, url: str, person: Person) -> None:
        port = int(url.rpartition(":")[2])
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", port))
        head = (
            f"GET /api/v1/streaming?stream=public HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {person.token}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        self.socket.sendall(head.encode())
        assert self.socket.recv(12) == b"HTTP/1.1 101"

    def is_cut(self) -> bool:
        """Whether the server has given it up: Linux' state of the connection is no more TCP_ESTABLISHED."""
        return self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) != b"\1"


def test_a_slow_reader_is_dropped_and_nobody_waits_for_it(site: Site, other: Process, ada: Person, stranger: Person):
    # Each is four characters on its way.
    text = "<" * 2000
    sleeper = Sleeper(other.url, site.person())
    slowest_s = 0.0
    with ears(other.url, stranger, "public") as awake:
        deadline = time.monotonic() + 60
        while not sleeper.is_cut():
            assert time.monotonic() < deadline, "the sleeper is still there"
            began = time.monotonic()
            post = ada.publish(text)
            assert awake.hear()["payload"]["id"] == post["id"]
            slowest_s = max(slowest_s, time.monotonic() - began)
    sleeper.socket.close()
    assert slowest_s < 2


def test_a_stop_ends_all_streams_at_once(mortal: Process, ada: Person, stranger: Person):
    sleeper = Sleeper(mortal.url, stranger)
    with ears(mortal.url, ada, "user") as ear, events(mortal.url, ada, "user") as seen:
        codes: list = []
        reader = threading.Thread(target=lambda: codes.append(closed(ear.connection)[0]))
        reader.start()
        took_s = mortal.stop()
        reader.join(5)
        assert codes == [1012]
        assert list(seen) == []
    sleeper.socket.close()
    assert took_s < 3


def test_who_orders_without_end_is_let_go(site: Site, ada: Person) -> None:
    with connect(address(site.url, f"access_token={ada.token}")) as connection:
        with suppress(ConnectionClosed):
            for _ in range(200):
                connection.send('{"type":"subscribe","stream":"user"}')
        assert closed(connection)[0] == 1008
