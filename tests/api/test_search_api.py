"""Search from outside: through Mastodon.py where that can ask, by hand where it cannot."""

import itertools
import re
from collections.abc import Iterator

import pytest
from living_site import PASSWORD, Person, Site, until
from mastodon import Mastodon

NOTHING = {"accounts": [], "statuses": [], "hashtags": []}
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def me(site: Site, ada: Person) -> Iterator[Mastodon]:
    made = Mastodon(access_token=ada.token, api_base_url=site.url)
    yield made
    made.session.close()


def renamed(person: Person, display_name: str) -> Person:
    answer = person.ask("PATCH", "/api/v1/accounts/update_credentials", json={"display_name": display_name})
    assert answer.status_code == 200, answer.text
    return person


def ids_of(found: list) -> list[str]:
    return [str(each["id"]) for each in found]


def test_by_mastodon_py(site, me, ada):
    exact = site.person(name="halina")
    longer = site.person(name="halinaland")
    shown = renamed(site.person(name="zofia"), "Hálina Żak")
    everybody = [str(each.id) for each in (exact, longer, shown)]
    assert ids_of(me.account_search("halina")) == everybody
    assert len(me.account_search("hali", limit=1)) == 1
    assert ids_of(me.search_v2("halina", result_type="accounts", offset=1).accounts) == everybody[1:]
    assert ids_of(me.search_v2("ŻAK hal").accounts) == [everybody[2]]
    ada.follow(shown)
    assert ids_of(me.account_search("halina", following=True)) == [everybody[2]]
    assert ids_of(me.account_search("halina")) == [everybody[0], everybody[2], everybody[1]]
    post = me.status_post("A word nobody else has: zwiebelturm")
    assert ids_of(me.search_v2("ZWIEBELTURM").statuses) == [post.id]
    assert ids_of(me.search_v2("zwiebelturm", account_id=str(ada.id)).statuses) == [post.id]
    assert me.search_v2("zwiebelturm", account_id=str(exact.id)).statuses == []
    assert me.search_v2("zwiebelturm", max_id=post.id).statuses == []
    assert ids_of(me.search_v2("zwiebelturm", min_id=int(post.id) - 1).statuses) == [post.id]
    assert site.anyone.get("/api/v2/search", params={"q": "zwiebelturm"}).json() == NOTHING


def test_somebody_who_has_just_come_is_found_at_once(site, ada):
    for _ in range(5):
        name = f"newcomer{next(_numbers)}"
        form = {"username": name, "password": PASSWORD, "agreement": True, "locale": "en"}
        asked = {"client_name": "A client", "redirect_uris": "app://x", "scopes": "read write"}
        app = site.http.post("/api/v1/apps", json=asked).json()
        grant = {
            "grant_type": "client_credentials",
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "scope": "read write",
        }
        token = site.http.post("/oauth/token", data=grant).json()["access_token"]
        made = Person(site, token=token).post("/api/v1/accounts", json=form)
        assert made.status_code == 200, made.text
        assert ada.get("/api/v2/search", params={"q": name}).json()["accounts"][0]["username"] == name
        assert ada.get("/api/v1/accounts/lookup", params={"acct": name}).json()["username"] == name


def test_a_post_that_was_just_written_is_found_at_once(ada, grace):
    post = ada.publish("Just now", visibility="unlisted")
    for address in (post["url"], f"{ada.site.url}/@{ada.name}/{post['id']}", f"{post['url']}?x=1"):
        found = grace.get("/api/v2/search", params={"q": address, "resolve": "true"}).json()
        assert ids_of(found["statuses"]) == [post["id"]], address
        assert found["accounts"] == found["hashtags"] == []
    by_author = {"q": post["url"], "account_id": str(grace.id)}
    assert grace.get("/api/v2/search", params=by_author).json()["statuses"] == []
    assert grace.get(f"/api/v1/statuses/{post['id']}").json()["id"] == post["id"]
    hidden = ada.publish("For one", visibility="direct")
    assert grace.get("/api/v2/search", params={"q": hidden["url"]}).json() == NOTHING
    assert ids_of(ada.get("/api/v2/search", params={"q": hidden["url"]}).json()["statuses"]) == [hidden["id"]]


def test_addresses_and_handles(site, ada, grace):
    domain = site.url.partition("://")[2]
    for words in (f"@{grace.name}@{domain}", f"{grace.name}@{domain.upper()}", f"{site.url}/@{grace.name}"):
        found = ada.get("/api/v2/search", params={"q": words}).json()
        assert ids_of(found["accounts"]) == [str(grace.id)], words
        assert ids_of(ada.get("/api/v1/accounts/search", params={"q": words}).json()) == [str(grace.id)]
    for words in (f"{grace.name}@elsewhere.example", f"https://elsewhere.example/@{grace.name}", f"{site.url}/about"):
        assert ada.get("/api/v2/search", params={"q": words}).json() == NOTHING, words


