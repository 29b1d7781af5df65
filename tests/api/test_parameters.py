"""What clients send, well-meant and not: every form of a body, wrong types, garbage, halves, twice at once."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from living_site import jpeg, until

SETTINGS = {"upload_max_bytes": 200_000}
STATUSES = "/api/v1/statuses"
PROFILE = "/api/v1/accounts/update_credentials"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        {"json": {"status": "Grüße 👋", "sensitive": True, "spoiler_text": "x", "unknown": {"a": [1]}}},
        {"data": {"status": "Grüße 👋", "sensitive": "true", "spoiler_text": "x", "unknown[a][]": "1"}},
        {"data": {"status": "Grüße 👋", "sensitive": "1", "spoiler_text": "x"}, "files": {"other": ("a.txt", b"a")}},
        {"data": {"status": "Grüße 👋", "sensitive": "on", "spoiler_text": "x"}},
        {"params": {"status": "Grüße 👋", "sensitive": "True", "spoiler_text": "x"}},
        {"content": '{"status": "Grüße 👋", "sensitive": true, "spoiler_text": "x"}'.encode()},
        {"json": {"status": "Grüße 👋", "sensitive": "1", "spoiler_text": "x"}, "params": {"status": "no"}},
    ],
    ids=["json", "form", "multipart", "switch", "query", "no type", "body over query"],
)
def test_every_form_of_a_body(ada, body):
    answer = ada.post(STATUSES, **body)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert (made["content"], made["sensitive"], made["spoiler_text"]) == ("<p>Grüße 👋</p>", True, "x")


@pytest.mark.parametrize("form", ["list", "numbers", "query style", "empty among them"])
def test_lists(ada, form):
    first, second = (ada.photo()["id"] for _ in range(2))
    body = {
        "list": {"json": {"media_ids": [second, first]}},
        "numbers": {"json": {"media_ids": [int(second), int(first)]}},
        "query style": {"content": f"media_ids[]={second}&media_ids[]={first}", "headers": FORM},
        "empty among them": {"content": f"media_ids[]=&media_ids%5B%5D={second}&media_ids[]={first}", "headers": FORM},
    }[form]
    answer = ada.post(STATUSES, **body)
    assert [photo["id"] for photo in answer.json()["media_attachments"]] == [second, first]


def test_nesting(ada):
    def change(**body):
        answer = ada.ask("PATCH", PROFILE, **body)
        assert answer.status_code == 200, answer.text
        found = answer.json()["source"]
        return [(field["name"], field["value"]) for field in found["fields"]], found["privacy"], found["language"]

    rails = {
        "fields_attributes[0][name]": "a", "fields_attributes[0][value]": "1", "fields_attributes[1][name]": "b",
        "fields_attributes[1][value]": "2", "source[privacy]": "private", "source[language]": "de",
        "source[sensitive]": "on",
    }  # fmt: skip
    both = [("a", "1"), ("b", "2")]
    assert change(data=rails) == (both, "private", "de")
    assert change(data=rails | {"source[privacy]": "public"}, files={"x": b"y"}) == (both, "public", "de")
    numbered = {"fields_attributes": {"0": {"name": "c", "value": 3, "_destroy": False}}, "source": {"language": ""}}
    assert change(json=numbered) == ([("c", "3")], "public", "")
    assert change(json={"fields_attributes": [{"name": "d", "value": "4"}]}) == ([("d", "4")], "public", "")
    rows = "fields_attributes[][name]=e&fields_attributes[][value]=5&fields_attributes[][name]=f"
    assert change(content=rows, headers=FORM) == ([("e", "5"), ("f", "")], "public", "")
    assert change(json={"display_name": None, "unknown": 1})[0] == [("e", "5"), ("f", "")]


WRONG = [
    ({"json": {"status": 5}}, 400, "status: expected text"),
    ({"json": {"status": "x", "sensitive": "maybe"}}, 400, "sensitive: expected true or false"),
    ({"json": {"status": "x", "media_ids": "1"}}, 400, "media_ids: expected a list"),
    ({"json": {"status": "x", "media_ids": [[]]}}, 400, "media_ids[0]: expected a whole number or text"),
    ({"json": {"status": "x", "media_ids": ["abc"]}}, 422, "'abc'"),
    ({"json": {"status": "x", "media_ids": [10**30]}}, 422, "no photo"),
    ({"json": {"status": "x", "visibility": "secret"}}, 422, "expected public, unlisted, private or direct"),
    ({"json": {"status": "x", "language": "<b>"}}, 422, "expected an ISO 639 code"),
    ({"json": {"status": "x" * 2001}}, 422, "limit of 2000"),
    ({"json": {"status": " \n\t "}}, 422, "can't be blank"),
    ({"json": {"status": "a\0b"}}, 422, "null character"),
    ({"json": {"status": "x"}, "headers": {"Idempotency-Key": "k" * 256}}, 400, "at most 255"),
    ({"content": b"[]", "headers": JSON}, 400, "not a JSON object"),
    ({"content": b'{"status":', "headers": JSON}, 400, "not a JSON object"),
    ({"content": b'{"status": "\\ud800"}', "headers": JSON}, 400, "not a JSON object"),
    ({"content": b'{"a": ' + b"[" * 9000 + b"]" * 9000 + b"}", "headers": JSON}, 400, "nested too deeply"),
    ({"content": "a" + "[b]" * 9000 + "=x&status=y", "headers": FORM}, 400, "nested too deeply"),
    ({"content": "a[]=1&a[b]=2&status=y", "headers": FORM}, 400, "contradicts"),
    ({"content": b"status=\xe9", "headers": FORM}, 400, "not UTF-8"),
    ({"content": "&".join(f"k{n}=1" for n in range(500)), "headers": FORM}, 400, "too many fields"),
    ({"content": b"<status/>", "headers": {"Content-Type": "text/xml"}}, 400, "expected JSON, a form or multipart"),
    ({"content": b"status=" + b"x" * 1_100_000, "headers": FORM}, 413, "1048576 bytes"),
    ({"data": {"status": "x" * 1_100_000}, "files": {"x": b"y"}}, 413, "1048576 bytes"),
    ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400, "multipart/form-data"),
    ({"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=B"}}, 400, "multipart/form-data"),
]


@pytest.mark.parametrize(("body", "status", "sentence"), WRONG, ids=[sentence[:40] for *_, sentence in WRONG])
def test_wrong_bodies(ada, body, status, sentence):
    answer = ada.post(STATUSES, **body)
    assert answer.status_code == status, answer.text
    assert sentence in answer.json()["error"]
    assert answer.json()["error_description"]
    assert not ada.site.scratch()


@pytest.mark.parametrize(
    ("values", "status", "sentence"),
    [
        ({"display_name": "x" * 31}, 422, "Display name is too long (maximum is 30"),
        ({"note": "x" * 501}, 422, "too long (maximum is 500"),
        ({"fields_attributes": [{"name": "n", "value": "v"}] * 5}, 422, "maximum is 4"),
        ({"fields_attributes": "x"}, 400, "fields_attributes: expected an object or a list"),
        ({"source": "x"}, 400, "source: expected an object"),
        ({"source": {"privacy": "direct"}}, 422, "not included in the list"),
        ({"source": {"language": "no language"}}, 422, "expected an ISO 639 code"),
        ({"avatar": "data:image/png;base64,AAAA"}, 400, "avatar: expected a file"),
        ({"locked": "perhaps"}, 400, "locked"),
        ({"indexable": True}, 422, "indexable is not supported"),
        ({"avatar_description": "me"}, 422, "avatar_description is not supported"),
    ],
)
def test_wrong_profiles(ada, values, status, sentence):
    before = ada.get("/api/v1/accounts/verify_credentials").json()
    answer = ada.ask("PATCH", PROFILE, json=values)
    assert answer.status_code == status, answer.text
    assert sentence in answer.json()["error"]
    assert ada.get("/api/v1/accounts/verify_credentials").json() == before


def test_a_refused_profile_leaves_no_picture(stranger):
    site = stranger.site
    site.settled()
    before = site.stored()
    files = {"avatar": ("a.jpg", jpeg()), "header": ("h.jpg", b"no picture")}
    assert stranger.ask("PATCH", PROFILE, files=files).status_code == 422
    answer = stranger.ask("PATCH", PROFILE, files={"avatar": ("a.jpg", jpeg())}, data={"note": "x" * 501})
    assert answer.status_code == 422
    site.settled()
    until(lambda: site.stored() == before)
    assert not site.scratch()


@pytest.mark.parametrize(
    "text", ["Ω≈ç√ 👩‍👩‍👧‍👦", "\u202eright to left\u202c", "مرحبا بالعالم", "a\u0301\u0301\u0301", "x" * 2000, "&<>\"'"]
)
def test_any_text_comes_back_as_it_was(ada, text):
    made = ada.publish(text)
    deleted = ada.ask("DELETE", f"{STATUSES}/{made['id']}").json()
    assert deleted["text"] == text
    assert "<script" not in made["content"]


@pytest.mark.parametrize(
    ("query", "shown"),
    [("limit=0", 20), ("limit=-1", 1), ("limit=3", 3), ("limit=9999", 40), (f"limit={10**40}", 40), ("max_id=", 20)],
)
def test_limits(site, query, shown, many):
    assert len(site.anyone.get(f"/api/v1/accounts/{many}/statuses?{query}").json()) == shown


@pytest.fixture(scope="module")
def many(site):
    """Somebody with 41 posts."""
    prolific = site.person()
    for n in range(41):
        prolific.publish(f"No. {n}")
    return prolific.id


@pytest.mark.parametrize(
    "query", ["limit=abc", "limit=1.5", "max_id=abc", "min_id=-1", f"since_id={10**19}", "max_id=1%00", "only_media=x"]
)
def test_queries_that_make_no_sense(site, query):
    answer = site.anyone.get(f"/api/v1/timelines/public?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["error"]
    assert "xpected" in answer.json()["error"]


@pytest.mark.parametrize("ident", ["abc", "-1", "0", "%00", "1e3", "1" * 400, str(2**63), "١٢٣", "%2e%2e%2f"])
def test_ids_that_are_none(site, ada, ident):
    for path in (f"accounts/{ident}", f"accounts/{ident}/statuses", f"statuses/{ident}", f"statuses/{ident}/context"):
        answer = site.anyone.get(f"/api/v1/{path}")
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/json"
    assert ada.post(f"/api/v1/accounts/{ident}/follow").status_code in (404, 405)
    assert ada.get("/api/v1/accounts/relationships", params={"id[]": [ident, str(ada.id)]}).json()[0]["id"] == str(
        ada.id
    )
    assert len(ada.get("/api/v1/accounts", params={"id[]": [ident, str(ada.id)]}).json()) == 1
    assert ada.get("/api/v1/accounts/lookup", params={"acct": ident}).status_code == 404


def test_a_null_character_in_a_query(ada):
    answer = ada.get(f"/api/v1/accounts/{ada.id}/statuses", params={"tagged": "\0"})
    assert (answer.status_code, "null character" in answer.json()["error"]) == (400, True)


def raw(site, data: bytes) -> bytes:
    """Send `data`, close this side, read what comes."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionResetError:
            pass
        return received


