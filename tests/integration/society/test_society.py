"""Whatever ten people do on two web processes, everybody sees what a plain model says, and nothing forbidden on the way."""

import random

import pytest
from society_acts import Acts
from society_eyes import Eyes
from society_model import Model
from society_people import People
from society_workers import Workers

SIZE = 10
STEPS = 150


class Society:
    """People, the model, and all that may happen."""

    def __init__(self, processes, seed: int) -> None:
        webs, product = processes
        self.chance = random.Random(seed)
        self.model = Model(SIZE)
        self.people = People(webs, self.chance)
        self.workers = Workers(product, self.chance, self.people.story)
        self.acts = Acts(self.model, self.people, self.drain)
        self.eyes = Eyes(self.model, self.people)
        self.happenings = [
            (4, self.workers.work), (2, self.workers.gossip), (1, self.drain),
            (1, self.workers.evict), (1, self.workers.flush),
        ]  # fmt: skip

    async def drain(self) -> None:
        await self.workers.drain()
        self.model.drained()

    async def live(self, steps: int) -> None:
        await self.people.gather(self.workers.product, SIZE)
        for _ in range(steps):
            kinds = ((50, self.acts.often()), (35, self.eyes.often()), (15, self.happenings))
            weighted = self._one(kinds)
            await self._one(weighted)()
            self.model.notices.doubt(self.model.tellable)
        await self.drain()
        await self.eyes.agree()

    def _one(self, weighted):
        return self.chance.choices([each for _, each in weighted], [weight for weight, _ in weighted])[0]


@pytest.mark.parametrize("seed", range(1, 13))
async def test_everybody_sees_what_they_must(processes, seed: int) -> None:
    society = Society(processes, seed)
    try:
        await society.live(STEPS)
    except BaseException:
        print(f"seed {seed}", *society.people.story[-60:], sep="\n")
        raise
