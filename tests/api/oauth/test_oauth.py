"""OAuth as the RFCs and Mastodon's documentation have it: apps, consent, tokens, refusals."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from heliograph.domain.accounts.codes import challenge_of

PASSWORD = "correct horse battery"
OOB = "urn:ietf:wg:oauth:2.0:oob"
CALLBACK = "https://app.example/cb?x=1"
VERIFIER = "abcdefghijklmnopqrstuvwxyz-0123456789-._~ABC"


def wish(client, **changes):
    asked = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": CALLBACK,
        "scope": "read",
        "state": "a b&c",
    }
    return str(httpx.URL("/oauth/authorize", params={k: v for k, v in (asked | changes).items() if v is not None}))


def answer_in(response):
    """What is told to the app in the redirect."""
    assert response.status_code == 303
    address = urlsplit(response.headers["location"])
    return {name: values[0] for name, values in parse_qs(address.query).items()}


async def allowed(browser, client, **changes):
    page = await browser.open(wish(client, **changes))
    assert page.status_code == 200, page.headers
    return await browser.submit(page, "/oauth/authorize", decision="allow")


@pytest.fixture
async def logged_in(browser, ada):  # noqa: ARG001 -- somebody to log in
    assert (await browser.log_in()).status_code == 303
    return browser


async def test_an_app_is_registered_as_mastodon_does_it(client):
    registered = client.registered
    assert registered["name"] == "Test <b>App</b>"
    assert registered["redirect_uris"] == [OOB, CALLBACK, "myapp://done"]
    assert registered["redirect_uri"] == "\n".join(registered["redirect_uris"])
    assert registered["scopes"] == ["read", "write", "push", "profile"]
    assert registered["client_secret_expires_at"] == 0
    assert int(registered["id"]) > 0


@pytest.mark.parametrize("how", ["data", "json"])
async def test_an_app_registers_with_a_form_too_and_reads_by_default(client, how):
    answer = await client.http.post("/api/v1/apps", **{how: {"client_name": "A", "redirect_uris": "a://b\nc://d"}})
    assert answer.status_code == 200
    assert answer.json()["scopes"] == ["read"]
    assert answer.json()["redirect_uris"] == ["a://b", "c://d"]
    assert answer.headers["cache-control"] == "no-store"


async def test_an_app_that_is_not_in_order_is_refused_in_mastodons_words(client):
    answer = await client.http.post("/api/v1/apps", data={"client_name": "A", "redirect_uris": "nowhere"})
    assert answer.status_code == 422
    assert answer.json()["error"] == "Validation failed: Redirect URI must be an absolute URI."
    assert (await client.http.post("/api/v1/apps")).status_code == 422


async def test_an_app_sees_itself_by_any_of_its_tokens(client, product, ada):
    headers = {"Authorization": f"Bearer {await client.own_token()}"}
    answer = await client.http.get("/api/v1/apps/verify_credentials", headers=headers)
    assert answer.json()["id"] == client.registered["id"]
    assert "client_secret" not in answer.json()
    assert (await client.http.get("/api/v1/apps/verify_credentials")).status_code == 401
    wrong = await client.http.get("/api/v1/apps/verify_credentials", headers={"Authorization": "Bearer 1.x"})
    assert wrong.json()["error"] == "The access token is invalid"
    users = (await product.tokens.issue(ada, int(client.registered["id"]), ("push",))).text
    answer = await client.http.get("/api/v1/apps/verify_credentials", headers={"Authorization": f"Bearer {users}"})
    assert answer.status_code == 200


async def test_a_person_logs_in_consents_and_the_app_gets_its_token(browser, client, ada, page_of):
    first = await browser.open(wish(client))
    assert first.status_code == 303
    page = await browser.open(first.headers["location"])
    done = await browser.submit(page, name="ada", password=PASSWORD)
    assert done.headers["location"] == wish(client).replace("%20", "+")
    page = await browser.open(done.headers["location"])
    assert "Test &lt;b&gt;App&lt;/b&gt;" in page.text
    assert "@ada" in page.text
    assert "app.example" in page.text
    assert page_of(page).inline == []
    assert page.headers["cache-control"] == "no-store"
    assert "form-action 'self' https://app.example;" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    done = await browser.submit(page, "/oauth/authorize", decision="allow")
    assert done.headers["location"].startswith(CALLBACK + "&code=")
    told = answer_in(done)
    assert told["state"] == "a b&c"
    answer = await client.token(grant_type="authorization_code", code=told["code"], redirect_uri=CALLBACK)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    token = answer.json()
    assert (token["token_type"], token["scope"]) == ("Bearer", "read")
    assert isinstance(token["created_at"], int)
    me = await client.http.get(
        "/api/v1/accounts/verify_credentials", headers={"Authorization": f"Bearer {token['access_token']}"}
    )
    assert me.json()["id"] == str(ada)


async def test_a_person_says_no(logged_in, client):
    page = await logged_in.open(wish(client))
    told = answer_in(await logged_in.submit(page, "/oauth/authorize", decision="deny"))
    assert told["error"] == "access_denied"
    assert told["state"] == "a b&c"
    page = await logged_in.open(wish(client, redirect_uri=OOB))
    assert "denied the request" in (await logged_in.submit(page, "/oauth/authorize", decision="")).text


async def test_a_phone_app_gets_its_own_scheme(logged_in, client):
    page = await logged_in.open(wish(client, redirect_uri="myapp://done", state=None))
    assert "form-action 'self' myapp:;" in page.headers["content-security-policy"]
    done = await logged_in.submit(page, "/oauth/authorize", decision="allow")
    assert done.headers["location"].startswith("myapp://done?code=")
    assert "state" not in done.headers["location"]


async def test_a_code_can_be_copied_by_hand(logged_in, client, page_of):
    done = await allowed(logged_in, client, redirect_uri=OOB)
    assert done.headers["cache-control"] == "no-store"
    code = page_of(done).values["code"]
    answer = await client.token(grant_type="authorization_code", code=code, redirect_uri=OOB)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "x" * 43},
        {"client_id": ""},
        {"client_id": "\0"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "https://app.example/cb"},
        {"redirect_uri": CALLBACK + "&y=2"},
        {"redirect_uri": None},
    ],
)
async def test_until_the_app_and_its_address_are_known_nobody_is_sent_anywhere(logged_in, client, changes):
    answer = await logged_in.open(wish(client, **changes))
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "text/html" in answer.headers["content-type"]
    page = await logged_in.open(wish(client))
    values = {name: value or "" for name, value in changes.items()}
    answer = await logged_in.submit(page, "/oauth/authorize", decision="allow", **values)
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": "read admin:read"}, "invalid_scope"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"code_challenge": challenge_of(VERIFIER), "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": challenge_of(VERIFIER)}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
    ],
)
async def test_a_known_app_is_told_what_is_wrong(logged_in, client, changes, code):
    told = answer_in(await logged_in.open(wish(client, **changes)))
    assert (told["error"], told["state"]) == (code, "a b&c")
    out_of_band = await logged_in.open(wish(client, redirect_uri=OOB, **changes))
    assert out_of_band.status_code == 400


async def test_consent_cannot_be_given_by_another_site(logged_in, client, page_of):
    page = await logged_in.open(wish(client))
    action, given = page_of(page).forms[-1]
    for headers, values in (
        ({"Origin": "https://evil.example"}, given),
        ({"Sec-Fetch-Site": "cross-site"}, given),
        ({}, given | {"csrf_token": "x"}),
    ):
        answer = await logged_in.http.post(action, data=values | {"decision": "allow"}, headers=headers)
        assert answer.status_code == 403
        assert "location" not in answer.headers


async def test_force_login_asks_for_the_password_again_and_then_goes_on(logged_in, client):
    first = await logged_in.open(wish(client, force_login="true"))
    assert first.headers["location"].startswith("/auth/sign_in?again=1&next=")
    page = await logged_in.open(first.headers["location"])
    assert page.status_code == 200
    done = await logged_in.submit(page, name="ada", password=PASSWORD)
    assert (await logged_in.open(done.headers["location"])).status_code == 200


async def test_pkce_binds_the_code_to_who_asked_for_it(logged_in, client):
    asked = {"code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256"}
    code = answer_in(await allowed(logged_in, client, **asked))["code"]
    trade = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    for wrong in ({}, {"code_verifier": "w" * 43}, {"code_verifier": ""}):
        answer = await client.token(**trade, **wrong)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert (await client.token(**trade, code_verifier=VERIFIER)).status_code == 200


async def test_a_code_used_twice_costs_the_token(logged_in, client):
    code = answer_in(await allowed(logged_in, client))["code"]
    trade = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    answers = await asyncio.gather(client.token(**trade), client.token(**trade))
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    token = next(answer for answer in answers if answer.status_code == 200).json()["access_token"]
    answer = await client.http.get("/api/v1/apps/verify_credentials", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


async def test_clients_that_do_not_prove_themselves(client):
    for changes in ({"client_secret": "wrong"}, {"client_id": "unknown"}, {"client_secret": ""}, {"client_id": "\0"}):
        answer = await client.token(grant_type="client_credentials", **changes)
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_client"
        assert answer.headers["cache-control"] == "no-store"
        assert "www-authenticate" not in answer.headers


async def test_a_client_may_prove_itself_in_the_header(client):
    good, grant = httpx.BasicAuth(client.id, client.secret), {"grant_type": "client_credentials"}
    assert (await client.http.post("/oauth/token", data=grant, auth=good)).status_code == 200
    for auth in (httpx.BasicAuth(client.id, "x"), httpx.BasicAuth("", "")):
        answer = await client.http.post("/oauth/token", data=grant, auth=auth)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")
    garbage = await client.http.post("/oauth/token", data=grant, headers={"Authorization": "Basic %%%"})
    assert garbage.json()["error"] == "invalid_client"
    mixed = await client.http.post("/oauth/token", data=grant | {"client_id": "another"}, auth=good)
    assert mixed.json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "admin:read"}, "invalid_scope"),
        ({"grant_type": "client_credentials", "scope": "nonsense"}, "invalid_scope"),
        ({"grant_type": "authorization_code"}, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "1.x", "redirect_uri": OOB}, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "\0", "redirect_uri": "\0"}, "invalid_grant"),
        ({"grant_type": "password", "username": "ada", "password": "wrong"}, "invalid_grant"),
        ({"grant_type": "password", "username": "nobody", "password": "\ud7ff\0"}, "invalid_grant"),
    ],
)
async def test_refusals_have_the_form_of_the_rfc(client, values, code):
    answer = await client.token(**values)
    assert answer.status_code == 400
    assert answer.json()["error"] == code
    assert answer.json()["error_description"]
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_body_may_be_json(client):
    body = {"client_id": client.id, "client_secret": client.secret, "grant_type": "client_credentials"}
    assert (await client.http.post("/oauth/token", json=body)).json()["scope"] == "read"
    broken = await client.http.post("/oauth/token", content=b"{", headers={"Content-Type": "application/json"})
    assert broken.status_code == 400


async def test_an_app_alone_cannot_act_as_a_person(client):
    headers = {"Authorization": f"Bearer {await client.own_token()}"}
    answer = await client.http.get("/api/v1/accounts/verify_credentials", headers=headers)
    assert answer.status_code == 422
    assert answer.json()["error"] == "This method requires an authenticated user"


async def test_a_token_is_revoked_by_its_own_app_alone(client, product, ada):
    token = (await product.tokens.issue(ada, int(client.registered["id"]), ("read", "profile"))).text
    who = {"client_id": client.id, "client_secret": client.secret}
    other, secret = await product.apps.register("Other", [OOB])
    foreign = {"client_id": other.client_id, "client_secret": secret, "token": token}
    answer = await client.http.post("/oauth/revoke", data=foreign)
    assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized_client")
    assert (await client.http.post("/oauth/revoke", data=who)).status_code == 403
    assert (
        await client.http.post("/oauth/revoke", data=who | {"client_secret": "x", "token": token})
    ).status_code == 401
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.http.get("/oauth/userinfo", headers=headers)).status_code == 200
    for _ in range(2):
        answer = await client.http.post("/oauth/revoke", data=who | {"token": token})
        assert (answer.status_code, answer.json()) == (200, {})
    assert (await client.http.get("/oauth/userinfo", headers=headers)).status_code == 401


async def test_userinfo_wants_the_scope_profile(client, product, ada, live):
    app_id = int(client.registered["id"])
    token = (await product.tokens.issue(ada, app_id, ("profile",))).text
    for method in ("GET", "POST"):
        answer = await client.http.request(method, "/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
        assert answer.json()["preferred_username"] == "ada"
        assert answer.json()["iss"] == f"{live}/"
    token = (await product.tokens.issue(ada, app_id, ("read",))).text
    answer = await client.http.get("/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]) == (403, "This action is outside the authorized scopes")


async def test_the_server_says_what_it_can(client, live):
    answer = (await client.http.get("/.well-known/oauth-authorization-server")).json()
    assert answer["issuer"] == f"{live}/"
    assert answer["code_challenge_methods_supported"] == ["S256"]
    assert set(answer["grant_types_supported"]) == {"authorization_code", "client_credentials", "password"}
    assert {"read", "write:media", "push", "admin:write:accounts"} <= set(answer["scopes_supported"])
    for name in ("authorization", "token", "revocation", "userinfo", "app_registration"):
        address = urlsplit(answer[f"{name}_endpoint"]).path
        assert (await client.http.post(address)).status_code != 404, name


@pytest.mark.parametrize("changed", [{"password_grant": "off"}])
async def test_the_password_grant_is_off_unless_it_is_set(client):
    answer = await client.token(grant_type="password", username="ada", password=PASSWORD)
    assert answer.json()["error"] == "unsupported_grant_type"
    metadata = (await client.http.get("/.well-known/oauth-authorization-server")).json()
    assert "password" not in metadata["grant_types_supported"]


@pytest.mark.parametrize("changed", [{"rate_limits": "on"}])
async def test_guessing_by_the_password_grant_is_limited_too(client):
    guess = {"grant_type": "password", "username": "ada", "password": "a wrong guess"}
    answers = [await client.token(**guess) for _ in range(12)]
    assert answers[0].status_code == 400
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_somebody_signs_up_through_an_app_and_posts_at_once(client):
    headers = {"Authorization": f"Bearer {await client.own_token('write')}"}
    form = {
        "username": "grace",
        "email": "grace@example.org",
        "password": PASSWORD,
        "agreement": "true",
        "locale": "en",
    }
    answer = await client.http.post("/api/v1/accounts", data=form, headers=headers)
    assert answer.status_code == 200
    token = answer.json()
    assert token["scope"] == "read write push profile"
    me = await client.http.get(
        "/api/v1/accounts/verify_credentials", headers={"Authorization": f"Bearer {token['access_token']}"}
    )
    assert me.json()["username"] == "grace"


async def test_a_sign_up_that_is_refused_says_why_field_by_field(client):
    headers = {"Authorization": f"Bearer {await client.own_token('write')}"}
    form = {"username": "x y", "password": "", "agreement": False, "locale": "en"}
    answer = await client.http.post("/api/v1/accounts", json=form, headers=headers)
    assert answer.status_code == 422
    details = answer.json()["details"]
    assert details["password"] == [{"error": "ERR_BLANK", "description": "can't be blank"}]
    assert details["agreement"] == [{"error": "ERR_ACCEPTED", "description": "must be accepted"}]
    assert details["username"][0]["error"] == "ERR_INVALID"
    assert answer.json()["error"].startswith("Validation failed: ")


async def test_a_sign_up_needs_the_token_of_an_app_that_may_write(client):
    form = {"username": "grace", "password": PASSWORD, "agreement": True}
    assert (await client.http.post("/api/v1/accounts", json=form)).status_code == 401
    headers = {"Authorization": f"Bearer {await client.own_token('read')}"}
    answer = await client.http.post("/api/v1/accounts", json=form, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error"] == "This action is outside the authorized scopes"


@pytest.mark.parametrize("changed", [{"registration": "approval"}])
async def test_a_token_of_somebody_who_waits_is_worth_nothing_until_they_are_let_in(client, product):
    headers = {"Authorization": f"Bearer {await client.own_token('write')}"}
    form = {"username": "grace", "password": PASSWORD, "agreement": True, "reason": "photos"}
    token = (await client.http.post("/api/v1/accounts", json=form, headers=headers)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = await client.http.get("/api/v1/accounts/verify_credentials", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error"] == "Your login is currently pending approval"
    (applicant,) = await product.approval.pending()
    await product.approval.approve(applicant.id)
    assert (await client.http.get("/api/v1/accounts/verify_credentials", headers=headers)).status_code == 200
