"""Sign-up, the directory beneath it, and approval."""

import asyncio

import pytest

from heliograph.base.errors import ForbiddenError, NotFoundError, StoreUnavailableError, ValidationError
from heliograph.domain.accounts.directory import Kind
from heliograph.domain.accounts.registration import SignUp
from heliograph.stores.queries import load

PASSWORD = "correct horse battery"
directory_sql = load("directory")


async def test_who_signs_up_is_found_by_every_name(site):
    account_id = await site.sign_up("Ada", email="Ada@Example.org")
    assert (await site.profiles.by_username("aDA")).id == account_id
    assert (await site.profiles.get(account_id)).username == "Ada"
    assert await site.credentials.account_of("ada@example.ORG") == account_id
    assert await site.directory.sweep(age_s=0) == 0
    assert await site.shards.scatter(directory_sql.unsettled, age_s=0.0, limit=9) == []


async def test_an_address_may_be_left_out(site):
    account_id = await site.sign_up("ada")
    contact = await site.credentials.contact(account_id)
    assert (contact.email, contact.confirmed) == (None, False)
    assert await site.messages() == []


async def test_everything_that_is_wrong_is_told_at_once(site):
    with pytest.raises(ValidationError) as refused:
        await site.registration.sign_up(SignUp(username="a b", password="short", email="x", agreement=False))
    assert {field: [code for code, _ in found] for field, found in refused.value.details.items()} == {
        "username": ["ERR_INVALID"],
        "email": ["ERR_INVALID"],
        "password": ["ERR_TOO_SHORT"],
        "agreement": ["ERR_ACCEPTED"],
    }
    assert refused.value.message.startswith(
        "Validation failed: Username must contain only letters, numbers and undersc"
    )


async def test_a_taken_name_is_refused_and_the_other_name_stays_free(site):
    await site.sign_up("ada", email="ada@example.org")
    with pytest.raises(ValidationError) as refused:
        await site.sign_up("ADA", email="new@example.org")
    assert refused.value.details == {"username": [("ERR_TAKEN", "has already been taken")]}
    with pytest.raises(ValidationError) as refused:
        await site.sign_up("grace", email="Ada@example.org")
    assert list(refused.value.details) == ["email"]
    with pytest.raises(ValidationError) as refused:
        await site.sign_up("ada", email="ada@example.org")
    assert list(refused.value.details) == ["username", "email"]
    assert await site.sign_up("grace", email="new@example.org")


async def test_of_many_who_want_a_name_at_once_one_gets_it(site):
    results = await asyncio.gather(
        *(site.sign_up("ada", email=f"a{number % 2}@example.org") for number in range(8)), return_exceptions=True
    )
    winners = [result for result in results if isinstance(result, int)]
    assert all("ERR_TAKEN" in str(result.details) for result in results if isinstance(result, ValidationError))
    assert len(winners) == 1
    assert sum(isinstance(result, ValidationError) for result in results) == 7
    found = await site.directory.find(Kind.USERNAME, "ada")
    assert found == winners[0]


async def test_of_many_with_one_name_alone_exactly_one_wins(site):
    results = await asyncio.gather(*(site.sign_up("ada") for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, ValidationError) for result in results) == 5


async def test_a_crash_after_the_claim_leaves_a_name_that_is_free_again_after_the_sweep(site):
    account_id = await site.registration._mint()
    assert await site.directory.claim(Kind.USERNAME, "ada", account_id)
    with pytest.raises(ValidationError):
        await site.sign_up("ada")
    with pytest.raises(NotFoundError):
        await site.profiles.by_username("ada")
    assert await site.directory.sweep() == 0, "too young to be swept"
    assert await site.directory.sweep(age_s=0) == 1
    assert await site.sign_up("ada")


async def test_a_crash_before_the_settling_is_made_good_by_the_sweep(site, monkeypatch):
    async def crash(*_):
        raise StoreUnavailableError("postgres")

    monkeypatch.setattr(site.registration, "_settle", crash)
    with pytest.raises(StoreUnavailableError):
        await site.sign_up("ada")
    account_id = (await site.profiles.by_username("ada")).id
    assert await site.credentials.log_in("ada", PASSWORD) == account_id
    assert await site.directory.sweep(age_s=0) == 0
    assert await site.shards.scatter(directory_sql.unsettled, age_s=0.0, limit=9) == []
    assert await site.directory.find(Kind.USERNAME, "ada") == account_id


