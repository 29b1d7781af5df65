"""Blocks: both ends, both directions; of a follow and a block at once only the block stands."""

import asyncio
import itertools
import random

import pytest
from ties import block_of, counted, follow_of, home, lock

from heliograph.base import ids
from heliograph.base.errors import ForbiddenError, NotFoundError
from heliograph.base.paging import Page
from heliograph.domain.feeds.timelines import AccountFilter
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product
from heliograph.wiring import drain, open_product


async def test_a_block_ends_what_there_was_in_both_directions(wide: Product, apart) -> None:
    ann, bob, cid = await apart(3)
    for other in (bob, cid):
        await wide.following.follow(ann, other)
        await wide.following.follow(other, ann)
    await wide.following.follow(cid, bob)
    await wide.blocks.block(ann, bob)
    assert await block_of(wide, ann, bob)
    assert not await block_of(wide, bob, ann)
    assert [await follow_of(wide, ann, bob), await follow_of(wide, bob, ann)] == ["no", "no"]
    assert [await counted(wide, each) for each in (ann, bob, cid)] == [(1, 1), (1, 0), (1, 2)]
    await drain(wide)
    assert [await counted(wide, each) for each in (ann, bob, cid)] == [(1, 1), (1, 0), (1, 2)]
    assert [await follow_of(wide, ann, cid), await follow_of(wide, cid, ann)] == ["follows", "follows"]
    await wide.blocks.unblock(ann, bob)
    assert not await block_of(wide, ann, bob)
    await drain(wide)
    assert [await follow_of(wide, ann, bob), await follow_of(wide, bob, ann)] == ["no", "no"]
    assert bob not in (await wide.relations.of(ann)).blocked
    assert ann not in (await wide.relations.of(bob)).blocked


async def test_a_block_ends_requests_in_both_directions(wide: Product, apart) -> None:
    ann, bob = await apart(2)
    await lock(wide, ann)
    await lock(wide, bob)
    await wide.following.follow(ann, bob)
    await wide.following.follow(bob, ann)
    await wide.blocks.block(bob, ann)
    assert [await follow_of(wide, ann, bob), await follow_of(wide, bob, ann)] == ["no", "no"]
    assert [await wide.follows.count_waiting(each) for each in (ann, bob)] == [0, 0]
    with pytest.raises(NotFoundError):
        await wide.following.accept(ann, bob)


async def test_nobody_follows_across_a_block(wide: Product, apart) -> None:
    ann, bob = await apart(2)
    await wide.blocks.block(ann, bob)
    for one, other in ((ann, bob), (bob, ann)):
        with pytest.raises(ForbiddenError, match="This action is not allowed"):
            await wide.following.follow(one, other)
        await wide.following.unfollow(one, other)
    await wide.blocks.unblock(ann, bob)
    for one, other in ((ann, bob), (bob, ann)):
        await wide.following.follow(one, other)
        assert await follow_of(wide, one, other) == "follows"


async def test_blocks_are_idempotent_and_not_of_oneself(wide: Product, apart) -> None:
    ann, bob = await apart(2)
    await wide.blocks.unblock(ann, bob)
    assert not await block_of(wide, ann, bob)
    await wide.blocks.block(ann, ann)
    assert not await block_of(wide, ann, ann)
    for _ in range(2):
        await asyncio.gather(*(wide.blocks.block(ann, bob) for _ in range(6)))
        assert await block_of(wide, ann, bob)
    assert (await wide.edges.blocked(ann, Page())).ids == [bob]
    for _ in range(2):
        await asyncio.gather(*(wide.blocks.unblock(ann, bob) for _ in range(6)))
        assert not await block_of(wide, ann, bob)
    assert await drain(wide) == 2, "one message each time that something changed"


async def test_what_was_decided_is_applied_in_any_order(wide: Product, apart) -> None:
    ann, bob = await apart(2)
    said = []
    for gone in (False, True, False):
        change, _ = await wide.blocks.decide(ann, bob, gone=gone)
        said.append(change)
    for order in itertools.permutations(said):
        for change in [*order, *order]:
            await wide.blocks.apply(change)
        assert await block_of(wide, ann, bob)
    last, _ = await wide.blocks.decide(ann, bob, gone=True)
    await wide.blocks.apply(last)
    await wide.following.follow(ann, bob)
    for change in said:
        await wide.blocks.settle(change)
    assert await follow_of(wide, ann, bob) == "follows", "a message that comes late ends nothing"


async def test_a_request_that_dies_between_the_ends(wide: Product, apart) -> None:
    """The block is decided, nothing else has happened: a worker does the rest."""
    ann, bob = await apart(2)
    await wide.following.follow(ann, bob)
    await wide.following.follow(bob, ann)
    await wide.blocks.decide(ann, bob, gone=False)
    await drain(wide)
    assert await block_of(wide, ann, bob)
    assert [await follow_of(wide, ann, bob), await follow_of(wide, bob, ann)] == ["no", "no"]
    assert [await counted(wide, each) for each in (ann, bob)] == [(0, 0), (0, 0)]


async def test_a_repeated_block_mends_the_other_end(wide: Product, apart) -> None:
    ann, bob = await apart(2)
    await wide.following.follow(ann, bob)
    await wide.following.follow(bob, ann)
    await wide.blocks.decide(ann, bob, gone=False)
    await wide.blocks.block(ann, bob)
    assert await block_of(wide, ann, bob)
    assert [await follow_of(wide, ann, bob), await follow_of(wide, bob, ann)] == ["no", "no"]


