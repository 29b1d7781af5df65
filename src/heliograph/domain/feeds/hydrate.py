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

    async def posts(self, post_ids: Sequence[int]) -> list[Hydrated]:
        """The posts of `post_ids` that are there and whose author is there, in the same order."""
        guessed = list(dict.fromkeys(self._authors[ident] for ident in post_ids if ident in self._authors))
        post_values, count_values, account_values, account_count_values = await self._wave(post_ids, guessed)
        posts = await self._posts.complete(post_values)
        headers = {ident: header for ident, (header, _) in posts.items() if not header.gone}
        if not headers:
            return []
        self._remember(headers)
        authors = dict.fromkeys(header.author for header in headers.values())
        unknown = [author for author in authors if author not in account_values]
        if unknown:
            _, _, more_accounts, more_counts = await self._wave((), unknown)
            account_values |= more_accounts
            account_count_values |= more_counts
        counts = await self._posts.complete_counts({ident: count_values[ident] for ident in headers})
        accounts = await self._profiles.complete({ident: account_values[ident] for ident in authors})
        account_counts = await self._profiles.complete_counts({ident: account_count_values[ident] for ident in authors})
        return [
            Hydrated(
                headers[ident],
                posts[ident][1],
                counts[ident],
                accounts[headers[ident].author],
                account_counts[headers[ident].author],
            )
            for ident in post_ids
            if ident in headers and headers[ident].author in accounts
        ]

    async def _wave(
        self, post_ids: Sequence[int], authors: Sequence[int]
    ) -> tuple[dict[int, bytes | None], dict[int, bytes | None], dict[int, bytes | None], dict[int, bytes | None]]:
        """What the cache has of posts, their counts, accounts, their counts."""
        values = await self._cache.read(
            [
                *((POST, ident) for ident in post_ids),
                *((POST_COUNTS, ident) for ident in post_ids),
                *((ACCOUNT, ident) for ident in authors),
                *((ACCOUNT_COUNTS, ident) for ident in authors),
            ]
        )
        posts, accounts = len(post_ids), len(authors)
        return (
            dict(zip(post_ids, values[:posts], strict=True)),
            dict(zip(post_ids, values[posts : 2 * posts], strict=True)),
            dict(zip(authors, values[2 * posts : 2 * posts + accounts], strict=True)),
            dict(zip(authors, values[2 * posts + accounts :], strict=True)),
        )

    def _remember(self, headers: dict[int, Header]) -> None:
        for ident, header in headers.items():
            self._authors[ident] = header.author
        while len(self._authors) > KEPT_AUTHORS:
            self._authors.popitem(last=False)
