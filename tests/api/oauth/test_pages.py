"""Sign-up, log-in, log-out, passwords: as a browser without scripts does it."""

import pytest

from heliograph.domain.accounts.limits import SIGN_UP_ADDRESS
from heliograph.wiring import drain

PASSWORD = "correct horse battery"


async def name_of(browser):
    """Who the site says is logged in, by a page that only they see."""
    page = await browser.open("/auth/sessions")
    return page.status_code == 200


async def test_a_person_signs_up_and_is_logged_in_where_they_wanted_to_go(browser, page_of):
    page = await browser.open("/auth/sign_up?next=/home%3Fx%3D1")
    assert page_of(page).inline == []
    done = await browser.submit(page, username="grace", password=PASSWORD, agreement="true")
    assert (done.status_code, done.headers["location"]) == (303, "/home?x=1")
    assert await name_of(browser)
    assert (await browser.open("/auth/sign_up")).status_code == 303


@pytest.mark.usefixtures("ada")
async def test_what_is_wrong_stands_at_its_field_and_what_was_right_is_kept(browser):
    page = await browser.open("/auth/sign_up")
    answer = await browser.submit(page, username="ADA", email="new@example.org", password=PASSWORD, agreement="true")
    assert answer.status_code == 422
    assert "Username has already been taken." in answer.text
    assert 'value="new@example.org"' in answer.text
    assert PASSWORD not in answer.text
    answer = await browser.submit(answer, username="x y", password="short")
    for text in ("letters, numbers and underscores", "is too short", "This must be accepted"):
        assert text in answer.text


async def test_what_people_type_is_never_markup(browser):
    answer = await browser.submit(await browser.open("/auth/sign_up"), username='"><script>alert(1)</script>')
    assert answer.status_code == 422
    assert "<script>" not in answer.text
    answer = await browser.submit(await browser.open("/auth/sign_in"), name="<script>", password="x")
    assert "<script>" not in answer.text


@pytest.mark.usefixtures("ada")
async def test_log_in_log_out(browser):
    wrong = await browser.log_in(password="wrong password")
    assert wrong.status_code == 401
    assert "do not belong together" in wrong.text
    done = await browser.log_in("Ada@Example.org")
    assert (done.status_code, done.headers["location"]) == (303, "/")
    cookie = done.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert await name_of(browser)
    out = await browser.submit(await browser.open("/auth/sessions"), "/auth/sign_out")
    assert out.status_code == 303
    assert not await name_of(browser)


@pytest.mark.usefixtures("ada")
async def test_a_session_ends_on_the_server_not_only_in_the_browser(browser):
    await browser.log_in()
    page = await browser.open("/auth/sessions")
    kept = browser.http.cookies["heliograph_session"]
    await browser.submit(page, "/auth/sign_out")
    browser.http.cookies.set("heliograph_session", kept)
    assert not await name_of(browser)


async def test_a_planted_session_does_not_become_the_victims(browser, ada, product):
    planted = await product.sessions.start(ada, "attacker")
    browser.http.cookies.set("heliograph_session", planted)
    page = await browser.open("/auth/sign_in?again=1")
    done = await browser.submit(page, name="ada", password=PASSWORD)
    assert done.status_code == 303
    assert browser.http.cookies.get("heliograph_session", domain="127.0.0.1") != planted
    assert await product.identities.of_session(planted) is None


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example", "evil", ""],
)
@pytest.mark.usefixtures("ada")
async def test_nobody_is_sent_elsewhere_after_log_in(browser, target):
    page = await browser.open("/auth/sign_in")
    done = await browser.submit(page, name="ada", password=PASSWORD, next=target)
    assert done.headers["location"] == "/"
    again = await browser.http.get("/auth/sign_in", params={"next": target})
    assert again.headers["location"] == "/"


