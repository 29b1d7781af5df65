"""Log-in, sessions, tokens, codes: what lets somebody act as an account, and what ends it."""

import asyncio

import pytest

from heliograph.base.errors import ConflictError, ForbiddenError, ValidationError
from heliograph.base.ids import slot_of
from heliograph.domain.accounts.bearer import Bearer
from heliograph.domain.accounts.codes import challenge_of
from heliograph.domain.accounts.credentials import WrongPasswordError
from heliograph.domain.accounts.identity import Identities
from heliograph.domain.accounts.oauth_errors import (
    InvalidClientError,
    InvalidGrantError,
    UnauthorizedClientError,
)
from heliograph.domain.accounts.passwords import Passwords
from heliograph.stores.queries import parse

PASSWORD = "correct horse battery"
OOB = "urn:ietf:wg:oauth:2.0:oob"
VERIFIER = "v" * 43

aging = parse(
    "aging",
    """
-- name: age
UPDATE sessions SET created_at = now() - make_interval(days => :days), seen_at = now() - interval '1 day'
WHERE slot = :slot AND account_id = :account_id;

-- name: left
SELECT extract(epoch FROM expires_at - now())::int FROM sessions WHERE slot = :slot AND account_id = :account_id;
""",
)
time_travel = parse(
    "time_travel",
    """
-- name: age_sessions
-- scatter
UPDATE sessions SET seen_at = seen_at - make_interval(hours => :hours), expires_at = expires_at - make_interval(hours => :hours);

-- name: age_codes
-- scatter
UPDATE codes SET expires_at = expires_at - make_interval(hours => :hours);

-- name: sessions
-- scatter
SELECT seen_at, expires_at FROM sessions;

-- name: codes
-- scatter
SELECT hash FROM codes;
""",
)


@pytest.fixture
async def ada(site):
    return await site.sign_up("ada", email="ada@example.org")


@pytest.fixture
async def app(site):
    return (await site.apps.register("App", [OOB, "https://app.example/cb"], "read write"))[0]


async def age(site, query, hours):
    for shard in site.shards.all:
        await shard.run(query, hours=hours)


async def test_log_in_by_username_and_by_address_in_any_case(site, ada):
    assert await site.credentials.log_in("ADA", PASSWORD) == ada
    assert await site.credentials.log_in("Ada@Example.ORG", PASSWORD) == ada
    for name in ("ada", "nobody", "no such name\0", "x@y", ""):
        with pytest.raises(WrongPasswordError):
            await site.credentials.log_in(name, "wrong password")


async def test_log_in_renews_a_hash_that_is_no_longer_up_to_date(site, ada):
    site.credentials._passwords = Passwords(time_cost=2, memory_kib=64)
    before = (await site.credentials._row(ada))["password_hash"]
    assert await site.credentials.log_in("ada", PASSWORD) == ada
    after = (await site.credentials._row(ada))["password_hash"]
    assert "t=1" in before
    assert "t=2" in after
    assert await site.credentials.log_in("ada", PASSWORD) == ada


async def test_a_session_stands_for_its_account_until_it_ends(site, ada):
    cookie = await site.sessions.start(ada, "Firefox\nEvil: header")
    identity = await site.identities.of_session(cookie)
    assert (identity.account_id, identity.app_id, identity.role) == (ada, None, "member")
    assert identity.may("write:statuses")
    assert not identity.may("admin:read")
    (shown,) = await site.sessions.of(ada, cookie)
    assert (shown.user_agent, shown.current) == ("Firefox Evil: header", True)
    await site.sessions.end(cookie)
    assert await site.identities.of_session(cookie) is None


async def test_a_log_in_ends_the_session_that_the_browser_came_with(site, ada):
    planted = await site.sessions.start(ada, "x")
    cookie = await site.sessions.start(ada, "x", replaces=planted)
    assert cookie != planted
    assert await site.identities.of_session(planted) is None
    assert len(await site.sessions.of(ada)) == 1


async def test_a_cookie_is_bound_to_the_account_in_front_of_it(site, ada):
    grace = await site.sign_up("grace")
    secret = (await site.sessions.start(ada, "x")).partition(".")[2]
    assert await site.identities.of_session(f"{grace}.{secret}") is None
    await site.sessions.end(f"{grace}.{secret}")
    assert await site.identities.of_session(f"{ada}.{secret}") is not None