async def test_who_slept_through_the_sweep_gets_the_name_back_or_gives_way(site, monkeypatch):
    """The machine sleeps between claim and account; meanwhile the claim is swept, the second time also taken."""
    write = site.registration._write

    async def slept(*args):
        await site.directory.sweep(age_s=0)
        await write(*args)

    monkeypatch.setattr(site.registration, "_write", slept)
    account_id = await site.sign_up("ada")
    assert (await site.profiles.by_username("ada")).id == account_id

    async def slept_long(*args):
        await site.directory.sweep(age_s=0)
        monkeypatch.setattr(site.registration, "_write", write)
        await site.sign_up("grace")
        await write(*args)

    monkeypatch.setattr(site.registration, "_write", slept_long)
    with pytest.raises(ValidationError) as refused:
        await site.sign_up("grace", email="late@example.org")
    assert list(refused.value.details) == ["username"]
    assert await site.directory.find(Kind.EMAIL, "late@example.org") is None
    assert await site.directory.find(Kind.USERNAME, "grace") is not None


async def test_a_closed_site_takes_nobody_but_the_operator_still_can(site):
    closed = await site.with_settings(registration="closed")
    with pytest.raises(ForbiddenError):
        await closed.sign_up("ada")
    made = await closed.registration.create("admin", PASSWORD, role="admin")
    assert (await site.profiles.get(made.account_id)).role == "admin"
    with pytest.raises(ValidationError):
        await closed.registration.create("no spaces", PASSWORD)
    with pytest.raises(ValidationError):
        await closed.registration.create("ada", "short")


async def test_a_site_that_sends_mail_wants_an_address_and_has_it_confirmed(site):
    mailing = await site.with_settings(smtp_url="smtp://127.0.0.1:1")
    with pytest.raises(ValidationError) as refused:
        await mailing.sign_up("ada")
    assert refused.value.details == {"email": [("ERR_BLANK", "can't be blank")]}
    account_id = await mailing.sign_up("ada", email="ada@example.org")
    assert await site.messages() == [("mail.send", {"account_id": account_id, "letter": "confirm"})]


async def test_on_a_site_with_approval_one_waits_unseen(site):
    asking = await site.with_settings(registration="approval")
    account_id = await asking.sign_up("ada", reason="I take photos", email="ada@example.org")
    with pytest.raises(NotFoundError):
        await site.profiles.by_username("ada")
    assert await site.profiles.fragments([account_id]) == {}
    with pytest.raises(ForbiddenError, match="pending approval"):
        await site.credentials.log_in("ada", PASSWORD)
    (applicant,) = await site.approval.pending()
    assert (applicant.id, applicant.username, applicant.reason) == (account_id, "ada", "I take photos")

    await site.approval.approve(account_id)
    assert await site.approval.pending() == []
    assert await site.credentials.log_in("ada", PASSWORD) == account_id
    assert list(await site.profiles.fragments([account_id])) == [account_id]
    with pytest.raises(NotFoundError):
        await site.approval.approve(account_id)
    with pytest.raises(NotFoundError):
        await site.approval.reject(account_id)
    assert ("mail.send", {"account_id": account_id, "letter": "approved"}) in await site.messages()


async def test_who_is_rejected_leaves_no_trace_and_both_names_free(site):
    asking = await site.with_settings(registration="approval")
    account_id = await asking.sign_up("Ada", email="ada@example.org")
    app, _ = await site.apps.register("App", ["urn:ietf:wg:oauth:2.0:oob"])
    token = await site.tokens.issue(account_id, app.id, ("read",))
    await site.approval.reject(account_id)
    assert await site.identities.of_token(token.text) is None
    with pytest.raises(NotFoundError):
        await site.profiles.get(account_id)
    again = await site.sign_up("ada", email="ada@example.org")
    # The message comes late, or twice: the names are somebody else's by now and stay theirs.
    ((kind, payload),) = await site.messages()
    assert kind == "names.release"
    await site.approval.release(**payload)
    assert (await site.profiles.by_username("ada")).id == again
    assert await site.credentials.account_of("ada@example.org") == again


async def test_accounts_spread_over_the_shared_slots(site):
    slots = {(await site.registration._mint() >> 12) & 1023 for _ in range(40)}
    assert len(slots) > 20
    assert max(slots) < 1008
