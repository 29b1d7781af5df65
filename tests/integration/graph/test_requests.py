"""Follow requests: who is locked is asked, and decides; both ends agree, whoever dies or comes late."""

import asyncio
import itertools
import random

import pytest
from ties import counted, follow_of, home, lock

from heliograph.base.errors import NotFoundError, ValidationError
from heliograph.base.paging import Page
from heliograph.domain.graph import decisions, follows
from heliograph.domain.graph.decisions import Wish
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product
from heliograph.wiring import drain


async def post(product: Product, author: int, visibility: Visibility = Visibility.PRIVATE) -> int:
    draft = Draft(text="light", media_ids=[], visibility=visibility)
    return (await product.publishing.publish(author, draft)).post_id


async def test_a_request_is_no_follow_until_it_is_granted(wide: Product, apart) -> None:
    ann, bob = await apart(2)
    await lock(wide, ann)
    made = await post(wide, ann)
    assert await home(wide, bob) == []
    await wide.following.follow(bob, ann)
    await wide.following.follow(bob, ann)
    assert await follow_of(wide, bob, ann) == "asks"
    assert (await counted(wide, ann), await counted(wide, bob)) == ((0, 0), (0, 0))
    assert await wide.follows.count_waiting(ann) == 1
    assert (await wide.edges.requests(ann, Page())).ids == [bob]
    assert (await wide.edges.followers(ann, Page())).ids == []
    await drain(wide)
    assert await home(wide, bob) == []
    await wide.following.accept(ann, bob)
    assert await follow_of(wide, bob, ann) == "follows"
    # What was posted before is merged, in the request itself.
    assert await home(wide, bob) == [made]
    assert (await counted(wide, ann), await counted(wide, bob)) == ((1, 0), (0, 1))
    assert await wide.follows.count_waiting(ann) == 0
    await drain(wide)
    assert (await follow_of(wide, bob, ann), await counted(wide, ann)) == ("follows", (1, 0))
    with pytest.raises(NotFoundError):
        await wide.following.accept(ann, bob)


async def test_requests_end_without_a_follow(wide: Product, apart) -> None:
    ann, bob = await apart(2)
    await lock(wide, ann)
    for end in (wide.follows.reject, lambda target, follower: wide.following.unfollow(follower, target)):
        await wide.following.follow(bob, ann)
        await wide.follows.remove(ann, bob)
        assert await follow_of(wide, bob, ann) == "asks", "only who follows is removed"
        await end(ann, bob)
        assert await follow_of(wide, bob, ann) == "no"
        with pytest.raises(NotFoundError):
            await wide.follows.reject(ann, bob)
        with pytest.raises(NotFoundError):
            await wide.following.accept(ann, bob)
    await drain(wide)
    assert (await counted(wide, ann), await counted(wide, bob)) == ((0, 0), (0, 0))


async def test_who_follows_already_need_not_ask(wide: Product, apart) -> None:
    ann, bob = await apart(2)
    await wide.following.follow(bob, ann)
    await lock(wide, ann)
    await wide.following.follow(bob, ann, Wish(notify=True))
    assert await follow_of(wide, bob, ann) == "follows"
    assert await counted(wide, ann) == (1, 0)


async def test_a_removed_follower_sees_nothing_private_at_once(wide: Product, apart) -> None:
    ann, bob = await apart(2)
    await wide.following.follow(bob, ann)
    made = await post(wide, ann)
    await drain(wide)
    assert await home(wide, bob) == [made]
    await wide.follows.remove(ann, bob)
    assert await home(wide, bob) == []
    with pytest.raises(NotFoundError):
        await wide.timelines.post(bob, made)
    assert await follow_of(wide, bob, ann) == "no"
    assert (await counted(wide, ann), await counted(wide, bob)) == ((0, 0), (0, 0))


async def test_wishes_stay_until_they_change(wide: Product, apart) -> None:
    ann, bob = await apart(2)
    await lock(wide, ann)

    async def shown() -> tuple[bool, bool]:
        (known,) = await wide.relationships.among(bob, [ann])
        assert (ann in (await wide.relations.of(bob)).silent) == (known.following and not known.showing_reblogs)
        return known.showing_reblogs, known.notifying

    first = await wide.follows.follow(bob, ann, Wish(reblogs=False))
    assert await shown() == (False, False)
    edited = await wide.follows.follow(bob, ann, Wish(notify=True))
    assert await shown() == (False, True)
    assert (first.edited, edited.edited) == (False, True)
    assert edited.rev > first.rev
    granted = await wide.follows.accept(ann, bob)
    assert not granted.edited
    assert await shown() == (False, True)
    assert (await wide.follows.follow(bob, ann)).rev == granted.rev
    again = await wide.follows.follow(bob, ann, Wish(reblogs=True, notify=False))
    assert (again.edited, await shown()) == (True, (True, False))
    await wide.following.unfollow(bob, ann)
    assert await shown() == (False, False)
    await wide.follows.follow(bob, ann)
    assert await shown() == (True, False)


async def test_what_was_decided_is_applied_in_any_order(wide: Product, apart) -> None:
    ann, bob = await apart(2)
    await lock(wide, ann)
    said = [
        await wide.follows.decide(bob, ann, decision)
        for decision in (decisions.followed(Wish()), decisions.accepted, decisions.ended, decisions.followed(Wish()))
    ]
    for order in itertools.permutations(said):
        for change in [*order, *order]:
            await wide.follows.apply(change)
        assert await follow_of(wide, bob, ann) == "asks"
        assert await counted(wide, bob) == (0, 0)
    await wide.follows.decide(bob, ann, decisions.rejected)
    await drain(wide)
    assert await follow_of(wide, bob, ann) == "no"