async def test_one_session_of_a_list_can_be_ended_but_not_somebody_elses(site, ada):
    grace = await site.sign_up("grace")
    cookie = await site.sessions.start(ada, "x")
    (shown,) = await site.sessions.of(ada)
    assert not await site.sessions.end_by_handle(grace, shown.handle)
    assert await site.identities.of_session(cookie) is not None
    assert await site.sessions.end_by_handle(ada, shown.handle)
    assert await site.identities.of_session(cookie) is None


async def test_a_session_lives_on_with_use_and_ends_without(site, ada):
    cookie = await site.sessions.start(ada, "x")
    fresh = Identities(site.shards, session_days=30)
    await age(site, time_travel.age_sessions, 20 * 24)
    (before,) = await site.shards.scatter(time_travel.sessions)
    assert await fresh.of_session(cookie) is not None
    (after,) = await site.shards.scatter(time_travel.sessions)
    assert (after["expires_at"] - before["expires_at"]).days == 20
    again = Identities(site.shards, session_days=30)
    assert await again.of_session(cookie) is not None
    assert await site.shards.scatter(time_travel.sessions) == [after], "written at most once an hour"
    await age(site, time_travel.age_sessions, 31 * 24)
    assert await Identities(site.shards, session_days=30).of_session(cookie) is None
    await site.housekeeping.run()
    assert await site.shards.scatter(time_travel.sessions) == []


async def test_a_token_says_who_and_what(site, ada, app):
    issued = await site.tokens.issue(ada, app.id, ("read",))
    identity = await site.identities.of_token(issued.text)
    assert (identity.account_id, identity.app_id, identity.scopes) == (ada, app.id, ("read",))
    own = await site.tokens.issue(None, app.id, ("read",))
    identity = await site.identities.of_token(own.text)
    assert (identity.account_id, identity.app_id) == (None, app.id)
    for wrong in (issued.text + "x", "1.x", "", "nonsense", f"{ada}.{own.text.partition('.')[2]}"):
        assert await site.identities.of_token(wrong) is None


async def test_a_token_is_no_cookie_and_a_cookie_no_token(site, ada, app):
    token = (await site.tokens.issue(ada, app.id, ("read",))).text
    cookie = await site.sessions.start(ada, "x")
    fresh = Identities(site.shards, session_days=30)
    for _ in ("unknown", "believed for what they are"):
        assert await fresh.of_session(token) is None
        assert await fresh.of_token(cookie) is None
        assert await fresh.of_token(token)
        assert await fresh.of_session(cookie)


async def test_a_revoked_token_is_out_at_once_and_again_is_no_error(site, ada, app):
    issued = await site.tokens.issue(ada, app.id, ("read",))
    assert await site.identities.of_token(issued.text)
    await site.tokens.revoke(issued.text, app.id)
    assert await site.identities.of_token(issued.text) is None
    await site.tokens.revoke(issued.text, app.id)
    await site.tokens.revoke("nonsense", app.id)


async def test_an_app_cannot_revoke_the_token_of_another(site, ada, app):
    other = (await site.apps.register("Other", [OOB]))[0]
    issued = await site.tokens.issue(ada, app.id, ("read",))
    with pytest.raises(UnauthorizedClientError):
        await site.tokens.revoke(issued.text, other.id)
    assert await site.identities.of_token(issued.text)
    assert not await site.connected.end(ada, other.id)
    assert await site.identities.of_token(issued.text)


async def test_an_app_that_is_shown_the_door_has_no_token_left_and_no_way_to_one(site, ada, app):
    other = (await site.apps.register("Other", [OOB]))[0]
    issued = [await site.tokens.issue(ada, app.id, (scope,)) for scope in ("read", "write", "read")]
    kept = await site.tokens.issue(ada, other.id, ("read",))
    code = await site.codes.issue(ada, app.id, OOB, ("read",), None)
    theirs, first = await site.connected.of(ada)
    assert (theirs.name, theirs.scopes) == ("Other", ("read",))
    assert (first.id, set(first.scopes)) == (app.id, {"read", "write"})
    assert await site.connected.end(ada, app.id)
    assert [await site.identities.of_token(token.text) for token in issued] == [None] * 3
    with pytest.raises(InvalidGrantError):
        await site.codes.redeem(code, app.id, OOB, None)
    assert await site.identities.of_token(kept.text)
    assert [each.id for each in await site.connected.of(ada)] == [other.id]


async def test_a_session_ends_at_last_however_often_it_is_used(site, ada):
    cookie = await site.sessions.start(ada, "x")
    await site.shards.of(ada).run(aging.age, slot=slot_of(ada), account_id=ada, days=399)
    fresh = Identities(site.shards, session_days=30)
    assert await fresh.of_session(cookie), "seen a while ago, so that its end moves"
    left_s = await site.shards.of(ada).value(aging.left, slot=slot_of(ada), account_id=ada)
    assert 0 < left_s <= 24 * 3600


