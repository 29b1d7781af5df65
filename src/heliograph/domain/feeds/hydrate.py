"""Step 2: from ids to what a page shows, from cached fragments; misses are filled in one query a shard.

One wave when this process knows the authors (it remembers them: a post's author never changes), two otherwise.
"""

from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from heliograph.domain.accounts.profiles import ACCOUNT, ACCOUNT_COUNTS, Profiles
from heliograph.domain.posts.fragments import Posts
from heliograph.domain.posts.post import POST, POST_COUNTS, Header
from heliograph.stores.cache import Cache

KEPT_AUTHORS = 200_000


class Hydrated(msgspec.Struct, frozen=True):
    """A post in pieces: its header for the rules, and JSON members without braces to be put together."""

    header: Header
    body: bytes
    counts: bytes
    account: bytes
    account_counts: bytes


class Hydration:
    """Hydrates posts."""

    def __init__(self, cache: Cache, posts: Posts, profiles: Profiles) -> None:
        self._cache = cache
        self._posts = posts
        self._profiles = profiles
        self._authors: OrderedDict[int, int] = OrderedDict()

    async def posts(self, post_ids: Sequence[int], *, outside: bool = False) -> list[Hydrated]:
        """The posts of `post_ids` that are there and whose author is there, in the same order.

        `outside`: the ids came from outside, and may be anything.
        """
        guessed = list({self._authors[ident]: None for ident in post_ids if ident in self._authors})
        post_values, count_values, account_values, account_count_values = await self._cache.read(
            [(POST, post_ids), (POST_COUNTS, post_ids), (ACCOUNT, guessed), (ACCOUNT_COUNTS, guessed)]
        )
        found = await self._posts.complete(post_values, outside=outside)
        posts = {ident: post for ident, post in found.items() if not post[0].gone}
        self._remember(posts)
        authors = list({header.author: None for header, _ in posts.values()})
        unknown = [author for author in authors if author not in account_values]
        if unknown:
            more, more_counts = await self._cache.read([(ACCOUNT, unknown), (ACCOUNT_COUNTS, unknown)])
            account_values |= more
            account_count_values |= more_counts
        counts = await self._posts.complete_counts({ident: count_values[ident] for ident in posts})
        accounts = await self._profiles.complete({ident: account_values[ident] for ident in authors})
        account_counts = await self._profiles.complete_counts({ident: account_count_values[ident] for ident in authors})
        return [
            Hydrated(header, body, counts[ident], accounts[header.author], account_counts[header.author])
            for ident, (header, body) in posts.items()
            if header.author in accounts
        ]

    def _remember(self, posts: dict[int, tuple[Header, bytes]]) -> None:
        for ident, (header, _) in posts.items():
            self._authors[ident] = header.author
        while len(self._authors) > KEPT_AUTHORS:
            self._authors.popitem(last=False)
