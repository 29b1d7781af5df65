"""Push or pull: what a worker asks for each author before it delivers, and where crossing the line is noticed.

By cost (docs/design/push-or-pull.md), or by a fixed number of followers where the site says so.
"""

import random
from collections.abc import Iterable

from heliograph.base import ids
from heliograph.base.errors import StoreUnavailableError
from heliograph.domain.feeds.crossing import Audience, Crossing
from heliograph.domain.feeds.crowd import FAMOUS, READS_KEPT_S, Crowds
from heliograph.domain.feeds.pulled import PulledAuthors
from heliograph.stores.costs import COSTS, pulling_pays
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("audiences")

# By a fixed limit an author is pushed again only well below it, so that nobody goes back and forth.
PUSH_AGAIN_SHARE = 0.8
# A look takes the site some 3 ms, what 150 deliveries take. So one is made for so many deliveries, by chance, each post being some
# more of them: it is the smaller part of what is at stake, and whoever posts much, or to many, is found soon.
DELIVERIES_A_LOOK = 5_000
DELIVERIES_A_POST = COSTS.begin_us / COSTS.push_us
# Not sooner again than after so long, but at once when so many times as many follow.
LOOK_AGAIN_S = 600.0
GROWN = 2
# Those who are silent are looked at by a chore: who posts nothing is in nobody's way, but is pulled at each read. Famous ones sooner.
REVIEW_S, REVIEW_FAMOUS_S = 10 * 86400.0, READS_KEPT_S
REVIEWED_AT_ONCE = 100
# Every process knows all who are pulled, at some 250 bytes each. When there are so many, only famous ones join them.
MOST_PULLED = 50_000


class Choice:
    """Chooses. `push_limit`: followers up to which an author is pushed; 0: by cost."""

    def __init__(
        self, shards: Shards, crossing: Crossing, crowds: Crowds, pulled: PulledAuthors, push_limit: int
    ) -> None:
        self._shards = shards
        self._crossing = crossing
        self._crowds = crowds
        self._pulled = pulled
        self._push_limit = push_limit
        self._chance = random.Random()  # noqa: S311 -- a sample, not a secret

    async def audiences(self, authors: Iterable[int]) -> dict[int, Audience]:
        """How each of `authors` is delivered from now on; an author who does not exist is absent.

        A post is pushed unless its id is `pull_from` or above.
        """
        found = await self._crossing.audiences(authors)
        return {author: await self._decided(author, audience) for author, audience in found.items()}

    async def review(self) -> None:
        """Look at the audiences that nobody has looked at for long. By a fixed limit there is nothing to look at."""
        if self._push_limit:
            return
        values = {
            "seconds": REVIEW_S,
            "famous_seconds": REVIEW_FAMOUS_S,
            "limit": REVIEWED_AT_ONCE,
            "never": ids.MAX_ID,
        }
        due = [row["id"] for row in await self._shards.scatter(sql.due, **values)]
        for author, audience in (await self._crossing.audiences(due)).items():
            if not audience.crossing:
                await self._weighed(author, audience)

    async def _decided(self, author: int, audience: Audience) -> Audience:
        if audience.crossing:
            return audience
        if self._push_limit:
            if audience.followers >= FAMOUS and self._due(audience):
                await self._crowds.look(author, audience.followers, pulled=False)
            again = self._push_limit * PUSH_AGAIN_SHARE
            pulled = audience.pull_from is not None
            return await self._crossed(
                author, audience, pull=audience.followers >= again if pulled else audience.followers > self._push_limit
            )
        if not self._due(audience):
            return audience
        try:
            return await self._weighed(author, audience)
        except StoreUnavailableError:
            # Whatever is away, or takes too long: a delivery does not wait for a choice.
            return audience

    def _due(self, audience: Audience) -> bool:
        worth = DELIVERIES_A_POST + audience.followers >= self._chance.random() * DELIVERIES_A_LOOK
        if audience.looked_s is not None:
            grown = audience.followers > GROWN * audience.looked_followers
            return grown or (worth and audience.looked_s >= LOOK_AGAIN_S)
        return audience.pull_from is not None or (worth and audience.followers > 0)

    async def _weighed(self, author: int, audience: Audience) -> Audience:
        pulled = audience.pull_from is not None
        crowd = await self._crowds.look(author, audience.followers, pulled=pulled)
        pull = crowd is not None and pulling_pays(crowd, pulled=pulled)
        if pull and not pulled and audience.followers < FAMOUS:
            pull = await self._pulled.count() < MOST_PULLED
        return await self._crossed(author, audience, pull=pull)

    async def _crossed(self, author: int, audience: Audience, *, pull: bool) -> Audience:
        """The audience of an author who is to be pulled, or not."""
        if pull and audience.pull_from is None:
            return Audience(await self._crossing.start(author), audience.followers)
        if not pull and audience.pull_from is not None:
            await self._crossing.push_again(author)
            return Audience(None, audience.followers)
        return audience
