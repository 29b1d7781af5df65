"""Mutes, notes, relationships, familiar followers."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from ties import lock, sql

from heliograph.base import clock
from heliograph.base.errors import ValidationError
from heliograph.base.paging import Page
from heliograph.domain.accounts.account import ProfileChanges
from heliograph.domain.graph.decisions import Wish
from heliograph.domain.graph.relationships import Relationship
from heliograph.domain.product import Product
from heliograph.wiring import drain, open_product

HOUR_S = 3600


async def muted(product: Product, account: int) -> tuple[set[int], set[int]]:
    relations = await product.relations.of(account)
    return set(relations.muted), set(relations.muted_notifications)


async def test_mutes_are_seen_by_every_process(wide: Product, settings, two_shards, apart) -> None:
    ann, bob = await apart(2)
    async with open_product(settings, two_shards) as other:
        assert await muted(other, ann) == (set(), set())
        await wide.mutes.mute(ann, bob)
        assert await muted(other, ann) == await muted(wide, ann) == ({bob}, {bob})
        await other.mutes.mute(ann, bob, notifications=False)
        assert await muted(other, ann) == await muted(wide, ann) == ({bob}, set())
        await wide.mutes.unmute(ann, bob)
        await wide.mutes.unmute(ann, bob)
        assert await muted(other, ann) == await muted(wide, ann) == (set(), set())
    await drain(wide)
    assert await muted(wide, bob) == (set(), set())


async def test_mutes_end_by_themselves(wide: Product, apart, monkeypatch) -> None:
    """For relations, lists and relationships at once; the row goes with a chore."""
    ann, bob, cid, dan = await apart(4)
    before = datetime.now(UTC)
    await wide.mutes.mute(ann, bob, HOUR_S)
    await wide.mutes.mute(ann, dan, 10**15)
    (known,) = await wide.relationships.among(ann, [bob])
    assert known.muting_until is not None
    assert timedelta(0) <= known.muting_until - before - timedelta(seconds=HOUR_S) < timedelta(seconds=30)
    past = clock.now() - timedelta(hours=2)
    with monkeypatch.context() as earlier:
        earlier.setattr(clock, "now", lambda: past)
        await wide.mutes.mute(ann, cid, HOUR_S)
    assert await muted(wide, ann) == ({bob, dan}, {bob, dan})
    page, ends = await wide.edges.muted(ann, Page())
    assert (page.ids, ends) == ([dan, bob], {dan: None, bob: known.muting_until})
    assert [each.muting for each in await wide.relationships.among(ann, [bob, cid, dan])] == [True, False, True]
    assert await wide.mutes.sweep() == 1
    assert {row["target_id"] for row in await wide.stores.shards.scatter(sql.mutes)} == {bob, dan}
    with monkeypatch.context() as later:
        later.setattr(clock, "now", lambda: before + timedelta(hours=1, minutes=1))
        assert not (await wide.relations.of(ann)).current(), "the database's clock says that it lasts"


async def test_a_cached_mute_ends_by_itself_for_every_process(wide: Product, settings, two_shards, apart) -> None:
    """What the caches have of it is not believed any longer: neither what a process keeps, nor what Valkey has."""
    ann, bob = await apart(2)
    async with open_product(settings, two_shards) as other:
        await wide.mutes.mute(ann, bob, 2)
        assert await muted(wide, ann) == await muted(other, ann) == ({bob}, {bob})
        until = (await wide.relations.of(ann)).until_ms / 1000
        await asyncio.sleep(max(0, until - time.time()) + 0.05)
        assert await muted(wide, ann) == await muted(other, ann) == (set(), set())


async def test_a_mute_is_changed_in_its_place(wide: Product, apart) -> None:
    ann, bob, cid = await apart(3)
    await wide.mutes.mute(ann, bob, HOUR_S)
    await wide.mutes.mute(ann, cid)
    await wide.mutes.mute(ann, bob)
    page, ends = await wide.edges.muted(ann, Page(limit=1))
    assert (page.ids, page.full) == ([cid], True)
    assert (await wide.edges.muted(ann, Page(max_id=page.oldest)))[0].ids == [bob]
    page, ends = await wide.edges.muted(ann, Page(min_id=0))
    assert (page.ids, ends) == ([cid, bob], {cid: None, bob: None})
    await wide.mutes.mute(ann, ann)
    assert ann not in (await muted(wide, ann))[0]
    with pytest.raises(ValidationError):
        await wide.mutes.mute(ann, bob, -1)


async def test_notes(wide: Product, apart) -> None:
    ann, bob = await apart(2)
    for comment in ("met in Oslo", "met in Bergen", "x" * 2000, ""):
        await wide.notes.write(ann, bob, comment)
        (known,) = await wide.relationships.among(ann, [bob])
        assert known.note == comment
        (known,) = await wide.relationships.among(bob, [ann])
        assert known.note == ""
    with pytest.raises(ValidationError, match="Comment is too long"):
        await wide.notes.write(ann, bob, "x" * 2001)


async def test_relationships_have_every_side(wide: Product, apart) -> None:
    ann, bob, cid, dan, eve, fay = await apart(6)
    await lock(wide, cid)
    await wide.following.follow(ann, bob, Wish(reblogs=False, notify=True))
    await wide.following.follow(bob, ann)
    await wide.following.follow(ann, cid)
    await wide.mutes.mute(ann, cid, notifications=False)
    await wide.blocks.block(ann, dan)
    await wide.blocks.block(eve, ann)
    await wide.notes.write(ann, eve, "why?")
    await lock(wide, ann)
    await wide.following.follow(fay, ann)
    assert await wide.relationships.among(ann, [fay, bob, ann, eve, cid, dan]) == [
        Relationship(id=fay, requested_by=True),
        Relationship(id=bob, following=True, showing_reblogs=False, notifying=True, followed_by=True),
        Relationship(id=ann),
        Relationship(id=eve, blocked_by=True, note="why?"),
        Relationship(id=cid, requested=True, showing_reblogs=True, muting=True),
        Relationship(id=dan, blocking=True),
    ]
    assert await wide.relationships.among(ann, []) == []


async def test_familiar_followers(wide: Product, apart) -> None:
    ann, bob, cid, dan, eve, fay = await apart(6)
    for friend in (bob, cid, dan):
        await wide.following.follow(ann, friend)
    for follower in (bob, cid, dan, fay):
        await wide.following.follow(follower, eve)
    await wide.following.follow(dan, fay)
    await wide.following.follow(ann, eve)
    assert await wide.familiar.followers(ann, [eve, fay, bob]) == {eve: [dan, cid, bob], fay: [dan], bob: []}
    await wide.profiles.update(cid, ProfileChanges(hide_collections=True))
    await wide.following.unfollow(ann, bob)
    assert await wide.familiar.followers(ann, [eve]) == {eve: [dan]}
    await wide.blocks.block(fay, ann)
    assert await wide.familiar.followers(ann, [fay]) == {fay: []}
    await wide.profiles.update(eve, ProfileChanges(hide_collections=True))
    assert await wide.familiar.followers(ann, [eve]) == {eve: []}
    await wide.suspension.suspend(fay)
    assert await wide.familiar.followers(ann, [fay, 1]) == {}


async def test_who_hides_lists_hides_them_from_others(wide: Product, apart) -> None:
    ann, bob = await apart(2)
    await wide.following.follow(ann, bob)
    await wide.following.follow(bob, ann)
    await wide.profiles.update(ann, ProfileChanges(hide_collections=True))
    for read in (wide.edges.followers, wide.edges.following):
        assert (await read(ann, Page())).newest == 0
        assert (await read(ann, Page(), bob)).newest == 0
        assert (await read(ann, Page(min_id=0), bob)).newest == 0
        assert (await read(ann, Page(), ann)).ids == [bob]
        assert (await read(bob, Page())).ids == [ann]