def head(ada, path: str, length: int, kind: str) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {ada.token}", f"Content-Type: {kind}",
        f"Content-Length: {length}", "", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def test_half_a_request_leaves_nothing(ada):
    site = ada.site
    site.settled()
    stored, count = site.stored(), ada.get("/api/v1/accounts/verify_credentials").json()["statuses_count"]
    multipart = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + jpeg(400, 400)
    raw(site, head(ada, "/api/v2/media", 100_000, "multipart/form-data; boundary=B") + multipart)
    raw(site, head(ada, STATUSES, 100, "application/json") + b'{"status": "half"}')
    raw(site, head(ada, STATUSES, 100, "application/x-www-form-urlencoded") + b"status=half")
    until(lambda: not site.scratch())
    assert site.stored() == stored
    assert ada.get("/api/v1/accounts/verify_credentials").json()["statuses_count"] == count
    complete = b'--B\r\nContent-Disposition: form-data; name="status"\r\n\r\nhalf'
    kind = {"Content-Type": "multipart/form-data; boundary=B"}
    assert ada.post(STATUSES, content=complete, headers=kind).status_code == 400


def test_the_same_key_makes_one_post(ada, grace):
    key = {"Idempotency-Key": "a key of ours"}
    first = ada.post(STATUSES, json={"status": "Once"}, headers=key).json()
    again = ada.post(STATUSES, json={"status": "Something else"}, headers=key).json()
    assert (again["id"], again["content"]) == (first["id"], "<p>Once</p>")
    hers = grace.post(STATUSES, json={"status": "Hers"}, headers=key).json()
    assert hers["content"] == "<p>Hers</p>"


