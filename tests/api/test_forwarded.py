"""Behind a proxy that is trusted, and without a public address in the settings: every address is the one that was asked for.

Other people's words about where they are count for nothing.
"""

import re
import socket

import pytest
from living_site import Person

TRUSTED = "127.0.0.1"
SETTINGS = {"public_url": "", "trusted_proxies": f"{TRUSTED}, unix"}
PUBLIC = "https://photos.example"
PROXIED = {"X-Forwarded-For": "203.0.113.5", "X-Forwarded-Host": "photos.example", "X-Forwarded-Proto": "https"}


def proxied(person: Person, path: str, method: str = "GET", **options):
    headers = PROXIED | options.pop("headers", {})
    return person.ask(method, path, headers=headers, **options)


@pytest.fixture(scope="module")
def post(site, ada, grace):
    """A post with everything that has an address: a photo, a hashtag, a mention, a link."""
    return ada.publish(f"#light for @{grace.name} by {site.url}/public", media_ids=[ada.photo()["id"]])


def addresses(text: str) -> set[str]:
    """The origins of all addresses in `text`, but for those of schemas."""
    found = set(re.findall(r"(?:https?|wss?)://[A-Za-z0-9.:\[\]-]+", text))
    return {each for each in found if not each.endswith((".software", "w3.org", "ostatus.org", "webfinger.net"))}


ENTITIES = [
    "/api/v1/accounts/{ada}",
    "/api/v1/accounts/verify_credentials",
    "/api/v1/accounts/{ada}/statuses?limit=1",
    "/api/v1/accounts/{grace}/followers",
    "/api/v1/statuses/{post}",
    "/api/v1/statuses/{post}/favourited_by",
    "/api/v1/timelines/home",
    "/api/v1/timelines/public?limit=1",
    "/api/v1/instance",
    "/api/v2/instance",
    "/api/v2/search?q={post_url}",
    "/.well-known/nodeinfo",
    "/.well-known/oauth-authorization-server",
    "/oauth/userinfo",
    "/docs",
    "/docs/openapi.json",
    "/@{ada_name}",
    "/@{ada_name}/{post}",
]


@pytest.mark.parametrize("path", ENTITIES)
def test_every_address_is_the_one_that_was_asked_for(site, ada, grace, post, path):
    named = {"ada": ada.id, "ada_name": ada.name, "grace": grace.id, "post": post["id"]}
    own = ada.get(path.format(post_url=post["url"], **named))
    there = proxied(ada, path.format(post_url=f"{PUBLIC}/p/{post['id']}", **named))
    assert (own.status_code, there.status_code) == (200, 200)
    # Not the words of a link, which somebody wrote.
    here = f"://localhost:{site.port}"
    assert here not in there.text
    assert here not in str(there.headers)
    if here in own.text:
        assert addresses(there.text) & {PUBLIC, "wss://photos.example"}
    assert addresses(there.text) <= {PUBLIC, "wss://photos.example"}
    assert int(there.headers["content-length"]) == len(there.content)


def test_the_site_names_its_host(ada):
    assert proxied(ada, "/api/v2/instance").json()["domain"] == "photos.example"
    assert proxied(ada, "/api/v1/instance").json()["uri"] == "photos.example"
    assert proxied(ada, "/api/v1/instance").json()["urls"]["streaming_api"] == "wss://photos.example"


def test_a_photo_lies_there(ada, post):
    shown = proxied(ada, f"/api/v1/statuses/{post['id']}").json()
    assert shown["media_attachments"][0]["url"].startswith(f"{PUBLIC}/media/")
    assert shown["account"]["avatar"] == f"{PUBLIC}/static/avatar.png"
    assert f'href="{PUBLIC}/tags/light"' in shown["content"]
    assert f'href="{PUBLIC}/public"' in shown["content"]
    uploaded = proxied(ada, "/api/v2/media", "POST", files={"file": ("x.jpg", b"none")})
    assert uploaded.status_code == 422


def test_pages_lead_on_there(ada):
    for _ in range(2):
        ada.publish("More")
    answer = proxied(ada, f"/api/v1/accounts/{ada.id}/statuses?limit=1")
    assert answer.links["next"]["url"].startswith(f"{PUBLIC}/api/v1/accounts/{ada.id}/statuses?limit=1&max_id=")
    assert answer.links["prev"]["url"].startswith(f"{PUBLIC}/")


