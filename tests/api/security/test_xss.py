"""Whatever people write, wherever it is shown: it stays text."""

import json
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import httpx
import pytest
from living_site import Site, jpeg
from security_parsing import active_in_page, active_in_words

from security_corpus import ALERT, CORPUS, FILES, KEPT, RECKONED


class Shown:
    """Somebody who writes, and a browser that is logged in as somebody who reads."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.author, self.reader = site.person(), site.person()
        self.photo = self.author.photo()
        cookie = site.run(site.product.sessions.start(self.reader.id, "x"))
        self.browser = httpx.Client(base_url=site.url, cookies={"heliograph_session": cookie}, timeout=30)
        self.own = httpx.Client(base_url=site.url, timeout=30)
        self.own.cookies.set("heliograph_session", site.run(site.product.sessions.start(self.author.id, CORPUS[4])))

    def page(self, path: str, client: httpx.Client | None = None, status: int = 200, **query: str) -> str:
        answer = (client or self.browser).get(path, params=query or None)
        assert answer.status_code == status, (path, answer.status_code)
        assert answer.headers["content-type"].startswith("text/html"), path
        assert active_in_page(answer.text) == [], path
        assert RECKONED not in answer.text, path
        return answer.text


@pytest.fixture(scope="module")
def shown(site: Site) -> Iterator[Shown]:
    made = Shown(site)
    yield made
    made.browser.close()
    made.own.close()


def html_of(value: dict) -> list[str]:
    """What clients show as HTML; the `source` of an account and a private note are text for a form."""
    found = [value["content"]] if isinstance(value.get("content"), str) else []
    if "acct" in value and "note" in value:
        found += [value["note"], *(field["value"] for field in value["fields"])]
    return found


def check_entity(value: object) -> None:
    """Every word of an entity that clients show as HTML is only words; nothing was reckoned."""
    if isinstance(value, dict):
        for markup in html_of(value):
            assert active_in_words(markup) == []
        for name, inner in value.items():
            if isinstance(inner, str) and name in ("url", "uri", "avatar", "header", "preview_url", "remote_url"):
                assert inner.startswith(("http://127.0.0.1:", "https://")), (name, inner)
            check_entity(inner)
    elif isinstance(value, list):
        for inner in value:
            check_entity(inner)
    elif isinstance(value, str):
        assert RECKONED not in value


def entity(answer: httpx.Response) -> dict:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-content-type-options"] == "nosniff"
    check_entity(answer.json())
    return answer.json()


def test_the_check_finds_what_it_looks_for():
    missed = [each for each in CORPUS[:22] if not active_in_page(f"<html><head><title>x</title><p>{each}</p>")]
    assert missed == []
    for each in (
        f'<a href="java\tscript:{ALERT}">x</a>',
        '<p class="x" id="y">',
        '<a href="https://x" target="_blank">',
    ):
        assert active_in_words(each)


@pytest.mark.parametrize("payload", KEPT)
def test_in_a_profile_and_a_post(shown: Shown, payload: str):
    author, name = shown.author, shown.author.name
    fields = [{"name": payload, "value": payload}, {"name": "Site", "value": payload}]
    profile = {"display_name": payload[:30], "note": payload, "fields_attributes": fields}
    entity(author.ask("PATCH", "/api/v1/accounts/update_credentials", json=profile))
    media = shown.photo["id"]
    entity(author.ask("PUT", f"/api/v1/media/{media}", json={"description": payload}))
    post = author.publish(payload, **({} if shown.photo.get("used") else {"media_ids": [media]}))
    check_entity(post)
    shown.photo.setdefault("used", post["id"])
    warned = author.publish(f"{payload} #flash", spoiler_text=payload)
    reply = author.publish(payload, in_reply_to_id=post["id"])
    with_photo = shown.photo["used"]
    entity(shown.reader.get(f"/api/v1/accounts/{author.id}"))
    entity(shown.reader.get(f"/api/v1/statuses/{with_photo}"))
    entity(shown.reader.get(f"/api/v1/statuses/{post['id']}/context"))
    for path in (
        f"/@{name}",
        f"/@{name}/with_replies",
        f"/@{name}/{post['id']}",
        f"/@{name}/{with_photo}",
        f"/@{name}/{warned['id']}",
        f"/@{name}/{reply['id']}",
        f"/@{name}/{post['id']}/embed",
        f"/@{name}/{warned['id']}/embed",
        "/tags/flash",
    ):
        shown.page(path)
    for path in ("/settings/profile", f"/p/{post['id']}/edit", "/"):
        shown.page(path, shown.own)
    for path in (f"/@{name}", "/tags/flash"):
        check_feeds(shown, path)


def check_feeds(shown: Shown, path: str) -> None:
    for kind, html in ((".rss", "description"), (".atom", "{http://www.w3.org/2005/Atom}content")):
        answer = shown.site.http.get(path + kind)
        root = ET.fromstring(answer.content)
        entries = [*root.iter("item"), *root.iter("{http://www.w3.org/2005/Atom}entry")]
        assert entries
        for found in [each for entry in entries for each in entry.iter(html)]:
            # Photos are there beside the words.
            assert [each for each in active_in_page(f"<i><b><p></p></b></i>{found.text}") if "<img" not in each] == []
        for each in root.iter():
            for name, value in each.attrib.items():
                assert name not in ("href", "url") or value.startswith(("http://127.0.0.1:", "https://")), value


@pytest.mark.parametrize("payload", CORPUS)
def test_in_what_is_asked_for(shown: Shown, payload: str):
    """Search, names, numbers of pages, addresses: what a page repeats of its own address."""
    site = shown.site
    sent = payload.replace("\0", "")
    shown.page("/search", q=payload[:500])
    shown.page("/search", q=payload[:500], type="accounts", offset=payload)
    shown.page("/auth/sign_in", site.http, next=payload)
    shown.page("/auth/sign_up", site.http, next=payload)
    shown.page("/auth/confirm", site.http, token=payload)
    for path, query in (
        (f"/@{shown.author.name}", {"max_id": payload}),
        ("/auth/password/reset", {"token": payload}),
        ("/oauth/authorize", {"client_id": payload, "redirect_uri": payload, "response_type": "code"}),
    ):
        answer = site.http.get(path, params=query)
        assert answer.status_code in (200, 400, 401, 404, 422), path
        assert active_in_page(answer.text) == []
    for path in ("/tags/{}", "/@{}", "/p/{}", "/@x/{}", "/nothing/{}/here", "/static/{}", "/media/{}"):
        answer = shown.browser.get(path.format(quoted(sent)))
        assert answer.status_code < 500
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert active_in_page(answer.text) == [], path
        else:
            assert not answer.content or "json" in answer.headers["content-type"], path
    for path, name in (("/api/v2/search", "q"), ("/api/v1/accounts/lookup", "acct"), ("/api/oembed", "url")):
        answer = shown.reader.get(path, params={name: payload[:500]})
        assert answer.status_code < 500
        assert answer.headers["content-type"].startswith("application/json"), "browsers show it as what it is"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert site.http.get("/.well-known/webfinger", params={"resource": payload}).status_code in (400, 404)


def quoted(text: str) -> str:
    return httpx.URL("http://x/", params={"x": text}).query.decode()[2:].replace("+", "%20").replace("/", "%2F")


@pytest.mark.parametrize("payload", CORPUS)
def test_in_what_a_form_refuses(shown: Shown, payload: str):
    """A form comes back with what was typed."""
    page = shown.site.http.get("/auth/sign_up")
    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    cookie = {"Cookie": f"heliograph_visit={shown.site.http.cookies.get('heliograph_visit')}"}
    form = {"csrf_token": token, "username": payload, "email": payload, "reason": payload, "next": payload}
    answer = shown.site.http.post("/auth/sign_up", data=form, headers=cookie)
    assert answer.status_code == 422
    assert active_in_page(answer.text) == []
    answer = shown.site.http.post(
        "/auth/sign_in", data={"csrf_token": token, "name": payload, "next": payload}, headers=cookie
    )
    assert answer.status_code == 401
    assert active_in_page(answer.text) == []


@pytest.mark.parametrize("payload", CORPUS)
def test_in_an_app(shown: Shown, payload: str):
    """An app's name is text; an address of it that runs something is refused; what is not refused stands whole in one attribute."""
    http = shown.site.http
    named = http.post("/api/v1/apps", json={"client_name": payload[:60], "redirect_uris": "app://x"})
    assert named.status_code == 200
    for field in ("website", "redirect_uris"):
        values = {"client_name": "x", "redirect_uris": "app://x"} | {field: payload}
        answer = http.post("/api/v1/apps", json=values)
        assert answer.status_code in (200, 422)
        if answer.status_code == 200 and field == "website":
            assert payload.startswith("http")
    wish = {
        "client_id": named.json()["client_id"],
        "redirect_uri": "app://x",
        "response_type": "code",
        "state": payload,
    }
    shown.page("/oauth/authorize", **wish)
    shown.site.run(shown.site.product.tokens.issue(shown.reader.id, int(named.json()["id"]), ("read",)))
    shown.page("/auth/apps")
    shown.site.run(shown.site.product.connected.end(shown.reader.id, int(named.json()["id"])))