def test_the_same_key_at_once_makes_one_post(stranger):
    photo = stranger.photo()["id"]

    def publish(_):
        body = {"status": "At once", "media_ids": [photo]}
        return stranger.post(STATUSES, json=body, headers={"Idempotency-Key": "now"})

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(publish, range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(stranger.get(f"/api/v1/accounts/{stranger.id}/statuses").json()) == 1


def test_everything_at_once_counts_right(ada, stranger):
    post = ada.publish("Like me a lot")["id"]
    for change, likes in (("favourite", 1), ("unfavourite", 0)):
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda _, way=change: stranger.post(f"{STATUSES}/{post}/{way}"), range(6)))
        stranger.site.settled()
        assert ada.get(f"{STATUSES}/{post}").json()["favourites_count"] == likes


@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/xml", "application/json;q=0.1", "nonsense", ""])
def test_the_api_speaks_json_whatever_is_accepted(site, accept):
    for path, status in (("/api/v1/instance", 200), ("/api/v1/nothing", 404)):
        answer = site.anyone.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")


def test_head_says_what_get_says(site, ada):
    for path in ("/api/v1/instance", f"/api/v1/accounts/{ada.id}", "/api/v1/nothing", "/", "/docs"):
        got, headed = site.anyone.get(path), site.anyone.ask("HEAD", path)
        assert (headed.status_code, headed.content) == (got.status_code, b""), path
        assert headed.headers["content-type"] == got.headers["content-type"]
        assert headed.headers["content-length"] == got.headers["content-length"]


