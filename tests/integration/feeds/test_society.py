"""Whatever a small society does, everybody's feeds, lists and counts are what a plain model says."""

import random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from society import TAGS, Society

from heliograph.base.paging import Page
from heliograph.domain.posts.post import Visibility
from heliograph.domain.product import Product

SIZE = 6
who = st.integers(0, SIZE - 1)
nth = st.integers(0, 30)
tags = st.sets(st.integers(0, TAGS - 1), max_size=2)

steps = st.one_of(
    st.tuples(
        st.just("post"),
        who,
        st.sampled_from([Visibility.PUBLIC, Visibility.PUBLIC, *Visibility]),
        st.sets(who, max_size=2),
        tags,
    ),
    st.tuples(st.just("retag"), nth, tags),
    st.tuples(
        st.just("reblog"), who, nth, st.sampled_from([Visibility.PUBLIC, Visibility.UNLISTED, Visibility.PRIVATE])
    ),
    st.tuples(st.just("unreblog"), who, nth),
    st.tuples(st.just("follow_tag"), who, st.integers(0, TAGS - 1)),
    st.tuples(st.just("unfollow_tag"), who, st.integers(0, TAGS - 1)),
    st.tuples(st.just("trend"), st.integers(0, TAGS - 1), st.sets(who, min_size=1, max_size=3), who, st.integers(1, 4)),
    st.tuples(st.just("fashion"), st.integers(0, TAGS - 1), st.sets(who, min_size=3)),
    st.tuples(st.just("burst"), who, st.integers(3, 7)),
    st.tuples(st.just("follow"), who, who),
    st.tuples(st.just("unfollow"), who, who),
    st.tuples(st.just("crowd"), who, st.sets(who, min_size=2)),
    st.tuples(st.just("desert"), who, st.sets(who, min_size=2)),
    st.tuples(st.just("delete"), nth),
    st.tuples(st.just("like"), who, nth),
    st.tuples(st.just("unlike"), who, nth),
    st.tuples(st.just("read"), who, st.integers(1, 6)),
    st.tuples(st.just("everybody reads")),
    st.tuples(st.just("drain")),
    st.tuples(st.just("gossip"), st.integers(0, 99)),
    st.tuples(st.just("expire"), who),
    st.tuples(st.just("flush")),
)


async def take(society: Society, step: tuple) -> None:
    """Do one step."""
    match step:
        case ("post", author, visibility, mentioned, some):
            await society.post(author, visibility, mentioned, frozenset(some))
        case ("trend", tag, followers, author, count):
            for follower in followers:
                await society.read_home(follower, Page(limit=2))
                await society.follow_tag(follower, tag)
            for _ in range(count):
                await society.post(author, Visibility.PUBLIC, set(), frozenset({tag}))
        case ("fashion", tag, followers):
            for follower in followers:
                await society.follow_tag(follower, tag)
        case ("burst", author, count):
            for _ in range(count):
                await society.post(author, Visibility.PUBLIC, set())
        case ("crowd", target, followers):
            for follower in followers:
                await society.follow(follower, target)
        case ("desert", target, followers):
            for follower in followers:
                await society.unfollow(follower, target)
        case ("read", reader, limit):
            await society.read_home(reader, Page(limit=limit))
        case ("everybody reads",):
            for reader in range(SIZE):
                await society.read_home(reader, Page(limit=3))
        case (name, *arguments):
            await getattr(society, name)(*arguments)


@given(history=st.lists(steps, min_size=5, max_size=40), seed=st.integers(0, 999))
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    # A history takes a quarter of a second: making a failing one shorter would outlast any patience.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_everybody_sees_what_they_must(narrow: Product, history: list[tuple], seed: int) -> None:
    await narrow.stores.valkey.one(lambda _: ("FLUSHALL",))
    society = await Society.gather(narrow, SIZE)
    for step in history:
        await take(society, step)
    await society.drain()
    await society.agrees(random.Random(seed))
