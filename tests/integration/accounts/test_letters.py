"""Mail on a real SMTP server: confirmations, reset links, and a server that refuses."""

import re
from email import message_from_string, policy

import pytest

from heliograph.base.errors import StoreUnavailableError, ValidationError
from heliograph.domain.accounts.mail import Mail, Mailer

PASSWORD = "correct horse battery"


@pytest.fixture
async def mailing(site, post_office):
    return await site.with_settings(smtp_url=post_office.url, public_url="https://photos.example")


async def deliver(site):
    for kind, payload in await site.messages():
        assert kind == "mail.send"
        assert set(payload) == {"account_id", "letter"}, "no secret waits in the outbox"
        await site.letters.deliver(**payload)


def text_of(letter):
    return message_from_string(letter, policy=policy.default).get_content()


def token_in(letter):
    return re.search(r"token=(\S+)", text_of(letter))[1]


async def test_a_new_address_is_confirmed_by_its_letter(mailing, post_office):
    account_id = await mailing.sign_up("ada", email="ada@example.org")
    await deliver(mailing)
    (letter,) = post_office.letters
    assert "To: ada@example.org" in letter
    assert "https://photos.example/auth/confirm?token=" in text_of(letter)
    assert not (await mailing.credentials.contact(account_id)).confirmed
    assert not await mailing.letters.can_reset(token_in(letter)), "made for another purpose"
    assert await mailing.credentials.reset_password(token_in(letter), "another good one") is None
    assert await mailing.letters.confirm(token_in(letter)) == account_id
    assert (await mailing.credentials.contact(account_id)).confirmed
    assert await mailing.letters.confirm(token_in(letter)) is None, "used up"


async def test_a_forgotten_password_is_replaced_by_letter(mailing, post_office):
    account_id = await mailing.sign_up("ada", email="ada@example.org")
    await deliver(mailing)
    cookie = await mailing.sessions.start(account_id, "x")
    await mailing.letters.request_reset(" Ada@example.org ")
    await mailing.letters.request_reset("nobody@example.org")
    await mailing.letters.request_reset("nonsense")
    await deliver(mailing)
    token = token_in(post_office.letters[-1])
    assert len(post_office.letters) == 2
    assert await mailing.letters.can_reset(token)
    with pytest.raises(ValidationError):
        await mailing.credentials.reset_password(token, "short")
    assert not (await mailing.credentials.contact(account_id)).confirmed
    assert await mailing.credentials.reset_password(token, "another good one") == account_id
    assert (await mailing.credentials.contact(account_id)).confirmed
    assert await mailing.identities.of_session(cookie) is None
    assert await mailing.credentials.reset_password(token, "yet another good one") is None
    assert not await mailing.letters.can_reset(token)
    assert await mailing.credentials.log_in("ada", "another good one") == account_id


async def test_a_changed_password_is_told_by_letter(mailing, post_office):
    account_id = await mailing.sign_up("ada", email="ada@example.org")
    await deliver(mailing)
    await mailing.credentials.change_password(account_id, PASSWORD, "another good one")
    await mailing.credentials.set_password(account_id, "yet another good one")
    await mailing.letters.deliver(account_id, "reset")
    await mailing.credentials.reset_password(token_in(post_office.letters.pop()), "the last good one")
    await deliver(mailing)
    told = [text_of(letter) for letter in post_office.letters[1:]]
    assert len(told) == 3
    assert all("was changed just now" in text and "https://photos.example/auth/password/new" in text for text in told)
    assert not any("good one" in text for text in told)


async def test_a_later_link_replaces_the_earlier(mailing, post_office):
    account_id = await mailing.sign_up("ada", email="ada@example.org")
    for _ in range(2):
        await mailing.letters.deliver(account_id, "reset")
    first, second = map(token_in, post_office.letters)
    assert not await mailing.letters.can_reset(first)
    assert await mailing.letters.can_reset(second)
    assert not await mailing.letters.can_reset("nonsense")


async def test_a_server_that_is_away_or_busy_means_later_and_one_that_refuses_means_never(mailing, post_office):
    account_id = await mailing.sign_up("ada", email="ada@example.org")
    post_office.refuse = "451 busy"
    with pytest.raises(StoreUnavailableError):
        await mailing.letters.deliver(account_id, "confirm")
    post_office.refuse = "550 no such person"
    await mailing.letters.deliver(account_id, "confirm")
    assert post_office.letters == []
    nowhere = Mailer("smtp://127.0.0.1:1", "a@b")
    with pytest.raises(StoreUnavailableError):
        await nowhere.send(Mail("x@y", "s", "t"))


async def test_a_site_without_mail_sends_none(site):
    account_id = await site.sign_up("ada", email="ada@example.org")
    await site.letters.request_reset("ada@example.org")
    assert await site.messages() == []
    await site.letters.deliver(account_id, "reset")
