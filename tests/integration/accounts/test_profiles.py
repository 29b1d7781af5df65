"""Profiles, their cached fragments and counts."""

import msgspec
import pytest

from heliograph.base.errors import NotFoundError, StoreUnavailableError, ValidationError
from heliograph.domain.accounts.account import Field, ProfileChanges
from heliograph.stores import counts
from heliograph.stores.cache import Cache
from heliograph.stores.counts import Count


@pytest.fixture
async def ada(site):
    return await site.sign_up("ada")


async def shown(site, account_id):
    return msgspec.json.decode((await site.profiles.fragments([account_id]))[account_id])


async def test_a_change_is_seen_in_the_next_read_though_the_old_one_was_cached(site, ada):
    assert (await shown(site, ada))["display_name"] == ""
    account = await site.profiles.update(
        ada, ProfileChanges(display_name="Ada", note="Hello", fields=(Field("Site", "https://a.example"),), locked=True)
    )
    assert account.display_name == "Ada"
    assert account == await site.profiles.get(ada)
    found = await shown(site, ada)
    assert (found["display_name"], found["locked"]) == ("Ada", True)
    assert found["fields"] == [{"name": "Site", "value": "https://a.example"}]
    assert await site.messages() == [("account.changed", {"account_id": ada})]


async def test_what_is_not_named_stays(site, ada):
    await site.profiles.update(ada, ProfileChanges(note="one", default_language="de"))
    account = await site.profiles.update(ada, ProfileChanges(display_name="Ada"))
    assert (account.note, account.default_language) == ("one", "de")
    assert (await site.profiles.update(ada, ProfileChanges(default_language=None))).default_language is None


async def test_a_change_that_is_refused_changes_nothing(site, ada):
    with pytest.raises(ValidationError):
        await site.profiles.update(ada, ProfileChanges(note="fine", display_name="x" * 31))
    assert (await site.profiles.get(ada)).note == ""
    with pytest.raises(NotFoundError):
        await site.profiles.update(12345 << 22, ProfileChanges(note="x"))


async def test_the_message_makes_good_what_the_cache_missed(site, ada, valkey, monkeypatch):
    other_process = type(site)(site.shards, Cache(valkey), site.settings)
    await shown(site, ada)
    drop = site.profiles._cache.invalidate

    async def away(*_):
        raise StoreUnavailableError("valkey")

    monkeypatch.setattr(site.profiles._cache, "invalidate", away)
    await site.profiles.update(ada, ProfileChanges(note="new"))
    with pytest.raises(StoreUnavailableError):
        await site.profiles.refresh(ada)
    assert (await shown(other_process, ada))["note"] == "", "the cache could not be told"
    monkeypatch.setattr(site.profiles._cache, "invalidate", drop)
    ((kind, payload),) = await site.messages()
    assert kind == "account.changed"
    await site.profiles.refresh(**payload)
    assert (await shown(other_process, ada))["note"] == "new"
    assert (await shown(site, ada))["note"] == "new"


async def test_who_could_not_tell_the_cache_sees_the_change_all_the_same(site, ada, monkeypatch):
    await shown(site, ada)

    async def away(*_):
        raise StoreUnavailableError("valkey")

    monkeypatch.setattr(site.profiles._cache, "invalidate", away)
    await site.profiles.update(ada, ProfileChanges(note="new"))
    assert (await shown(site, ada))["note"] == "new"


async def test_a_reader_who_was_slow_does_not_bring_the_old_profile_back(site, ada):
    stale = await site.profiles._load_fragments([ada])
    await site.profiles.update(ada, ProfileChanges(note="new"))
    for version, bodies in stale:
        await site.profiles._cache.fill("account", version, bodies)
    assert (await shown(site, ada))["note"] == "new"


async def test_many_skips_what_is_not_there(site, ada):
    grace = await site.sign_up("grace")
    found = await site.profiles.many([ada, 99 << 22, grace, ada])
    assert {account_id: account.username for account_id, account in found.items()} == {ada: "ada", grace: "grace"}
    assert await site.profiles.many([]) == {}
    for name in ("nobody", "", "a\0", "x" * 500):
        with pytest.raises(NotFoundError):
            await site.profiles.by_username(name)


async def test_names_are_found_together_in_their_order_without_who_is_not_there(site, ada):
    grace, gone = await site.sign_up("grace"), await site.sign_up("gone")
    await site.suspension.suspend(gone)
    found = await site.profiles.by_usernames(["GRACE", "nobody", "a\0", "gone", "Ada"])
    assert [(account.id, account.username) for account in found] == [(grace, "grace"), (ada, "ada")]
    assert await site.profiles.by_usernames([]) == []


async def test_a_suspended_profile_leaks_nothing_even_from_the_cache(site, ada):
    await site.profiles.update(ada, ProfileChanges(display_name="Ada", note="secret"))
    assert (await shown(site, ada))["note"] == "secret"
    await site.suspension.suspend(ada)
    assert await site.profiles.fragments([ada]) == {}
    with pytest.raises(NotFoundError):
        await site.profiles.get_public(ada)
    with pytest.raises(NotFoundError):
        await site.profiles.by_username("ada")
    await site.suspension.restore(ada)
    assert (await shown(site, ada))["note"] == "secret"


async def test_counts_are_a_fragment_of_their_own(site, ada):
    grace = await site.sign_up("grace")
    before = await site.profiles.count_fragments([ada, grace, 99 << 22])
    assert before == {ada: b"({}, None)", grace: b"({}, None)"}
    async with site.shards.of(ada).transaction() as transaction:
        await counts.add(transaction, ada, Count.POSTS, 1)
    assert await site.profiles.count_fragments([ada]) == {ada: b"({}, None)"}
    await site.profiles.invalidate_counts(transaction.position, [ada])
    assert await site.profiles.count_fragments([ada]) == {ada: b"({'POSTS': 1}, None)"}
    assert await site.profiles.complete_counts({ada: None, grace: b"had"}) == {
        ada: b"({'POSTS': 1}, None)",
        grace: b"had",
    }
