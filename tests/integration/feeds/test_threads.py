"""Threads on two shards: who answers whom, what is counted, who sees what; whatever comes twice, late or not at all."""

import random
from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest
from circle import Circle, opened

from heliograph.base import ids
from heliograph.base.errors import NotFoundError, StoreUnavailableError
from heliograph.base.settings import Settings
from heliograph.base.topology import Topology
from heliograph.domain.feeds import threads
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.posts.threads import Reply
from heliograph.domain.product import Product
from heliograph.stores.queries import parse
from heliograph.wiring import drain
from heliograph.workers import chores

PUBLIC, UNLISTED, PRIVATE, DIRECT = Visibility
sql = parse(
    "remains",
    """
-- name: of
-- scatter
SELECT (SELECT count(*) FROM threads) AS threads, (SELECT count(*) FROM replies) AS replies,
       (SELECT count(*) FROM counts WHERE kind = 5) AS counts, (SELECT count(*) FROM posts) AS posts;
""",
)


@pytest.fixture
async def circle(settings: Settings, two_shards: Topology) -> AsyncIterator[Circle]:
    async with opened(settings, two_shards) as product:
        await product.stores.valkey.one(lambda _: ("FLUSHALL",))
        yield await Circle.gather(product, 4)


class Talk:
    """People who answer each other. Numbers stand for people, ids for posts."""

    def __init__(self, circle: Circle) -> None:
        self.circle, self.product, self.people = circle, circle.product, circle.people

    async def say(
        self, who: int, answered: int | None = None, visibility: Visibility = PUBLIC, text: str = "well", key: str = ""
    ) -> int:
        draft = Draft(text=text, media_ids=[], visibility=visibility, key=key)
        return (await self.product.publishing.publish(self.people[who], draft, answered)).post_id

    async def around(self, who: int | None, post_id: int) -> tuple[list[int], list[int]]:
        viewer = None if who is None else self.people[who]
        found = await self.product.contexts.of(viewer, post_id)
        return tuple(
            [int(msgspec.json.decode(item)["id"]) for item in items] for items in (found.ancestors, found.descendants)
        )

    async def replies(self, post_id: int, who: int = 0) -> int:
        return msgspec.json.decode(await self.product.timelines.post(self.people[who], post_id))["replies_count"]


@pytest.fixture
def talk(circle: Circle) -> Talk:
    return Talk(circle)


async def remains(product: Product) -> dict[str, int]:
    rows = [dict(row) for row in await product.stores.shards.scatter(sql.of)]
    return {name: sum(row[name] for row in rows) for name in rows[0]}


async def test_a_thread_is_seen_at_once_from_everywhere(talk: Talk) -> None:
    root = await talk.say(0)
    first = await talk.say(1, root)
    second = await talk.say(2, first)
    other = await talk.say(3, root)
    own = await talk.say(0, root)
    assert await talk.around(0, root) == ([], [own, first, second, other])
    assert await talk.around(3, second) == ([root, first], [])
    assert await talk.around(None, first) == ([root], [second])
    assert [await talk.replies(each) for each in (root, first, second)] == [3, 1, 0]
    shown = msgspec.json.decode(await talk.product.timelines.post(None, second))
    assert (shown["in_reply_to_id"], shown["in_reply_to_account_id"]) == (str(first), str(talk.people[1]))
    await talk.circle.listen()
    for seed in range(4):
        await talk.circle.gossip(seed)
    await drain(talk.product)
    assert [await talk.replies(each) for each in (root, first, second)] == [3, 1, 0]


