"""Random doings of a few people, messages delivered twice, late and out of order, against a model in memory."""

import random
from dataclasses import dataclass, field

import pytest
from hearing import Told, deliver, entities, post, short, take_messages, told

from heliograph.base.errors import NotFoundError
from heliograph.domain.posts.post import Visibility
from heliograph.domain.product import Product
from heliograph.stores.outbox import Message

STEPS = 60


@dataclass
class Model:
    """What everybody must have been told, once nothing is under way."""

    people: list[int]
    posts: dict[int, tuple[int, set[int]]] = field(default_factory=dict)
    marks: dict[Told, int] = field(default_factory=dict)
    follows: set[tuple[int, int]] = field(default_factory=set)
    dismissed: set[tuple[int, Told]] = field(default_factory=set)

    def told(self, account: int) -> set[Told]:
        marks = {mark for mark in self.marks if self.marks[mark] == account and mark[1] != account}
        mentions = {("mention", by, post_id) for post_id, (by, named) in self.posts.items() if account in named - {by}}
        follows = {("follow", by, 0) for by, target in self.follows if target == account}
        return {each for each in marks | mentions | follows if (account, each) not in self.dismissed}

    def begins(self, account: int, told: Told) -> None:
        self.dismissed.discard((account, told))


class Play:
    """One run: what is done is done to the product and to the model."""

    def __init__(self, product: Product, people: list[int], chance: random.Random) -> None:
        self.product, self.model, self.chance = product, Model(people), chance
        self.heard: list[Message] = []
        self.waiting: list[Message] = []

    async def step(self) -> None:
        doings = [
            self.write, self.write, self.mark, self.mark, self.mark, self.unmark, self.follow, self.unfollow,
            self.delete, self.dismiss, self.work, self.gossip,
        ]  # fmt: skip
        await self.chance.choice(doings)()

    def somebody(self) -> int:
        return self.chance.choice(self.model.people)

    def any_post(self) -> int | None:
        return self.chance.choice(sorted(self.model.posts)) if self.model.posts else None

    async def write(self) -> None:
        by, named, answers = self.somebody(), {self.somebody()}, self.any_post()
        made = await post(self.product, by, *named, answers=answers)
        if answers is not None:
            named.add(self.model.posts[answers][0])
        self.model.posts[made] = (by, named)

    async def mark(self) -> None:
        by, about, kind = self.somebody(), self.any_post(), self.chance.choice(["favourite", "reblog"])
        if about is None:
            return
        if kind == "favourite":
            await self.product.likes.like(by, about)
        else:
            header = await self.product.timelines.header(by, about)
            await self.product.publishing.reblog(by, header, Visibility.PUBLIC)
        author = self.model.posts[about][0]
        if (kind, by, about) not in self.model.marks:
            self.model.begins(author, (kind, by, about))
        self.model.marks[kind, by, about] = author

    async def unmark(self) -> None:
        if not self.model.marks:
            return
        kind, by, about = self.chance.choice(sorted(self.model.marks))
        del self.model.marks[kind, by, about]
        await (self.product.likes.unlike if kind == "favourite" else self.product.publishing.unreblog)(by, about)

    async def follow(self) -> None:
        by, target = self.chance.sample(self.model.people, 2)
        await self.product.following.follow(by, target)
        if (by, target) not in self.model.follows:
            self.model.begins(target, ("follow", by, 0))
        self.model.follows.add((by, target))

    async def unfollow(self) -> None:
        if self.model.follows:
            edge = self.chance.choice(sorted(self.model.follows))
            self.model.follows.remove(edge)
            await self.product.following.unfollow(*edge)

    async def delete(self) -> None:
        gone = self.any_post()
        if gone is not None:
            author, _ = self.model.posts.pop(gone)
            self.model.marks = {mark: who for mark, who in self.model.marks.items() if mark[2] != gone}
            await self.product.remover.delete(author, gone)

    async def dismiss(self) -> None:
        await self.settle()
        account = self.somebody()
        found = await entities(self.product, account)
        if found:
            one = self.chance.choice(found)
            await self.product.notifications.dismiss(account, int(one["id"]))
            self.model.dismissed.add((account, short(one)))
            with pytest.raises(NotFoundError):
                await self.product.notifications.dismiss(account, int(one["id"]))

    async def listen(self) -> None:
        taken = await take_messages(self.product)
        self.waiting += taken
        self.heard += taken

    async def work(self) -> None:
        """Some of what waits is done, in any order."""
        await self.listen()
        self.chance.shuffle(self.waiting)
        done, self.waiting = self.waiting[:5], self.waiting[5:]
        await deliver(self.product, *done)

    async def gossip(self) -> None:
        """What was done long ago is done again."""
        if self.heard:
            await deliver(self.product, *self.chance.choices(self.heard, k=5))
        await self.listen()

    async def settle(self) -> None:
        await self.listen()
        while self.waiting:
            await self.work()
            await self.listen()


@pytest.mark.parametrize("seed", range(4))
async def test_everybody_is_told_what_there_is_and_nothing_else(product: Product, across, seed: int) -> None:
    play = Play(product, await across(4), random.Random(seed))
    for _ in range(STEPS):
        await play.step()
    await play.settle()
    for account in play.model.people:
        found = await told(product, account)
        assert len(found) == len(set(found)), "nothing twice"
        assert set(found) == play.model.told(account)
        assert await product.notifications.unread(account, 1000) == len(found)