@pytest.mark.usefixtures("ada")
async def test_after_a_log_in_one_is_back_at_an_address_of_any_script(browser):
    page = await browser.open("/auth/sign_in?next=/tags/%E6%97%A5")
    answer = await browser.submit(page, name="ada", password=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/tags/%E6%97%A5")


@pytest.mark.usefixtures("ada")
async def test_a_form_from_elsewhere_does_nothing(browser, page_of):
    await browser.log_in()
    page = await browser.open("/auth/password")
    action, given = page_of(page).forms[0]
    values = given | {"old": PASSWORD, "password": "another good one"}
    for headers, sent in (
        ({"Sec-Fetch-Site": "cross-site"}, values),
        ({"Sec-Fetch-Site": "same-site"}, values),
        ({"Origin": "https://evil.example"}, values),
        ({"Origin": "null"}, values),
        ({}, values | {"csrf_token": ""}),
        ({}, values | {"csrf_token": "0" * 64}),
        ({}, values | {"csrf_token": "é"}),
        ({}, {name: value for name, value in values.items() if name != "csrf_token"}),
    ):
        answer = await browser.http.post(action, data=sent, headers=headers)
        assert answer.status_code == 403, headers
    stranger = await browser.http.post(action, data=values, headers={"Cookie": ""})
    assert stranger.status_code == 403
    assert (await browser.http.post(action, data=values)).status_code == 200, "the token alone, as old browsers send it"


@pytest.mark.usefixtures("ada")
async def test_a_token_for_forms_is_bound_to_the_browser(browser, other_browser, page_of):
    async with other_browser.http:
        other = other_browser
        foreign = page_of(await other.open("/auth/sign_in")).values["csrf_token"]
        page = await browser.open("/auth/sign_in")
        answer = await browser.submit(page, name="ada", password=PASSWORD, csrf_token=foreign)
        assert answer.status_code == 403


@pytest.mark.usefixtures("ada")
async def test_a_changed_password_logs_out_everywhere_else(browser, other_browser):
    async with other_browser.http:
        other = other_browser
        await browser.log_in()
        await other.log_in()
        page = await browser.open("/auth/password")
        assert (
            await browser.submit(page, "/auth/password", old="wrong", password="another good one")
        ).status_code == 422
        answer = await browser.submit(page, "/auth/password", old=PASSWORD, password="password1")
        assert "too easy to guess" in answer.text
        done = await browser.submit(page, "/auth/password", old=PASSWORD, password="another good one")
        assert "Your password is changed" in done.text
        assert await name_of(browser)
        assert not await name_of(other)


async def test_one_of_several_sessions_can_be_ended(browser, ada, product):
    cookie = await product.sessions.start(ada, "Old Phone")
    await browser.log_in()
    page = await browser.open("/auth/sessions")
    assert "Old Phone" in page.text
    assert "Test Browser" in page.text
    assert (await browser.submit(page, "/auth/sessions/end")).status_code == 303
    assert await product.identities.of_session(cookie) is None
    assert await name_of(browser)


async def test_apps_that_were_let_in_are_shown_the_door(browser, client, ada, product):
    token = (await product.tokens.issue(ada, int(client.registered["id"]), ("read", "write:media"))).text
    await browser.log_in()
    page = await browser.open("/auth/apps")
    assert "Test &lt;b&gt;App&lt;/b&gt;" in page.text
    assert "See everything that you can see. write:media." in page.text
    assert (await browser.submit(page, "/auth/apps/end")).headers["location"] == "/auth/apps"
    assert await product.identities.of_token(token) is None
    assert "None so far" in (await browser.open("/auth/apps")).text
    assert (await browser.submit(page, "/auth/apps/end")).status_code == 404


async def test_who_is_not_logged_in_is_sent_to_log_in_and_back(browser):
    answer = await browser.open("/auth/sessions")
    assert answer.headers["location"] == "/auth/sign_in?next=%2Fauth%2Fsessions"
    for path in ("/auth/password", "/auth/apps"):
        assert (await browser.open(path)).headers["location"].startswith("/auth/sign_in")


async def test_a_suspended_person_is_told_and_not_let_in(browser, ada, product):
    await browser.log_in()
    await product.suspension.suspend(ada)
    assert not await name_of(browser)
    answer = await browser.log_in()
    assert answer.status_code == 403
    assert "Your login is currently disabled" in answer.text


@pytest.mark.parametrize("changed", [{"registration": "closed"}])
async def test_a_closed_site_says_so(browser):
    page = await browser.open("/auth/sign_up")
    assert "Nobody can sign up here" in page.text
    assert "Sign up</a>" not in (await browser.open("/auth/sign_in")).text


@pytest.mark.parametrize("changed", [{"registration": "approval"}])
async def test_a_site_with_approval_lets_one_wait(browser, product):
    page = await browser.open("/auth/sign_up")
    done = await browser.submit(page, username="grace", password=PASSWORD, agreement="true", reason="photos!")
    assert "waits for approval" in done.text
    assert "pending approval" in (await browser.log_in("grace")).text
    (applicant,) = await product.approval.pending()
    await product.approval.approve(applicant.id)
    assert (await browser.log_in("grace")).status_code == 303


@pytest.mark.parametrize("changed", [{"rate_limits": "on"}])
@pytest.mark.usefixtures("ada")
async def test_who_guesses_has_to_wait(browser):
    for _ in range(10):
        assert (await browser.log_in(password="a wrong guess")).status_code == 401
    answer = await browser.log_in()
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "Please wait" in answer.text


@pytest.mark.parametrize("changed", [{"rate_limits": "on"}])
@pytest.mark.usefixtures("ada")
async def test_a_slip_of_the_pen_is_no_try_to_sign_up(browser):
    page = await browser.open("/auth/sign_up")
    for _ in range(SIGN_UP_ADDRESS.limit + 1):
        slip = await browser.submit(page, username="grace", password="short", agreement="true")
        assert slip.status_code == 422
    for _ in range(SIGN_UP_ADDRESS.limit):
        taken = await browser.submit(page, username="ada", password=PASSWORD, agreement="true")
        assert taken.status_code == 422
    page = await browser.open("/auth/sign_up")
    refused = await browser.submit(page, username="grace", password=PASSWORD, agreement="true")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert "Please wait" in refused.text
    assert 'value="grace"' in refused.text


async def test_a_site_without_mail_says_whom_to_ask(browser):
    assert "sends no mail" in (await browser.open("/auth/password/new")).text
    assert "out of date" in (await browser.open("/auth/password/reset?token=1.x")).text


@pytest.mark.parametrize("changed", [{"smtp_url": "smtp://127.0.0.1:1"}])
async def test_a_mailed_link_sets_a_new_password(browser, ada, product):
    page = await browser.open("/auth/password/new")
    known = await browser.submit(page, email="ada@example.org")
    unknown = await browser.submit(page, email="nobody@example.org")
    assert known.text == unknown.text
    letter = await product.letters._written({"account_id": ada, "email": "ada@example.org"}, "reset")
    link = next(line for line in letter.text.splitlines() if "token=" in line)
    page = await browser.open(link)
    assert page.headers["referrer-policy"] == "same-origin"
    refused = await browser.submit(page, password="short")
    assert refused.status_code == 422
    done = await browser.submit(refused, password="another good one")
    assert done.status_code == 303
    assert await name_of(browser)
    assert "out of date" in (await browser.open(link)).text


@pytest.mark.usefixtures("ada")
async def test_pages_for_one_person_are_kept_by_nobody(browser):
    await browser.log_in()
    for path in ("/auth/sessions", "/auth/password", "/auth/password/new"):
        assert "no-store" in (await browser.open(path)).headers["cache-control"]


@pytest.mark.parametrize("changed", [{"registration": "approval"}])
async def test_no_message_of_accounts_is_left_without_a_handler(browser, product):
    for name in ("grace", "edith"):
        page = await browser.open("/auth/sign_up")
        await browser.submit(page, username=name, email=f"{name}@example.org", password=PASSWORD, agreement="true")
    grace, edith = await product.approval.pending()
    await product.approval.approve(grace.id)
    await product.approval.reject(edith.id)
    await product.suspension.suspend(grace.id)
    await drain(product)
    assert [(state.pending, state.dead) for state in await product.outbox.state()] == [(0, 0)]