@pytest.mark.parametrize("seed", range(4))
async def test_any_thread_is_what_the_model_says(talk: Talk, seed: int) -> None:
    """Answers of every visibility, deletions, messages twice and late; each viewer sees their part, in order."""
    chance = random.Random(seed)
    await talk.circle.follow(1, 0)
    await talk.circle.follow(2, 3)
    said: dict[int, tuple[int, int | None, Visibility, set[int]]] = {}
    root = await talk.say(0)
    said[root] = (0, None, PUBLIC, set())
    gone: set[int] = set()

    def sees(who: int | None, ident: int) -> bool:
        author, _, visibility, named = said[ident]
        if ident in gone:
            return False
        if who is not None and (who == author or who in named or visibility in (PUBLIC, UNLISTED)):
            return True
        follows = (who, author) in {(1, 0), (2, 3)}
        return visibility in (PUBLIC, UNLISTED) or (visibility == PRIVATE and follows)

    for _ in range(40):
        who = chance.randrange(4)
        seen = [ident for ident in sorted(said) if sees(who, ident)]
        step = chance.random()
        if step < 0.7 and seen:
            answered = chance.choice(seen)
            visibility = chance.choice([PUBLIC, PUBLIC, UNLISTED, PRIVATE, DIRECT])
            named = {chance.randrange(4)} if chance.random() < 0.5 else set()
            text = "well " + " ".join(f"@{talk.circle.names[each]}" for each in named)
            ident = await talk.say(who, answered, visibility, text)
            said[ident] = (who, answered, visibility, named)
        elif step < 0.85:
            own = [ident for ident in seen if said[ident][0] == who]
            if own:
                ident = chance.choice(own)
                await talk.product.remover.delete(talk.people[who], ident)
                gone.add(ident)
        elif step < 0.95:
            await talk.circle.gossip(chance.randrange(1000))
        else:
            await talk.circle.drain()

    def below(ident: int) -> list[int]:
        children = sorted(each for each, (_, answered, *_) in said.items() if answered == ident)
        # What is gone says of nobody that they answered themselves.
        children.sort(key=lambda each: each in gone or said[each][0] != said[ident][0])
        return [found for child in children for found in (child, *below(child))]

    def above(ident: int) -> list[int]:
        answered = said[ident][1]
        return [] if answered is None else [*above(answered), answered]

    async def agrees() -> None:
        for who in (None, 0, 1, 2, 3):
            for ident in said:
                if not sees(who, ident):
                    with pytest.raises(NotFoundError):
                        await talk.around(who, ident)
                    continue
                expected = [[each for each in side(ident) if sees(who, each)] for side in (above, below)]
                assert await talk.around(who, ident) == tuple(expected)
        for ident, (who, *_) in said.items():
            if ident not in gone:
                counted = sum(
                    answered == ident and visibility in (PUBLIC, UNLISTED) and each not in gone
                    for each, (_, answered, visibility, _) in said.items()
                )
                assert await talk.replies(ident, who) == counted

    await agrees()
    await talk.circle.drain()
    await talk.circle.gossip(seed)
    await agrees()


async def test_what_cannot_be_answered(talk: Talk) -> None:
    private = await talk.say(0, visibility=PRIVATE)
    public = await talk.say(0)
    gone = await talk.say(0)
    await talk.product.remover.delete(talk.people[0], gone)
    for answered in (private, gone, public + 1, 1):
        with pytest.raises(NotFoundError):
            await talk.say(1, answered)
    await talk.product.blocks.block(talk.people[0], talk.people[1])
    with pytest.raises(NotFoundError):
        await talk.say(1, public)
    await talk.say(0, private)
    assert (await remains(talk.product))["threads"] == 1


async def test_blocked_and_muted_people_are_not_heard_but_those_who_answer_them_are(talk: Talk) -> None:
    root = await talk.say(0)
    blocked, muted = await talk.say(1, root), await talk.say(2, root)
    answers = [await talk.say(3, blocked), await talk.say(3, muted)]
    await talk.product.blocks.block(talk.people[0], talk.people[1])
    await talk.product.mutes.mute(talk.people[0], talk.people[2])
    assert await talk.around(0, root) == ([], answers)
    assert await talk.around(1, answers[0]) == ([blocked], [])
    assert await talk.around(0, answers[1]) == ([root], [])
    assert await talk.around(3, root) == ([], [blocked, answers[0], muted, answers[1]])


async def test_an_answer_to_a_reblog_answers_the_original(talk: Talk) -> None:
    root = await talk.say(0)
    header = await talk.product.timelines.proper(talk.people[1], root)
    shared = await talk.product.publishing.reblog(talk.people[1], header, PUBLIC)
    reply = await talk.say(2, shared)
    assert await talk.around(3, reply) == ([root], [])
    assert await talk.around(3, shared) == ([], [reply])