async def test_another_process_believes_a_token_for_a_second_at_most(site, ada, app):
    now = 100.0
    elsewhere = Identities(site.shards, session_days=30, clock=lambda: now)
    issued = await site.tokens.issue(ada, app.id, ("read",))
    assert await elsewhere.of_token(issued.text)
    await site.tokens.revoke(issued.text, app.id)
    now = 100.9
    assert await elsewhere.of_token(issued.text)
    now = 101.1
    assert await elsewhere.of_token(issued.text) is None


async def test_what_was_being_read_while_it_was_revoked_is_not_believed(site, ada, app, monkeypatch):
    issued = await site.tokens.issue(ada, app.id, ("read",))
    bearer = Bearer.parse(issued.text)
    shard = site.shards.of(ada)
    row = shard.row

    async def slow(query, **parameters):
        found = await row(query, **parameters)
        monkeypatch.undo()
        await site.tokens.revoke(issued.text, app.id)
        return found

    monkeypatch.setattr(shard, "row", slow)
    await site.identities.of_token(issued.text)
    assert ("token", bearer) not in site.identities._believed
    assert await site.identities.of_token(issued.text) is None


async def test_memory_for_believed_tokens_is_bounded(site, ada, app, monkeypatch):
    monkeypatch.setattr("heliograph.domain.accounts.identity.BELIEVED_MAX", 3)
    for _ in range(5):
        assert await site.identities.of_token((await site.tokens.issue(ada, app.id, ("read",))).text)
    assert len(site.identities._believed) == 3


async def test_a_changed_password_ends_all_but_the_session_that_changed_it(site, ada, app):
    mine, other = await site.sessions.start(ada, "mine"), await site.sessions.start(ada, "other")
    token = (await site.tokens.issue(ada, app.id, ("read",))).text
    code = await site.codes.issue(ada, app.id, OOB, ("read",), None)
    assert await site.identities.of_token(token)
    assert await site.identities.of_session(other)
    with pytest.raises(WrongPasswordError):
        await site.credentials.change_password(ada, "wrong", "another good one", mine)
    with pytest.raises(ValidationError):
        await site.credentials.change_password(ada, PASSWORD, "short", mine)
    await site.credentials.change_password(ada, PASSWORD, "another good one", mine)
    assert await site.identities.of_session(mine)
    assert await site.identities.of_session(other) is None
    assert await site.identities.of_token(token) is None
    with pytest.raises(InvalidGrantError):
        await site.codes.redeem(code, app.id, OOB, None)
    with pytest.raises(WrongPasswordError):
        await site.credentials.log_in("ada", PASSWORD)
    assert await site.credentials.log_in("ada", "another good one") == ada


async def test_of_two_password_changes_at_once_one_wins(site, ada):
    results = await asyncio.gather(
        site.credentials.change_password(ada, PASSWORD, "the first new one"),
        site.credentials.change_password(ada, PASSWORD, "the second new one"),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) in (
        ["ConflictError", "NoneType"],
        ["NoneType", "WrongPasswordError"],
    )
    assert any(isinstance(result, ConflictError | WrongPasswordError) for result in results)


async def test_a_suspended_account_is_shut_out_everywhere(site, ada, app):
    cookie = await site.sessions.start(ada, "x")
    token = (await site.tokens.issue(ada, app.id, ("read",))).text
    assert await site.identities.of_token(token)
    await site.suspension.suspend(ada)
    assert await site.identities.of_session(cookie) is None
    assert await site.identities.of_token(token) is None
    late = (await site.tokens.issue(ada, app.id, ("read",))).text
    with pytest.raises(ForbiddenError, match="Your login is currently disabled"):
        await site.identities.of_token(late)
    with pytest.raises(ForbiddenError, match="disabled"):
        await site.credentials.log_in("ada", PASSWORD)
    with pytest.raises(WrongPasswordError):
        await site.credentials.log_in("ada", "only who knows the password is told")
    await site.suspension.restore(ada)
    assert await site.credentials.log_in("ada", PASSWORD) == ada
    assert [kind for kind, _ in await site.messages()] == ["account.changed", "account.changed", "account.restored"]


