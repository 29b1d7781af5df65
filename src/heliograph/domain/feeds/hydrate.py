"""Step 2: from ids to what a page shows, from cached fragments; misses are filled in one query a shard.

One wave when this process knows the authors and what is reblogged (it remembers both: neither ever changes), up to three
otherwise: the posts, what they reblog, the authors.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Optional

import msgspec

from heliograph.domain.accounts.profiles import ACCOUNT, ACCOUNT_COUNTS, Profiles
from heliograph.domain.posts.fragments import Posts
from heliograph.domain.posts.post import POST, POST_COUNTS, Header
from heliograph.stores.cache import Cache

KEPT_POSTS = 200_000

Bodies = dict[int, bytes | None]


class Hydrated(msgspec.Struct, frozen=True):
    """A post in pieces: its header for the rules, and JSON members without braces to be put together.

    `original`: the pieces of what it reblogs.
    """

    header: Header
    body: bytes
    counts: bytes
    account: bytes
    account_counts: bytes
    original: Optional["Hydrated"] = None

    @property
    def shown(self) -> Header:
        """The header of what is seen of it: of the original, for a reblog."""
        return self.original.header if self.original else self.header


class _Pieces:
    """What has been read of the cache so far, by id."""

    def __init__(self) -> None:
        self.posts: Bodies = {}
        self.counts: Bodies = {}
        self.accounts: Bodies = {}
        self.account_counts: Bodies = {}


class Hydration:
    """Hydrates posts."""

    def __init__(self, cache: Cache, posts: Posts, profiles: Profiles) -> None:
        self._cache = cache
        self._posts = posts
        self._profiles = profiles
        # Author and original of posts.
        self._known: OrderedDict[int, tuple[int, int]] = OrderedDict()

    async def posts(self, post_ids: Sequence[int], *, outside: bool = False) -> list[Hydrated]:
        """The posts of `post_ids` that are there and whose author is there, in the same order.

        A reblog is there while its original is. `outside`: the ids came from outside, and may be anything.
        """
        pieces = _Pieces()
        await self._read_known(pieces, post_ids)
        found = await self._complete_posts(pieces, post_ids, outside=outside)
        originals = list({header.original: None for header, _ in found.values() if header.original})
        await self._read(pieces, posts=originals, accounts=self._authors(found))
        found = await self._complete_posts(pieces, originals, outside=outside) | found
        authors = self._authors(found)
        await self._read(pieces, posts=(), accounts=authors)
        counts = await self._posts.complete_counts({ident: pieces.counts[ident] for ident in found})
        accounts = await self._profiles.complete({ident: pieces.accounts[ident] for ident in authors})
        account_counts = await self._profiles.complete_counts(
            {ident: pieces.account_counts[ident] for ident in authors}
        )

        def put_together(ident: int) -> Hydrated | None:
            if ident not in found or found[ident][0].author not in accounts:
                return None
            header, body = found[ident]
            original = put_together(header.original) if header.original else None
            if header.original and original is None:
                return None
            return Hydrated(
                header, body, counts[ident], accounts[header.author], account_counts[header.author], original
            )

        return [each for each in map(put_together, dict.fromkeys(post_ids)) if each is not None]

    async def _read_known(self, pieces: _Pieces, post_ids: Sequence[int]) -> None:
        """One wave for the posts and for all that this process knows to belong to them."""
        originals = [self._known[ident][1] for ident in post_ids if ident in self._known and self._known[ident][1]]
        wanted = list(dict.fromkeys([*post_ids, *originals]))
        guessed = list({self._known[ident][0]: None for ident in wanted if ident in self._known})
        await self._read(pieces, wanted, guessed)

    async def _read(self, pieces: _Pieces, posts: Iterable[int], accounts: Iterable[int]) -> None:
        """Read what has not been read yet; no wave when there is nothing of that."""
        posts = [ident for ident in posts if ident not in pieces.posts]
        accounts = [ident for ident in accounts if ident not in pieces.accounts]
        parts = await self._cache.read(
            [(POST, posts), (POST_COUNTS, posts), (ACCOUNT, accounts), (ACCOUNT_COUNTS, accounts)]
        )
        pieces.posts |= parts[0]
        pieces.counts |= parts[1]
        pieces.accounts |= parts[2]
        pieces.account_counts |= parts[3]

    async def _complete_posts(
        self, pieces: _Pieces, post_ids: Sequence[int], *, outside: bool
    ) -> dict[int, tuple[Header, bytes]]:
        """Header and body of those of `post_ids` that are there; they are remembered."""
        found = await self._posts.complete({ident: pieces.posts[ident] for ident in post_ids}, outside=outside)
        alive = {ident: post for ident, post in found.items() if not post[0].gone}
        for ident, (header, _) in alive.items():
            self._known[ident] = (header.author, header.original)
        while len(self._known) > KEPT_POSTS:
            self._known.popitem(last=False)
        return alive

    @staticmethod
    def _authors(found: dict[int, tuple[Header, bytes]]) -> list[int]:
        return list({header.author: None for header, _ in found.values()})