def test_what_is_cached_stays_the_sites_own(site, grace):
    """A miss that is filled for the proxy's visitor must not show their address to others."""
    fresh = site.person()
    made = proxied(fresh, "/api/v1/statuses", "POST", json={"status": "#filled"}).json()
    assert made["uri"].startswith(PUBLIC)
    assert made["account"]["url"] == f"{PUBLIC}/@{fresh.name}"
    direct = grace.get(f"/api/v1/statuses/{made['id']}")
    assert PUBLIC not in direct.text
    assert direct.json()["account"]["url"] == f"{site.url}/@{fresh.name}"
    assert proxied(grace, f"/api/v1/statuses/{made['id']}").json()["account"] == made["account"]


def test_tls_at_the_proxy_makes_private_cookies_and_hsts(site):
    site.http.cookies.clear()
    answer = proxied(site.anyone, "/auth/sign_in")
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]
    site.http.cookies.clear()
    plain = site.anyone.get("/auth/sign_in")
    assert "Secure" not in plain.headers["set-cookie"]
    assert "strict-transport-security" not in plain.headers


def test_a_log_in_by_tls(site, ada):
    site.http.cookies.clear()
    page = proxied(site.anyone, "/auth/sign_in")
    visit = page.headers["set-cookie"].split(";")[0]
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page.text)[1]
    form = {"csrf_token": token, "name": ada.name, "password": "correct horse battery", "next": "/public"}

    def log_in(origin: str):
        site.http.cookies.clear()
        return proxied(site.anyone, "/auth/sign_in", "POST", data=form, headers={"Origin": origin, "Cookie": visit})

    assert log_in("https://elsewhere.example").status_code == 403
    answer = log_in(PUBLIC)
    assert (answer.status_code, answer.headers["location"]) == (303, "/public")
    assert answer.headers["set-cookie"].startswith("__Host-heliograph_session=")
    site.http.cookies.clear()


def test_an_app_keeps_its_redirect_address(site):
    """A client at home on the site's own port, as far as its addresses go: no code may be sent elsewhere than it said."""
    callback = f"http://localhost:{site.port}/callback"
    made = proxied(site.anyone, "/api/v1/apps", "POST", json={"client_name": "x", "redirect_uris": callback}).json()
    assert made["redirect_uri"] == callback
    query = {"client_id": made["client_id"], "redirect_uri": callback, "response_type": "nonsense"}
    refused = proxied(site.anyone, "/oauth/authorize", params=query)
    assert refused.headers["location"].startswith(callback)


@pytest.mark.parametrize("host", ["a/b", 'x"><script>', "user@host", "a b", "", "x" * 300, "[::1", "photos.example:0"])
def test_what_is_no_host_is_passed_over(site, ada, host):
    answer = ada.get("/api/v2/instance", headers=PROXIED | {"X-Forwarded-Host": host, "Host": "no_host"})
    assert answer.json()["domain"] == f"localhost:{site.port}"


def raw(site, path: str, source: str, **headers: str) -> str:
    """The answer to a request that comes from `source`, an address of this machine."""
    lines = [f"GET {path} HTTP/1.1", "Host: x", "Connection: close", *(f"{name}: {headers[name]}" for name in headers)]
    with socket.create_connection(("127.0.0.1", site.port), timeout=10, source_address=(source, 0)) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received.decode()


@pytest.mark.parametrize("path", ENTITIES)
def test_others_are_not_believed(site, ada, grace, post, path):
    here = path.format(ada=ada.id, ada_name=ada.name, grace=grace.id, post=post["id"], post_url=post["url"])
    answer = raw(site, here, "127.0.0.2", Authorization=f"Bearer {ada.token}", **PROXIED)
    assert answer.startswith("HTTP/1.1 200")
    assert "photos.example" not in answer
    assert "strict-transport-security" not in answer
    believed = raw(site, here, TRUSTED, Authorization=f"Bearer {ada.token}", **PROXIED)
    assert "strict-transport-security" in believed
    assert f"://localhost:{site.port}" not in believed