async def test_an_admin_is_one_at_once(site, ada):
    cookie = await site.sessions.start(ada, "x")
    assert not (await site.identities.of_session(cookie)).may("admin:read")
    await site.suspension.set_role(ada, "admin")
    identity = await site.identities.of_session(cookie)
    assert identity.role == "admin"
    assert identity.may("admin:write:accounts")


async def test_a_code_becomes_a_token_once(site, ada, app):
    code = await site.codes.issue(ada, app.id, OOB, ("read", "write"), None)
    issued = await site.codes.redeem(code, app.id, OOB, None)
    assert issued.scopes == ("read", "write")
    assert (await site.identities.of_token(issued.text)).account_id == ada
    with pytest.raises(InvalidGrantError):
        await site.codes.redeem(code, app.id, OOB, None)
    assert await site.identities.of_token(issued.text) is None, "used twice, it was stolen: the token is revoked"


async def test_of_two_that_redeem_a_code_at_once_at_most_one_gets_a_token_and_it_does_not_last(site, ada, app):
    code = await site.codes.issue(ada, app.id, OOB, ("read",), None)
    results = await asyncio.gather(
        *(site.codes.redeem(code, app.id, OOB, None) for _ in range(4)), return_exceptions=True
    )
    (issued,) = [result for result in results if not isinstance(result, InvalidGrantError)]
    assert await site.identities.of_token(issued.text) is None


async def test_a_code_is_bound_to_app_address_and_verifier(site, ada, app):
    other = (await site.apps.register("Other", [OOB]))[0]
    code = await site.codes.issue(ada, app.id, OOB, ("read",), challenge_of(VERIFIER))
    for wrong in (
        (other.id, OOB, VERIFIER),
        (app.id, "https://app.example/cb", VERIFIER),
        (app.id, OOB + "\0", VERIFIER),
        (app.id, OOB, None),
        (app.id, OOB, "w" * 43),
        (app.id, OOB, "short"),
    ):
        with pytest.raises(InvalidGrantError):
            await site.codes.redeem(code, *wrong)
    assert await site.codes.redeem(code, app.id, OOB, VERIFIER)


async def test_a_verifier_where_no_challenge_was_is_a_downgrade(site, ada, app):
    code = await site.codes.issue(ada, app.id, OOB, ("read",), None)
    with pytest.raises(InvalidGrantError):
        await site.codes.redeem(code, app.id, OOB, VERIFIER)


async def test_a_code_runs_out_and_is_swept_a_day_later(site, ada, app):
    code = await site.codes.issue(ada, app.id, OOB, ("read",), None)
    await age(site, time_travel.age_codes, 1)
    with pytest.raises(InvalidGrantError):
        await site.codes.redeem(code, app.id, OOB, None)
    await site.housekeeping.run()
    assert len(await site.shards.scatter(time_travel.codes)) == 1
    await age(site, time_travel.age_codes, 24)
    await site.housekeeping.run()
    assert await site.shards.scatter(time_travel.codes) == []


async def test_an_app_proves_itself_with_its_secret(site):
    app, secret = await site.apps.register("  My\nApp ", ["myapp://cb", OOB], "read push", "https://app.example")
    assert app.name == "My App"
    assert (await site.apps.authenticate(app.client_id, secret)) == app
    assert await site.apps.get(app.id) == app
    assert secret.encode() not in app.secret_hash
    for client_id, wrong in ((app.client_id, "x"), (app.client_id, ""), ("x" * 43, secret), ("\0", secret), ("", "")):
        with pytest.raises(InvalidClientError):
            await site.apps.authenticate(client_id, wrong)


@pytest.mark.parametrize(
    ("name", "uris", "scope", "website", "says"),
    [
        ("", [OOB], "", None, "name can't be blank"),
        ("x" * 61, [OOB], "", None, "too long"),
        ("App", [], "", None, "Redirect URI can't be blank"),
        ("App", ["app"], "", None, "Redirect URI must be an absolute URI."),
        ("App", [OOB], "everything", None, "Scopes"),
        ("App", [OOB], "", "javascript:alert(1)", "website"),
    ],
)
async def test_apps_that_are_refused(site, name, uris, scope, website, says):
    with pytest.raises(ValidationError, match=says):
        await site.apps.register(name, uris, scope, website)


async def test_what_was_no_proof_is_not_told_to_every_process(site, ada, app):
    told: list[int] = []
    site.identities._drop = told.append
    await site.sessions.end(f"{ada}.made-up")
    await site.tokens.revoke(f"{ada}.made-up", app.id)
    assert told == []
    await site.sessions.end(await site.sessions.start(ada, "x"))
    assert told == [ada]
