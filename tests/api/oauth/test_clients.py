"""Clients that we have not written: Mastodon.py and Authlib, unmodified, on a live server."""

import asyncio

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from mastodon import Mastodon, MastodonIllegalArgumentError

PASSWORD = "correct horse battery"
OOB = "urn:ietf:wg:oauth:2.0:oob"
SCOPES = ["read", "write", "follow", "push"]


@pytest.fixture
async def mastodon(live):
    client_id, secret = await asyncio.to_thread(
        Mastodon.create_app, "Mastodon.py", scopes=SCOPES, redirect_uris=[OOB, "myapp://x"], api_base_url=live
    )
    return await asyncio.to_thread(Mastodon, client_id, secret, api_base_url=live)


async def test_mastodon_py_logs_in_by_code(mastodon, browser, page_of, ada):
    address = await asyncio.to_thread(mastodon.auth_request_url, scopes=SCOPES, redirect_uris=OOB, allow_http=True)
    await browser.log_in()
    done = await browser.submit(await browser.open(address), "/oauth/authorize", decision="allow")
    code = page_of(done).values["code"]
    token = await asyncio.to_thread(mastodon.log_in, code=code, redirect_uri=OOB, scopes=SCOPES, allow_http=True)
    assert token.startswith(f"{ada}.")
    me = await asyncio.to_thread(mastodon.account_verify_credentials)
    assert me.username == "ada"
    app = await asyncio.to_thread(mastodon.app_verify_credentials)
    assert app.name == "Mastodon.py"
    await asyncio.to_thread(mastodon.revoke_access_token, allow_http=True)


@pytest.mark.usefixtures("ada")
async def test_mastodon_py_logs_in_by_password(mastodon):
    token = await asyncio.to_thread(mastodon.log_in, "ada@example.org", PASSWORD, scopes=SCOPES, allow_http=True)
    assert (await asyncio.to_thread(mastodon.account_verify_credentials)).username == "ada"
    assert token
    with pytest.raises(MastodonIllegalArgumentError):
        await asyncio.to_thread(mastodon.log_in, "ada", "wrong password", scopes=SCOPES, allow_http=True)


async def test_mastodon_py_signs_somebody_up(mastodon):
    token = await asyncio.to_thread(
        mastodon.create_account, "grace", PASSWORD, "grace@example.org", agreement=True, scopes=SCOPES
    )
    assert token
    assert (await asyncio.to_thread(mastodon.account_verify_credentials)).username == "grace"


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_authlib_goes_the_whole_way_with_pkce(live, client, browser, ada, method):
    await browser.log_in()
    oauth = OAuth2Session(
        client.id, client.secret, token_endpoint_auth_method=method, scope="read write profile",
        redirect_uri="myapp://done", code_challenge_method="S256",
    )  # fmt: skip
    with oauth:
        verifier = "v" * 64
        address, state = oauth.create_authorization_url(f"{live}/oauth/authorize", code_verifier=verifier)
        done = await browser.submit(await browser.open(address), "/oauth/authorize", decision="allow")
        token = await asyncio.to_thread(
            oauth.fetch_token,
            f"{live}/oauth/token",
            authorization_response=done.headers["location"],
            state=state,
            code_verifier=verifier,
        )
        assert token["scope"] == "read write profile"
        assert token["access_token"].startswith(f"{ada}.")
        me = await asyncio.to_thread(oauth.get, f"{live}/api/v1/accounts/verify_credentials")
        assert me.json()["username"] == "ada"
        await asyncio.to_thread(oauth.revoke_token, f"{live}/oauth/revoke", token["access_token"])
        assert (await asyncio.to_thread(oauth.get, f"{live}/oauth/userinfo")).status_code == 401


async def test_authlib_understands_our_refusals(live, client, browser, ada):
    await browser.log_in()
    oauth = OAuth2Session(client.id, client.secret, scope="admin:read", redirect_uri="myapp://done")
    with oauth:
        address, state = oauth.create_authorization_url(f"{live}/oauth/authorize")
        done = await browser.open(address)
        with pytest.raises(OAuthError) as refused:
            await asyncio.to_thread(
                oauth.fetch_token, f"{live}/oauth/token", authorization_response=done.headers["location"], state=state
            )
        assert refused.value.error == "invalid_scope"
        with pytest.raises(OAuthError) as refused:
            await asyncio.to_thread(
                oauth.fetch_token, f"{live}/oauth/token", code=f"{ada}.wrong", grant_type="authorization_code"
            )
        assert refused.value.error == "invalid_grant"


async def test_authlib_gets_an_apps_own_token(live, client):
    with OAuth2Session(client.id, client.secret) as oauth:
        token = await asyncio.to_thread(oauth.fetch_token, f"{live}/oauth/token", grant_type="client_credentials")
        assert token["scope"] == "read"
        assert (await asyncio.to_thread(oauth.get, f"{live}/api/v1/apps/verify_credentials")).json()[
            "id"
        ] == client.registered["id"]
