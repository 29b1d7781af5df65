"""Follows: one end decides, both ends agree in the end, whatever comes twice, late, at once or not at all."""

import asyncio
import itertools
import random

import msgspec
import pytest

from heliograph.base.errors import InvalidInputError, NotFoundError, ValidationError
from heliograph.base.paging import Page
from heliograph.domain.graph import decisions, follows
from heliograph.domain.graph.decisions import Decision, Wish
from heliograph.domain.graph.follows import FollowChanged
from heliograph.domain.product import Product
from heliograph.wiring import drain, open_product


async def ends(product: Product, follower: int, target: int) -> tuple[bool, bool]:
    """What the two ends say."""
    followers = (await product.edges.followers(target, Page())).ids
    following = (await product.edges.following(follower, Page())).ids
    return follower in followers, target in following


def decided(*, gone: bool) -> Decision:
    """What the followed end decides for somebody who follows, or no longer."""
    return decisions.ended if gone else decisions.followed(Wish())


async def counted(product: Product, account: int) -> tuple[int, int]:
    """Followers and following, as shown."""
    shown = msgspec.json.decode(await product.people.one(account))
    return shown["followers_count"], shown["following_count"]


async def test_following_at_once_from_several_devices(product: Product, people) -> None:
    """All succeed, and it is one follow; the same of ending it."""
    ann, bob = await people(2)
    for _ in range(5):
        await asyncio.gather(*(product.following.follow(bob, ann) for _ in range(8)))
        assert await ends(product, bob, ann) == (True, True)
        assert (await counted(product, ann), await counted(product, bob)) == ((1, 0), (0, 1))
        await asyncio.gather(*(product.following.unfollow(bob, ann) for _ in range(8)))
        assert await ends(product, bob, ann) == (False, False)
        assert (await counted(product, ann), await counted(product, bob)) == ((0, 0), (0, 0))
    await drain(product)
    assert await ends(product, bob, ann) == (False, False)
    assert (await counted(product, ann), await counted(product, bob)) == ((0, 0), (0, 0))


@pytest.mark.parametrize("seed", range(4))
async def test_follows_and_unfollows_at_once(product: Product, people, seed: int) -> None:
    """Whoever was last: both ends say the same, and the counts too."""
    ann, bob = await people(2)
    chance = random.Random(seed)
    changes = [chance.choice([product.following.follow, product.following.unfollow]) for _ in range(12)]
    await asyncio.gather(*(change(bob, ann) for change in changes))
    await drain(product)
    decided, followed = await ends(product, bob, ann)
    assert decided == followed == (ann in (await product.relations.of(bob)).following)
    assert (await counted(product, ann), await counted(product, bob)) == ((decided, 0), (0, decided))


async def test_what_was_decided_is_applied_in_any_order(product: Product, people) -> None:
    ann, bob = await people(2)
    said = []
    for gone in (False, True, False, True):
        change = await product.follows.decide(bob, ann, decided(gone=gone))
        assert change is not None
        said.append(change)
    assert [change.rev for change in said] == sorted({change.rev for change in said})
    for order in itertools.permutations(said):
        for change in [*order, *order]:
            await product.follows.apply(change)
        assert await ends(product, bob, ann) == (False, False)
        assert await counted(product, bob) == (0, 0)


@pytest.mark.parametrize("gone", [False, True])
async def test_a_request_that_dies_between_the_ends(product: Product, people, gone: bool) -> None:
    """The decision has committed, nothing else has happened: a worker does the rest."""
    ann, bob = await people(2)
    if gone:
        await product.following.follow(bob, ann)
        await drain(product)
    assert await product.follows.decide(bob, ann, decided(gone=gone)) is not None
    assert await ends(product, bob, ann) == (not gone, gone)
    await drain(product)
    assert await ends(product, bob, ann) == (not gone, not gone)
    assert (ann in (await product.relations.of(bob)).following) is not gone
    assert await counted(product, bob) == (0, not gone)


async def test_a_repeated_request_mends_the_other_end(product: Product, people) -> None:
    """The first died between the ends; the second finds the edge decided and applies it before it answers."""
    ann, bob = await people(2)
    await product.follows.decide(bob, ann, decided(gone=False))
    await product.following.follow(bob, ann)
    assert await ends(product, bob, ann) == (True, True)
    await product.follows.decide(bob, ann, decided(gone=True))
    await product.following.unfollow(bob, ann)
    assert await ends(product, bob, ann) == (False, False)


