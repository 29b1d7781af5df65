"""A society on a real site: accounts, follows, a week of posts, feeds. It can be lived in again and again from the same start."""

import heapq
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence

from heliograph.lab.bench import crowd
from heliograph.lab.bench.trial import Trial
from heliograph.lab.pushpull.graphs import Society
from heliograph.lab.pushpull.simulate import POSTS_DAYS, READS_DAYS, crowds_of, seen
from heliograph.stores.costs import worth_a_look
from heliograph.stores.idlists import HOME, RECENT, IdLists, Key
from heliograph.stores.queries import load as queries
from heliograph.stores.valkey import Valkey

sql = queries("pushpull")

FEED_IDS, TTL_S = 800, 86400
AT_ONCE = 64


class Town:
    """A society that has moved in. `people`: by account number, the most famous first."""

    def __init__(self, trial: Trial, society: Society, people: list[crowd.Person]) -> None:
        self.trial = trial
        self.society = society
        self.people = people
        self._crowds = crowds_of(society)
        self._now = 0
        self._feeds: dict[Key, bytes] = {}

    @classmethod
    async def built(cls, trial: Trial, society: Society) -> "Town":
        """A site on which `society` has lived for a week."""
        people = await crowd.people(trial.shards, len(society.posts), "neighbour")
        town = cls(trial, society, people)
        follows = [(people[one].id, people[other].id) for one, all_of in enumerate(society.follows) for other in all_of]
        await crowd.follow(trial.shards, follows)
        counts = [round(rate * POSTS_DAYS) for rate in society.posts]
        await crowd.make(trial.shards, sql.history, authors=town.idents(), posts=counts, text=crowd.TEXT)
        await crowd.make(trial.shards, crowd.sql.analyze)
        await town._remember()
        return town

    def idents(self, numbers: Iterable[int] | None = None) -> list[int]:
        """The accounts with these numbers, or all."""
        return [self.people[at].id for at in numbers] if numbers is not None else [each.id for each in self.people]

    def followers(self) -> list[int]:
        """How many follow each, by number."""
        return [each.followers for each in self._crowds]

    async def know(self, *, grown: bool = False) -> set[int]:
        """Let the site know what it would of audiences for which the choice matters; their authors.

        `grown`: nobody followed them when they were last looked at, so each is looked at as soon as its author posts.
        """
        chance = random.Random(5)  # noqa: S311 -- noise, not secrets
        told = [(at, seen(each, chance)) for at, each in enumerate(self._crowds)]
        known = [(self.people[at].id, each) for at, each in told if worth_a_look(each.push_us_a_day(), pulled=True)]
        await crowd.make(
            self.trial.shards,
            sql.audiences,
            authors=[author for author, _ in known],
            followers=[0 if grown else each.followers for _, each in known],
            reads=[each.reads_a_day for _, each in known],
            days=float(READS_DAYS),
        )
        return {author for author, _ in known}

    async def _remember(self) -> None:
        """The feeds as they are now: of everybody who reads, and each author's own posts."""
        by_author: defaultdict[int, list[int]] = defaultdict(list)
        for row in await self.trial.shards.scatter(crowd.sql.posts_of, authors=self.idents()):
            by_author[row["account_id"]].append(row["id"])
        self._now = max(max(some) for some in by_author.values())
        wanted: dict[Key, Iterable[int]] = {(RECENT, author): some for author, some in by_author.items()}
        for number, (person, rate) in enumerate(zip(self.people, self.society.reads, strict=True)):
            if rate:
                authors = [person.id, *self.idents(self.society.follows[number])]
                wanted[HOME, person.id] = (post for author in authors for post in by_author[author])
        self._feeds = {key: await self._dumped(key, heapq.nlargest(FEED_IDS, posts)) for key, posts in wanted.items()}

    async def _dumped(self, key: Key, posts: Sequence[int]) -> bytes:
        """A list as Valkey would store it."""
        valkey = self.trial.valkey
        lists = IdLists(valkey, FEED_IDS)
        await lists.begin(*key, TTL_S)
        await lists.finish(*key, posts, posts[-1] - 1 if len(posts) == FEED_IDS else 0, TTL_S)
        blob: bytes = await valkey.one(lambda keys: ("DUMP", keys.id_list(*key)))
        await lists.drop([key])
        return blob

    async def begin_anew(self, pulled: Sequence[int]) -> None:
        """All is as it was when the town had been built; `pulled` (accounts) are pulled, nobody else is."""
        shards = self.trial.shards
        await crowd.make(shards, sql.unpost, above=self._now)
        await crowd.make(shards, sql.untell)
        await crowd.make(shards, sql.forget_audiences)
        await crowd.make(shards, sql.pull, authors=self.idents(), pull_from=None)
        await crowd.make(shards, sql.pull, authors=pulled, pull_from=1)
        recent = set(pulled)
        kept = [key for key in self._feeds if key[0] == HOME or key[1] in recent]
        await IdLists(self.trial.valkey, FEED_IDS).drop([key for key in self._feeds if key[0] == RECENT])
        for at in range(0, len(kept), AT_ONCE):
            await self._restore(self.trial.valkey, kept[at : at + AT_ONCE])

    async def _restore(self, valkey: Valkey, wanted: Sequence[Key]) -> None:
        await valkey.wave(
            lambda keys: [("RESTORE", keys.id_list(*key), TTL_S * 1000, self._feeds[key], "REPLACE") for key in wanted]
        )
