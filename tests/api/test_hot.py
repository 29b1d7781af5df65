"""Reads of the home feed, which are answered before the framework: as the framework would answer them, and nobody else's."""

import socket

import pytest
from living_site import Person, Site, until

HOME = "/api/v1/timelines/home"
# Whatever differs from request to request.
OWN = {"x-request-id", "date", "x-ratelimit-remaining", "content-length"}
SETTINGS = {"rate_limits": "on"}


@pytest.fixture(scope="module")
def reader(site: Site) -> Person:
    """Somebody with a few posts of their own."""
    person = site.person()
    for number in range(5):
        person.publish(f"Number {number}")
    until(lambda: len(person.get(HOME).json()) == 5)
    return person


def slowly(person: Person, query: str = ""):
    """The answer by the framework: an unknown parameter is none of what the short way understands."""
    return person.get(f"{HOME}?{query}&by=framework" if query else f"{HOME}?by=framework")


@pytest.mark.parametrize("query", ["", "limit=2", "limit=40", "limit=0", "limit=99", "max_id={2}", "min_id={3}&limit=1",
                                   "since_id={4}", "limit=2&max_id={1}", "max_id=1", "max_id=9223372036854775807"])  # fmt: skip
def test_both_ways_answer_the_same(reader, query):
    ids = [status["id"] for status in reader.get(HOME).json()]
    query = query.format(*ids)
    quick, slow = reader.get(f"{HOME}?{query}" if query else HOME), slowly(reader, query)
    assert quick.status_code == slow.status_code == 200
    assert quick.json() == slow.json()
    headers = [{name: value for name, value in each.headers.items() if name not in OWN} for each in (quick, slow)]
    if slow.json():
        headers[1]["link"] = headers[1]["link"].replace("by=framework&", "")
    assert headers[0] == headers[1]


@pytest.mark.parametrize("query", ["limit=x", "max_id=-1", "max_id=99999999999999999999", "limit=%31&max_id=y"])
def test_what_is_wrong_is_told_by_the_framework(reader, query):
    answer = reader.get(f"{HOME}?{query}")
    assert answer.status_code == 400
    assert "expected" in answer.json()["error"]


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "Bearer x.y", "Bearer 12345.abc"])
def test_who_is_nobody_gets_nothing(site, header):
    answer = site.anyone.get(HOME, headers={"Authorization": header} if header else {})
    assert answer.status_code == 401


def test_a_scope_that_was_not_granted(site):
    posting = site.person("write")
    for _ in range(3):
        assert posting.get(HOME).status_code == 403


def test_a_revoked_token_is_nobody(site):
    person = site.person()
    for _ in range(3):
        assert person.get(HOME).status_code == 200
    site.run(site.product.tokens.revoke(person.token, int(site.app_id)))
    assert person.get(HOME).status_code == 401


def test_requests_are_counted_once_each(site):
    person = site.person()
    left = [int(person.get(HOME).headers["x-ratelimit-remaining"]) for _ in range(4)]
    assert left == list(range(left[0], left[0] - 4, -1))


def test_head_has_the_head_only(reader):
    answer = reader.ask("HEAD", HOME)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == len(reader.get(HOME).content)


def _raw(site: Site, sent: bytes, answers: int) -> bytes:
    with socket.create_connection(("127.0.0.1", site.port)) as connection:
        connection.settimeout(10)
        connection.sendall(sent)
        received = b""
        while received.count(b"HTTP/1.1 200 OK") < answers or not received.endswith((b"]", b"}")):
            data = connection.recv(65536)
            if not data:
                break
            received += data
    return received


def test_requests_sent_at_once_are_answered_in_their_order(reader):
    ask = "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    paths = [HOME, f"{HOME}?limit=1", "/api/v1/accounts/verify_credentials", f"{HOME}?limit=2", HOME]
    received = _raw(
        reader.site, "".join(ask.format(path=path, token=reader.token) for path in paths).encode(), len(paths)
    )
    lengths = [int(part.partition(b"\r\n")[0]) for part in received.split(b"content-length: ")[1:]]
    assert lengths == [len(reader.get(path).content) for path in paths]


def test_an_old_client_is_told_that_the_connection_ends(reader):
    received = _raw(
        reader.site,
        f"GET {HOME} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {reader.token}\r\n\r\n".encode(),
        1,
    )
    assert b"connection: close" in received.lower()
    assert received.endswith(b"]")