@pytest.mark.parametrize(
    "words", ["%", "_", "\\", "' OR 1=1 --", "\0", "\u202e", "🦩", "a\nb" * 5, "&|!():*<->", "((("]
)
def test_odd_words_are_words(site, ada, words):
    for path in ("/api/v2/search", "/api/v1/accounts/search", "/search"):
        assert ada.get(path, params={"q": words}).status_code == 200, (path, words)
    assert site.anyone.get("/api/v2/search", params={"q": words}).status_code == 200


def test_what_is_refused(site, ada):
    for path in ("/api/v2/search", "/api/v1/accounts/search"):
        long = ada.get(path, params={"q": "x" * 501})
        assert (long.status_code, long.json()["error"]) == (
            422,
            "Validation failed: The search is too long (maximum is 500 characters)",
        )
        assert ada.get(path, params={"q": "ж " * 250}).status_code == 200
        assert ada.get(path).status_code == 400
        assert ada.get(path, params={"q": "x", "limit": 10**9, "offset": 10**9, "type": "accounts"}).status_code == 200
        assert ada.get(path, params={"q": "x", "limit": -1, "offset": -1, "type": "hashtags"}).status_code == 200
    assert ada.get("/api/v2/search", params={"q": "x", "account_id": "y"}).status_code == 400
    turned = site.anyone.get("/api/v2/search", params={"q": "x", "type": "accounts", "offset": 1})
    assert (turned.status_code, turned.json()["error"]) == (
        401,
        "Search queries pagination is not supported without authentication",
    )
    assert site.anyone.get("/api/v1/accounts/search", params={"q": "x"}).status_code == 401


def test_only_what_is_asked_for(ada, grace):
    post = ada.publish(f"About {grace.name}")
    for kind, found in (("accounts", str(grace.id)), ("statuses", post["id"])):
        answer = ada.get("/api/v2/search", params={"q": grace.name, "type": kind, "exclude_unreviewed": "true"}).json()
        assert ids_of(answer.pop(kind))[0] == found
        assert list(answer.values()) == [[], []]
    assert ada.get("/api/v2/search", params={"q": grace.name, "type": "servers"}).json() == NOTHING
    ignored = ada.get("/api/v2/search", params={"q": grace.name, "offset": 1}).json()
    assert ids_of(ignored["accounts"])[0] == str(grace.id), "offset without type counts for nothing"


def test_a_page_and_its_api_agree(site, ada):
    for n in range(7):
        renamed(site.person(name=f"quentin{n}"), f"Quentin {n}")
    found = site.anyone.get("/api/v2/search", params={"q": "quentin"}).json()["accounts"]
    page = site.http.get("/search", params={"q": "quentin"}).text
    assert re.findall(r'class="person-name"><a href="/@(\w+)"', page) == [each["username"] for each in found][:5]
    assert "/search?q=quentin&amp;type=accounts" in page, "and on to the others"
    page = site.http.get("/search", params={"q": "quentin", "type": "accounts"}).text
    assert re.findall(r'class="person-name"><a href="/@(\w+)"', page) == [each["username"] for each in found]
    assert site.http.get("/search", params={"q": ada.publish("Paged")["url"]}).text.count('class="tile"') == 1
    odd = '"><script>alert(1)</script>'
    assert odd not in site.http.get("/search", params={"q": odd, "type": "accounts"}).text
    assert site.http.get("/search", params={"q": "x" * 501}).status_code == 422
    assert site.http.get("/search").status_code == 200


def test_hashtags(ada, site):
    ada.publish("#Murmuration over the pier")
    found = until(lambda: ada.get("/api/v2/search", params={"q": "#murmur"}).json()["hashtags"])
    assert [each["name"] for each in found] == ["murmuration"]
    assert (found[0]["history"][0]["uses"], len(found[0]["history"])) == ("1", 7)
    assert (found[0]["following"], found[0]["featuring"]) == (False, False)
    assert found[0]["url"] == f"{site.url}/tags/murmuration"
    anonymous = site.anyone.get("/api/v2/search", params={"q": found[0]["url"], "type": "hashtags"}).json()["hashtags"]
    assert [each["name"] for each in anonymous] == ["murmuration"]
    assert "following" not in anonymous[0]
    assert "#murmuration" in site.http.get("/search", params={"q": "murmur"}).text