@pytest.mark.parametrize("blocker", [0, 1])
async def test_a_follow_and_a_block_at_once_never_both_stand(wide: Product, apart, blocker: int) -> None:
    """At the followed's shard and at the other: many follow while one blocks them, over and over."""
    star, *fans = await apart(9)
    for turn in range(6):

        async def block(fan: int) -> None:
            pair = (star, fan) if blocker else (fan, star)
            await wide.blocks.block(*pair)

        acts = [act for fan in fans for act in (block(fan), wide.following.follow(fan, star))]
        acts += [wide.following.follow(star, fan) for fan in fans]
        random.Random(turn).shuffle(acts)
        answers = await asyncio.gather(*acts, return_exceptions=True)
        assert all(answer is None or isinstance(answer, ForbiddenError) for answer in answers), answers
        assert {await follow_of(wide, fan, star) for fan in fans} == {"no"}
        assert {await follow_of(wide, star, fan) for fan in fans} == {"no"}
        await drain(wide)
        assert await counted(wide, star) == (0, 0)
        assert {await counted(wide, fan) for fan in fans} == {(0, 0)}
        for fan in fans:
            await wide.blocks.unblock(*((star, fan) if blocker else (fan, star)))


@pytest.mark.parametrize("seed", range(3))
async def test_everything_at_once(wide: Product, settings, two_shards, apart, seed: int) -> None:
    """Two processes, any order: in the end all ends agree, no follow crosses a block, and the counts are right."""
    people = await apart(4)
    chance = random.Random(seed)
    async with open_product(settings, two_shards) as other:

        async def act() -> None:
            here = chance.choice([wide, other])
            one, two = chance.sample(people, 2)
            verbs = [here.following.follow] * 4 + [here.following.unfollow, here.blocks.block, here.blocks.unblock]
            await asyncio.sleep(chance.random() / 30)
            try:
                await chance.choice(verbs)(one, two)
            except ForbiddenError:
                return

        for _ in range(3):
            await asyncio.gather(*(act() for _ in range(40)))
            await drain(wide)
            pairs = list(itertools.permutations(people, 2))
            follows = {pair for pair in pairs if await follow_of(wide, *pair) == "follows"}
            blocks = {pair for pair in pairs if await block_of(wide, *pair)}
            assert not {(one, two) for one, two in follows if {(one, two), (two, one)} & blocks}
            for each in people:
                wanted = (sum(two == each for _, two in follows), sum(one == each for one, _ in follows))
                assert await counted(wide, each) == wanted


async def test_lists_leave_out_whom_a_block_keeps_apart_and_lead_on(wide: Product, apart) -> None:
    star, ann, bob, cid, viewer = await apart(5)
    for each in (ann, bob, cid):
        await wide.following.follow(each, star)
        await wide.following.follow(star, each)
    await wide.blocks.block(viewer, bob)
    await wide.blocks.block(cid, viewer)
    for read in (wide.edges.followers, wide.edges.following):
        assert (await read(star, Page())).ids == [cid, bob, ann]
        assert (await read(star, Page(), viewer)).ids == [ann]
        walked, page = [], Page(limit=1)
        while (found := await read(star, page, viewer)).newest:
            walked.append(found.ids)
            page = Page(limit=1, max_id=found.oldest)
        assert walked == [[], [], [ann]], "a page may be empty, and still leads on"
    assert (await wide.edges.followers(bob, Page())).ids == [star]
    for hidden in (bob, cid):
        assert (await wide.edges.followers(hidden, Page(), viewer)).newest == 0
        assert (await wide.edges.following(hidden, Page(), viewer)).newest == 0


async def test_posts_across_a_block(wide: Product, apart) -> None:
    """Gone at once from home, from the profile and by their address; for both, and for nobody else."""
    ann, bob, cid = await apart(3)
    for one, other in itertools.permutations((ann, bob, cid), 2):
        await wide.following.follow(one, other)
    draft = Draft(text="light", media_ids=[], visibility=Visibility.PUBLIC)
    made = {each: (await wide.publishing.publish(each, draft)).post_id for each in (ann, bob, cid)}
    await drain(wide)
    await wide.likes.like(bob, made[ann])
    everything = sorted(made.values(), reverse=True)
    assert await home(wide, bob) == await home(wide, ann) == everything
    await wide.blocks.block(ann, bob)
    for one, other in ((ann, bob), (bob, ann)):
        seen = [ident for ident in everything if ident != made[other]]
        assert await home(wide, one) == seen
        assert (await wide.timelines.account(one, other, Page(), AccountFilter())).items == []
        public = await wide.timelines.public(one, Page(), media_only=False)
        assert (public.newest, public.oldest, len(public.items)) == (seen[0], seen[-1], 2)
        with pytest.raises(NotFoundError):
            await wide.timelines.post(one, made[other])
        assert await wide.people.one(other), "the account itself stays visible, so that it can be unblocked"
    assert (await wide.timelines.favourites(bob, Page())).items == []
    assert await home(wide, cid) == everything


async def test_tombstones_go_but_blocks_stay(wide: Product, apart) -> None:
    ann, bob, cid = await apart(3)
    await wide.blocks.block(ann, bob)
    await wide.blocks.block(ann, cid)
    await wide.blocks.unblock(ann, bob)
    await drain(wide)
    assert await wide.blocks.sweep(1) == 0
    assert await wide.blocks.sweep(ids.MAX_ID) == 2
    assert await block_of(wide, ann, cid)
    await wide.blocks.block(ann, bob)
    assert (await wide.edges.blocked(ann, Page())).ids == [bob, cid]