def test_in_notes_sessions_and_notifications(shown: Shown):
    author, reader = shown.author, shown.reader
    for payload in KEPT:
        entity(reader.post(f"/api/v1/accounts/{author.id}/note", json={"comment": payload[:2000]}))
        shown.page(f"/@{author.name}")
    post = author.publish(f"{CORPUS[4]} @{reader.name} {CORPUS[0]}")
    reader.post(f"/api/v1/statuses/{post['id']}/favourite")
    for payload in CORPUS[:12]:
        entity(author.ask("PUT", f"/api/v1/statuses/{post['id']}", json={"status": f"@{reader.name} {payload}"}))
    direct = author.publish(f"@{reader.name} {CORPUS[4]}", visibility="direct")
    shown.site.settled()
    for path in ("/notifications", "/conversations", f"/p/{post['id']}/history", f"/@{author.name}/{direct['id']}"):
        shown.page(path)
    assert "&lt;img" in shown.page("/auth/sessions", shown.own), "the browser's name is shown"
    for path in ("/api/v1/notifications", "/api/v1/conversations", f"/api/v1/statuses/{post['id']}/history"):
        answer = reader.get(path)
        check_entity(answer.json())
        assert answer.json()


@pytest.mark.parametrize(("name", "data"), FILES)
def test_in_a_file(shown: Shown, name: str, data: bytes):
    """What is no photo is no photo, whatever it is called; and no name of a file is ever used."""
    answer = shown.author.upload(data, name)
    if answer.status_code == 202:
        failed = shown.author.get(f"/api/v1/media/{answer.json()['id']}")
        while failed.status_code == 206:
            failed = shown.author.get(f"/api/v1/media/{answer.json()['id']}")
        assert failed.status_code == 422
    else:
        assert answer.status_code == 422
    assert "75316429" not in answer.text


