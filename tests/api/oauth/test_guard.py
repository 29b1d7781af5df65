"""Walks the route table: no route forgets to say who may call it, and what it says is enforced."""

import hashlib
import hmac
import re

import pytest

from heliograph.domain.accounts import scopes
from heliograph.web.access import OPEN, Access
from heliograph.web.table import ROUTES

# A walk is worth something only if it meets the routes.
FEWEST = 30


def walk(*kinds):
    """(method, path, access) of every route of these kinds, with something in place of its parameters."""
    return [
        pytest.param(method, re.sub(r"\{[^}]*\}", "1", path), access, id=f"{method} {path}")
        for route in ROUTES
        for path in route.paths
        for method in sorted(getattr(route, "http_methods", set()) - {"OPTIONS", "HEAD"})
        if (access := route.opt.get("access", OPEN)).kind in kinds
    ]


def beside(needed):
    """Scopes that cover none of `needed`: all others."""
    return tuple(scope for scope in scopes.ALL if not any(scopes.covers((scope,), one) for one in needed))


@pytest.fixture
async def token_with(product, client, ada):
    async def issue(granted, account_id=ada):
        return (await product.tokens.issue(account_id, int(client.registered["id"]), granted)).text

    return issue


def test_every_route_says_who_may_call_it():
    silent = [route.handler_name for route in ROUTES if not isinstance(route.opt.get("access"), Access)]
    assert silent == []
    assert len(walk("open", "anyone", "app", "user", "page")) > FEWEST


def test_every_scope_that_is_asked_for_exists():
    asked = {scope for param in walk("anyone", "app", "user") for scope in param.values[2].scopes}
    assert asked <= set(scopes.ALL)
    assert all(param.values[2].scopes for param in walk("user")), "a person's route asks for a scope"


async def test_what_needs_a_token_gets_none_without_one(client):
    for param in walk("app", "user"):
        method, path, _ = param.values
        answer = await client.http.request(method, path)
        assert answer.status_code == 401, param.id
        assert answer.json()["error"] == "The access token is invalid"
        wrong = await client.http.request(method, path, headers={"Authorization": "Bearer 1.x"})
        assert wrong.status_code == 401, param.id


async def test_a_wrong_token_is_worse_than_none(client):
    for param in walk("anyone"):
        method, path, _ = param.values
        answer = await client.http.request(method, path, headers={"Authorization": "Bearer 1.x"})
        assert answer.status_code == 401, param.id


async def test_all_other_scopes_together_are_not_the_right_one(client, token_with):
    for param in walk("anyone", "app", "user"):
        method, path, access = param.values
        if access.scopes:
            headers = {"Authorization": f"Bearer {await token_with(beside(access.scopes))}"}
            answer = await client.http.request(method, path, headers=headers)
            assert answer.status_code == 403, param.id
            assert answer.json()["error"] == "This action is outside the authorized scopes"


async def test_each_right_scope_alone_is_enough(client, token_with):
    for param in walk("anyone", "app", "user"):
        method, path, access = param.values
        # What streams answers has no end: tests/api/streaming opens them.
        for scope in access.scopes if not access.in_address else ():
            headers = {"Authorization": f"Bearer {await token_with((scope,))}"}
            answer = await client.http.request(method, path, headers=headers)
            assert answer.status_code not in (401, 403), (param.id, scope)


async def test_an_app_by_itself_is_no_person(client, token_with):
    token = await token_with(scopes.ALL, None)
    for param in walk("user"):
        method, path, _ = param.values
        answer = await client.http.request(method, path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 422, param.id


async def test_a_cookie_opens_nothing_of_the_api(browser, ada, product):
    browser.http.cookies.set("heliograph_session", await product.sessions.start(ada, "x"))
    for param in walk("app", "user"):
        method, path, _ = param.values
        assert (await browser.http.request(method, path)).status_code == 401, param.id


async def test_an_app_that_may_only_read_cannot_use_its_token_as_a_cookie(client, product, ada):
    app = await product.apps.by_client_id(client.id)
    token = (await product.tokens.issue(ada, app.id, ("read",))).text
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await client.http.get("/api/v1/accounts/verify_credentials", headers=bearer)).status_code == 200
    form = {
        "csrf_token": hmac.new(token.encode(), b"heliograph form", hashlib.sha256).hexdigest(),
        "decision": "allow",
        "client_id": client.id,
        "response_type": "code",
        "redirect_uri": "myapp://done",
        "scope": "read write",
    }
    answer = await client.http.post("/oauth/authorize", data=form, headers={"Cookie": f"heliograph_session={token}"})
    assert answer.headers["location"].startswith("/auth/sign_in?")


async def test_every_form_of_a_page_wants_its_token(browser, ada, product):
    browser.http.cookies.set("heliograph_session", await product.sessions.start(ada, "x"))
    posts = [param for param in walk("page") if param.values[0] != "GET"]
    assert len(posts) >= 8
    for param in posts:
        method, path, _ = param.values
        answer = await browser.http.request(method, path, data={"x": "y"})
        assert answer.status_code == 403, param.id