def test_cors(site, ada):
    origin = {"Origin": "https://elk.example"}
    asked = origin | {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }
    for path in (PROFILE, "/oauth/token", "/api/v1/nothing", "/media/x"):
        preflight = site.anyone.ask("OPTIONS", path, headers=asked)
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == "*"
        assert "PATCH" in preflight.headers["access-control-allow-methods"]
        allowed = preflight.headers["access-control-allow-headers"].lower()
        assert all(name in allowed for name in ("authorization", "content-type", "idempotency-key"))
    for path in (f"/api/v1/accounts/{ada.id}/statuses", "/api/v1/nothing", "/api/v1/timelines/home", "/media/x"):
        answer = site.anyone.get(path, headers=origin)
        assert answer.headers["access-control-allow-origin"] == "*", path
        assert "Link" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers
    for path in ("/", "/auth/sign_in", "/settings/profile"):
        assert "access-control-allow-origin" not in site.anyone.get(path, headers=origin).headers


def test_trailing_slash(site):
    assert site.anyone.get("/api/v1/instance/").json() == site.anyone.get("/api/v1/instance").json()
    assert site.anyone.get("/api/v1/nothing/").json()["error"] == "Record not found"


def test_link_keeps_the_other_parameters(site, many):
    answer = site.anyone.get(f"/api/v1/accounts/{many}/statuses?limit=5&tagged=&max_id={2**62}&since_id=1")
    ids = [each["id"] for each in answer.json()]
    assert answer.links["next"]["url"].startswith(f"{site.url}/api/v1/accounts/{many}/statuses?")
    assert "limit=5" in answer.links["next"]["url"]
    assert f"max_id={ids[-1]}" in answer.links["next"]["url"]
    assert f"min_id={ids[0]}" in answer.links["prev"]["url"]
    assert "since_id" not in answer.headers["link"]


@pytest.mark.parametrize("header", ["", "Bearer", "Basic eDp5", "Bearer a.b", "Bearer 1.é", "token x"])
def test_tokens_that_are_none(site, header):
    for path in ("/api/v1/timelines/home", "/api/v1/timelines/public"):
        answer = site.anyone.get(path, headers={"Authorization": header.encode()})
        assert answer.status_code == 401
        assert answer.json()["error"] == "The access token is invalid"


def test_slow_bodies_hold_up_nobody(ada):
    body = b'{"status": "slowly"}'
    with socket.create_connection(("127.0.0.1", ada.site.port), timeout=10) as connection:
        connection.sendall(head(ada, STATUSES, len(body), "application/json"))
        for n in range(0, len(body), 5):
            connection.sendall(body[n : n + 5])
            started = time.monotonic()
            assert ada.get("/api/v1/instance").status_code == 200
            assert time.monotonic() - started < 5
        assert b"200 OK" in connection.recv(65536)