def test_in_the_name_of_a_file(shown: Shown):
    for payload in [*CORPUS, "../../../etc/passwd", "..\\..\\x", "/dev/null", "x\0.jpg", "con", "a" * 5000 + ".jpg"]:
        before = set(shown.site.stored())
        name = payload.replace("\r", "").replace("\n", "")
        answer = shown.author.upload(jpeg(8, 8), name)
        assert answer.status_code in (202, 400, 413), name
        assert "75316429" not in json.dumps(answer.json())
        if answer.status_code == 202 and payload in CORPUS[:3]:
            made = shown.author.ready(answer.json()["id"])
            check_entity(made)
            # What is still being uploaded has another place.
            shown.site.settled()
            assert all(each.startswith("media/") for each in set(shown.site.stored()) - before)


def test_a_photo_with_a_script_in_it_is_a_photo_without_one(shown: Shown):
    """What is kept is made anew from the pixels; it is served as what it is, in a sandbox."""
    made = shown.author.photo(jpeg() + f"<script>{ALERT}</script>".encode())
    for address in (made["url"], made["preview_url"]):
        answer = httpx.get(address)
        assert b"script" not in answer.content
        assert answer.headers["content-type"] in ("image/webp", "image/jpeg")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]


def test_a_null_character_is_refused_wherever_it_would_be_kept(shown: Shown):
    author, payload = shown.author, "<scr\0ipt>"
    for answer in (
        author.post("/api/v1/statuses", json={"status": payload}),
        author.post("/api/v1/statuses", json={"status": "x", "spoiler_text": payload}),
        author.ask("PUT", f"/api/v1/media/{shown.photo['id']}", json={"description": payload}),
        author.post(f"/api/v1/accounts/{shown.reader.id}/note", json={"comment": payload}),
    ):
        assert answer.status_code in (400, 422)
        assert "null character" in answer.json()["error"]
    profile = author.ask(
        "PATCH", "/api/v1/accounts/update_credentials", json={"display_name": payload, "note": payload}
    )
    assert profile.json()["display_name"] == "<script>", "taken out, and text all the same"
    assert active_in_words(profile.json()["note"]) == []


def test_a_header_is_one_line(shown: Shown):
    for path in ("/auth/sign_in?next=/%0d%0aSet-Cookie:%20planted=1", "/%0d%0aSet-Cookie:%20planted=1"):
        answer = shown.browser.get(path)
        assert "planted" not in answer.headers.get("set-cookie", "")
        assert "\n" not in answer.headers.get("location", "")