async def test_a_request_that_dies_between_the_ends(wide: Product, apart) -> None:
    """A worker does the rest, the merge into the feed among it."""
    ann, bob = await apart(2)
    await lock(wide, ann)
    made = await post(wide, ann)
    await home(wide, bob)
    await wide.follows.decide(bob, ann, decisions.followed(Wish()))
    await drain(wide)
    assert await follow_of(wide, bob, ann) == "asks"
    await wide.follows.decide(bob, ann, decisions.accepted)
    await drain(wide)
    assert await follow_of(wide, bob, ann) == "follows"
    assert await home(wide, bob) == [made]


async def test_who_unlocks_lets_in_all_who_wait(wide: Product, apart, monkeypatch) -> None:
    monkeypatch.setattr("heliograph.domain.feeds.following.PART", 2)
    ann, *others = await apart(6)
    await lock(wide, ann)
    for other in others:
        await wide.following.follow(other, ann)
    await lock(wide, ann, locked=False)
    await drain(wide)
    assert [await follow_of(wide, other, ann) for other in others] == ["follows"] * 5
    assert await counted(wide, ann) == (5, 0)


async def test_who_locks_again_is_asked_again(wide: Product, apart) -> None:
    ann, bob = await apart(2)
    await lock(wide, ann)
    await wide.following.follow(bob, ann)
    await lock(wide, ann, locked=False)
    await lock(wide, ann)
    await drain(wide)
    assert await follow_of(wide, bob, ann) == "asks"


async def test_no_request_waits_at_an_unlocked_account(wide: Product, apart) -> None:
    """Follows and the unlocking at once: who was just in time to ask is let in."""
    ann, *others = await apart(7)
    for turn in range(4):
        await lock(wide, ann)
        asking = [wide.following.follow(other, ann) for other in others]
        asking.insert(turn, lock(wide, ann, locked=False))
        await asyncio.gather(*asking)
        await drain(wide)
        assert {await follow_of(wide, other, ann) for other in others} == {"follows"}
        assert await counted(wide, ann) == (6, 0)
        await asyncio.gather(*(wide.following.unfollow(other, ann) for other in others))


async def test_nobody_unlocks_while_somebody_asks(wide: Product, apart) -> None:
    """The unlocking waits for a request that is being made: it has to find it."""
    ann, bob = await apart(2)
    await lock(wide, ann)
    async with wide.stores.shards.of(ann).transaction() as transaction:
        await decisions.hold(transaction, ann, bob)
        await decisions.make(transaction, bob, ann, decisions.followed(Wish()))
        unlocking = asyncio.create_task(lock(wide, ann, locked=False))
        done, _ = await asyncio.wait([unlocking], timeout=0.3)
        assert not done
    await unlocking
    await drain(wide)
    assert await follow_of(wide, bob, ann) == "follows"


@pytest.mark.parametrize("seed", range(3))
async def test_everything_at_once(wide: Product, apart, seed: int) -> None:
    """Asking, granting, refusing, removing, cancelling: in the end both ends say the same, and the counts too."""
    ann, bob, cid = await apart(3)
    chance = random.Random(seed)
    await lock(wide, ann)

    async def act(other: int) -> None:
        await asyncio.sleep(chance.random() / 50)
        try:
            match chance.randrange(6):
                case 0 | 1:
                    await wide.following.follow(other, ann, Wish(notify=chance.random() < 0.5))
                case 2 | 3:
                    await wide.following.accept(ann, other)
                case 4:
                    await wide.follows.reject(ann, other)
                case _:
                    one, two, end = chance.choice(
                        [(ann, other, wide.follows.remove), (other, ann, wide.following.unfollow)]
                    )
                    await end(one, two)
        except NotFoundError:
            return

    for _ in range(3):
        await asyncio.gather(*(act(other) for other in [bob, cid] * 10))
        await drain(wide)
        states = [await follow_of(wide, other, ann) for other in (bob, cid)]
        assert await counted(wide, ann) == (states.count("follows"), 0)
        assert [await counted(wide, other) for other in (bob, cid)] == [(0, state == "follows") for state in states]


async def test_what_waits_is_not_swept(wide: Product, apart) -> None:
    ann, bob, cid = await apart(3)
    await lock(wide, ann)
    await wide.following.follow(bob, ann)
    await wide.following.follow(cid, ann)
    await wide.follows.reject(ann, cid)
    await drain(wide)
    assert await wide.follows.sweep((1 << 63) - 1) == 2
    assert await follow_of(wide, bob, ann) == "asks"


async def test_requests_count_against_the_cap(wide: Product, apart, monkeypatch) -> None:
    """Or whoever asks thousands would follow them all when they are let in."""
    monkeypatch.setattr(follows, "FOLLOWS_AT_MOST", 2)
    ann, bob, cid, dan = await apart(4)
    await lock(wide, bob)
    await wide.following.follow(ann, bob)
    await wide.following.follow(ann, cid)
    with pytest.raises(ValidationError):
        await wide.following.follow(ann, dan)
    await wide.following.follow(ann, bob)
    await wide.following.unfollow(ann, bob)
    await wide.following.follow(ann, dan)


async def test_lists_of_requests_in_pages(wide: Product, apart) -> None:
    ann, *others = await apart(4)
    await lock(wide, ann)
    for other in others:
        await wide.following.follow(other, ann)
    first = await wide.edges.requests(ann, Page(limit=2))
    assert (first.ids, first.full) == ([others[2], others[1]], True)
    second = await wide.edges.requests(ann, Page(limit=2, max_id=first.oldest))
    assert (second.ids, second.full) == ([others[0]], False)
    assert (await wide.edges.requests(ann, Page(limit=2, min_id=second.newest))).ids == first.ids