async def test_whom_one_cannot_follow(product: Product, people) -> None:
    ann, bob = await people(2)
    with pytest.raises(InvalidInputError):
        await product.following.follow(ann, ann)
    with pytest.raises(NotFoundError):
        await product.following.follow(ann, bob + 1)
    await product.following.unfollow(ann, bob)
    await product.suspension.suspend(bob)
    with pytest.raises(NotFoundError):
        await product.following.follow(ann, bob)
    assert await counted(product, ann) == (0, 0)


async def test_nobody_follows_more_than_they_may(product: Product, people, monkeypatch) -> None:
    monkeypatch.setattr(follows, "FOLLOWS_AT_MOST", 2)
    ann, bob, cid, dan = await people(4)
    await product.following.follow(ann, bob)
    await product.following.follow(ann, cid)
    with pytest.raises(ValidationError, match="You cannot follow more than 2 people"):
        await product.following.follow(ann, dan)
    assert await ends(product, ann, dan) == (False, False)
    # Whom one follows already, one may follow again; whom one leaves makes room; others are not concerned.
    await product.following.follow(ann, cid)
    await product.following.follow(dan, ann)
    await product.following.unfollow(ann, bob)
    await product.following.follow(ann, dan)
    assert await counted(product, ann) == (1, 2)
    with pytest.raises(ValidationError):
        await product.following.follow(ann, bob)


async def test_follows_at_once_pass_the_cap_by_no_more_than_they_are(product: Product, people, monkeypatch) -> None:
    monkeypatch.setattr(follows, "FOLLOWS_AT_MOST", 2)
    ann, *others = await people(9)
    answers = await asyncio.gather(*(product.following.follow(ann, other) for other in others), return_exceptions=True)
    made = [answer for answer in answers if answer is None]
    assert len(made) >= 2
    assert all(answer is None or isinstance(answer, ValidationError) for answer in answers)
    with pytest.raises(ValidationError):
        await product.following.follow(ann, (await people(1))[0])
    assert await counted(product, ann) == (0, len(made))


async def test_every_process_sees_a_follow_at_once(product: Product, settings, topology, people) -> None:
    """Each process keeps relations; none believes its copy after another has changed them."""
    ann, bob = await people(2)
    async with open_product(settings, topology) as other:
        for _ in range(3):
            for here, there in ((product, other), (other, product)):
                assert ann not in (await there.relations.of(bob)).following
                await here.following.follow(bob, ann)
                assert ann in (await there.relations.of(bob)).following
                await here.following.unfollow(bob, ann)
                assert ann not in (await there.relations.of(bob)).following


async def test_lists_in_pages(product: Product, people) -> None:
    ann, *fans = await people(6)
    for fan in fans:
        await product.following.follow(fan, ann)
    newest = fans[::-1]
    first = await product.edges.followers(ann, Page(limit=2))
    second = await product.edges.followers(ann, Page(limit=2, max_id=first.oldest))
    third = await product.edges.followers(ann, Page(limit=2, max_id=second.oldest))
    assert [first.ids, second.ids, third.ids] == [newest[:2], newest[2:4], newest[4:]]
    back = await product.edges.followers(ann, Page(limit=2, min_id=third.newest))
    assert back.ids == second.ids
    assert (await product.edges.followers(ann, Page(min_id=first.newest))).newest == 0


async def test_tombstones_go_but_edges_stay(product: Product, people) -> None:
    ann, bob, cid = await people(3)
    await product.following.follow(bob, ann)
    await product.following.follow(cid, ann)
    await product.following.unfollow(bob, ann)
    await drain(product)
    assert await product.follows.sweep(1) == 0
    assert await product.follows.sweep((1 << 63) - 1) == 2
    assert await ends(product, cid, ann) == (True, True)
    await product.following.follow(bob, ann)
    assert await ends(product, bob, ann) == (True, True)
    late = FollowChanged(cid, ann, 1, gone=True)
    await product.follows.apply(late)
    assert await ends(product, cid, ann) == (True, True)