async def test_the_outbox_does_what_the_request_could_not(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    root = await talk.say(0)

    async def away(_: Reply) -> None:
        raise StoreUnavailableError("postgres")

    async def dies(*_: object) -> None:
        raise RuntimeError("the process died behind the commit")

    with monkeypatch.context() as patch:
        patch.setattr(talk.product.threads, "add", away)
        reply = await talk.say(1, root)
        patch.setattr(talk.product.publishing, "_at_once", dies)
        with pytest.raises(RuntimeError):
            await talk.say(2, root)
    assert await talk.around(0, root) == ([], [])
    await drain(talk.product)
    assert len((await talk.around(0, root))[1]) == await talk.replies(root) == 2

    with monkeypatch.context() as patch:
        patch.setattr(talk.product.threads, "remove", away)
        await talk.product.remover.delete(talk.people[1], reply)
    assert await talk.replies(root) == 2
    await drain(talk.product)
    assert await talk.replies(root) == 1


async def test_a_deletion_that_comes_before_the_publication(talk: Talk) -> None:
    root = await talk.say(0)
    (slot,) = {ids.slot_of(talk.people[1])}
    reply = Reply(((root >> 22) << 22) + (slot << 12) + 7, root, root, counted=True)
    await talk.product.threads.settle(reply, gone=True)
    await talk.product.threads.settle(reply, gone=False)
    await talk.product.threads.settle(reply, gone=True)
    assert await talk.replies(root) == 0
    assert (await remains(talk.product)) | {"posts": 0} == {"threads": 1, "replies": 1, "counts": 0, "posts": 0}


async def test_a_thread_holds_together_and_leaves_nothing(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    root = await talk.say(0)
    middle = await talk.say(1, root)
    leaf = await talk.say(2, middle)
    last = await talk.say(3, leaf)
    await talk.product.remover.delete(talk.people[1], middle)
    for _ in range(2):
        assert await talk.around(0, root) == ([], [leaf, last])
        assert await talk.around(3, last) == ([root, leaf], [])
        assert await talk.replies(root) == 0
        await drain(talk.product)
    await talk.product.remover.delete(talk.people[0], root)
    assert await talk.around(2, last) == ([leaf], [])
    again = await talk.say(2, last)
    assert await talk.around(2, leaf) == ([], [last, again])
    await drain(talk.product)
    monkeypatch.setattr(chores, "SETTLED", timedelta(seconds=-60))
    await chores.sweep(talk.product)
    assert (await remains(talk.product))["threads"] == 4, "the deleted one in the middle is still needed"
    for author, ident in ((2, leaf), (2, again), (3, last)):
        await talk.product.remover.delete(talk.people[author], ident)
    await drain(talk.product)
    await chores.sweep(talk.product)
    assert await remains(talk.product) == {"threads": 0, "replies": 0, "counts": 0, "posts": 0}


async def test_how_much_is_shown(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "FOR_ANYONE", threads.Reach(above=2, below=4, deep=2))
    root = await talk.say(0)
    chain = [root]
    for who in (1, 2, 3, 1):
        chain.append(await talk.say(who, chain[-1]))
    others = [await talk.say(2, root) for _ in range(3)]
    assert await talk.around(None, chain[4]) == (chain[2:4], [])
    assert await talk.around(None, root) == ([], [chain[1], chain[2], *others[:2]])
    assert await talk.around(0, chain[4]) == (chain[:4], [])
    assert await talk.around(0, root) == ([], [*chain[1:], *others])


async def test_the_key_of_a_reply(talk: Talk) -> None:
    root = await talk.say(0)
    reply = await talk.say(1, root, key="k")
    assert await talk.say(1, root, key="k") == reply
    assert await talk.replies(root) == 1
    await talk.product.remover.delete(talk.people[1], reply)
    anew = await talk.say(1, root, key="k")
    assert anew != reply
    assert await talk.around(0, root) == ([], [anew])
    await drain(talk.product)
    assert await talk.replies(root) == 1
