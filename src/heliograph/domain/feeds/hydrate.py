"""Step 2: from ids to what a page shows, from cached fragments; misses are filled in one query a shard.

No wave for who has heard of Valkey already, when this process keeps all of it, which is nearly always: then the four pieces of a
post have been joined to what a page shows, and are kept so until one of them changes. Else one wave when this process knows the
authors and what is reblogged (it remembers both: neither ever changes), up to three otherwise: the posts, what they reblog, the
authors.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

import msgspec

from heliograph.domain.accounts.profiles import ACCOUNT, ACCOUNT_COUNTS, Profiles
from heliograph.domain.feeds import present
from heliograph.domain.feeds.pieces import NOBODY, Hydrated
from heliograph.domain.posts.fragments import Posts
from heliograph.domain.posts.post import POST, POST_COUNTS, Header
from heliograph.stores.cache import Cache, Found
from heliograph.stores.near import Joined

KEPT_POSTS = 200_000


class _Pieces(msgspec.Struct):
    """What has been read of the cache so far, by id."""

    posts: Found
    counts: Found
    accounts: Found
    account_counts: Found
    # What was asked for, while `posts` are just that: then they need not be picked out.
    asked: Sequence[int] | None = None

    def of(self, post_ids: Sequence[int]) -> Found:
        """The posts of `post_ids`."""
        return self.posts if post_ids is self.asked else {ident: self.posts[ident] for ident in post_ids}


class Hydration:
    """Hydrates posts."""

    def __init__(self, cache: Cache, posts: Posts, profiles: Profiles) -> None:
        self._cache = cache
        self._posts = posts
        self._profiles = profiles
        # Author and original of posts.
        self._known: OrderedDict[int, tuple[int, int]] = OrderedDict()

    async def posts(self, post_ids: Sequence[int], *, outside: bool = False, heard: bool = False) -> list[Hydrated]:
        """The posts of `post_ids` that are there and whose author is there, in the same order.

        A reblog is there while its original is. `outside`: the ids came from outside, and may be anything. `heard`: Valkey
        has been heard since the request began.
        """
        if not heard:
            return await self._put_together(post_ids, outside=outside, heard=False)
        joined = self._cache.joined
        if (kept := joined.whole(post_ids)) is not None:
            return kept
        found = {ident: joined.get(ident) or self._join(ident, joined) for ident in post_ids}
        missing = [ident for ident, each in found.items() if each is None]
        joined.hits += len(found) - len(missing)
        if missing:
            late = await self._put_together(missing, outside=outside, heard=True)
            found |= {each.header.id: each for each in late}
        return [each for each in found.values() if each is not None]

    def _join(self, post_id: int, joined: Joined) -> Hydrated | None:
        """The post of `post_id` joined and kept so, if this process keeps all pieces of it and it is there."""
        found = self._kept(post_id)
        if found is None:
            return None
        parts = _parts(found)
        if found.header.original:
            original = self._kept(found.header.original)
            if original is None:
                return None
            parts += _parts(original)
            found = _sharing(found, original)
        whole = msgspec.structs.replace(found, unmarked=present.post(found, NOBODY))
        joined.put(post_id, whole, len(whole.unmarked), parts)
        return whole

    def _kept(self, post_id: int) -> Hydrated | None:
        """The pieces of one post, if this process keeps them all and it is there; without those of what it reblogs."""
        kept = self._cache.kept
        post, counts = kept(POST, post_id), kept(POST_COUNTS, post_id)
        if post is None or counts is None or post[0].gone:
            return None
        header, body = post
        account, account_counts = kept(ACCOUNT, header.author), kept(ACCOUNT_COUNTS, header.author)
        if account is None or account_counts is None:
            return None
        return Hydrated(header, header, body, counts, account, account_counts)

    async def _put_together(self, post_ids: Sequence[int], *, outside: bool, heard: bool) -> list[Hydrated]:
        """As `posts`, of pieces that are read as they are missed."""
        pieces = await self._read_known(post_ids, heard=heard)
        found = await self._complete_posts(pieces.of(post_ids), outside=outside)
        originals = [header.original for header, _ in found.values() if header.original]
        everything = found
        if originals:
            await self._read_missing(pieces, originals, _authors(found))
            everything = await self._complete_posts(pieces.of(originals), outside=outside) | found
        authors = _authors(everything)
        await self._read_missing(pieces, (), authors)
        counts = await self._posts.complete_counts({ident: pieces.counts[ident] for ident in everything})
        accounts = await self._profiles.complete({ident: pieces.accounts[ident] for ident in authors})
        account_counts = await self._profiles.complete_counts(
            {ident: pieces.account_counts[ident] for ident in authors}
        )
        whole = {
            ident: Hydrated(header, header, body, counts[ident], accounts[header.author], account_counts[header.author])
            for ident, (header, body) in everything.items()
            if header.author in accounts
        }
        return _with_originals(whole, found) if originals else list(whole.values())

    async def _read_known(self, post_ids: Sequence[int], *, heard: bool) -> _Pieces:
        """One wave for the posts and for all that this process knows to belong to them."""
        known = self._known
        wanted: Sequence[int] = post_ids
        belong = [known[ident] for ident in post_ids if ident in known]
        originals = [original for _, original in belong if original]
        if originals:
            wanted = list(dict.fromkeys([*post_ids, *originals]))
            belong += [known[ident] for ident in originals if ident in known]
        authors = list({author: None for author, _ in belong})
        posts, counts, accounts, account_counts = await self._cache.read(
            [(POST, wanted), (POST_COUNTS, wanted), (ACCOUNT, authors), (ACCOUNT_COUNTS, authors)], heard=heard
        )
        return _Pieces(posts, counts, accounts, account_counts, asked=wanted)

    async def _read_missing(self, pieces: _Pieces, posts: Iterable[int], accounts: Iterable[int]) -> None:
        """Read what has not been read yet; no wave when there is nothing of that."""
        posts = [ident for ident in posts if ident not in pieces.posts]
        accounts = [ident for ident in accounts if ident not in pieces.accounts]
        if not posts and not accounts:
            return
        parts = await self._cache.read(
            # The wave before this one has heard of Valkey, or it is away.
            [(POST, posts), (POST_COUNTS, posts), (ACCOUNT, accounts), (ACCOUNT_COUNTS, accounts)],
            heard=True,
        )
        pieces.asked = None
        pieces.posts |= parts[0]
        pieces.counts |= parts[1]
        pieces.accounts |= parts[2]
        pieces.account_counts |= parts[3]

    async def _complete_posts(self, had: Found, *, outside: bool) -> dict[int, tuple[Header, bytes]]:
        """Header and body of those of `had` that are there; they are remembered."""
        found = await self._posts.complete(had, outside=outside)
        alive = {ident: post for ident, post in found.items() if not post[0].gone}
        known = self._known
        for ident, (header, _) in alive.items():
            if ident not in known:
                known[ident] = (header.author, header.original)
        while len(known) > KEPT_POSTS:
            known.popitem(last=False)
        return alive


def _sharing(reblog: Hydrated, original: Hydrated) -> Hydrated:
    return msgspec.structs.replace(reblog, shown=original.header, original=original)


def _parts(pieces: Hydrated) -> list[tuple[str, int]]:
    """What (kind, id) is joined of a post, without what it reblogs."""
    post, author = pieces.header.id, pieces.header.author
    return [(POST, post), (POST_COUNTS, post), (ACCOUNT, author), (ACCOUNT_COUNTS, author)]


def _authors(found: dict[int, tuple[Header, bytes]]) -> list[int]:
    return list({header.author: None for header, _ in found.values()})


def _with_originals(whole: dict[int, Hydrated], wanted: Iterable[int]) -> list[Hydrated]:
    """Those of `wanted` that are in `whole`, reblogs with what they reblog and only if that is there too."""
    found = []
    for ident in wanted:
        each = whole.get(ident)
        original = each.header.original if each else 0
        if each is not None and original:
            each = _sharing(each, whole[original]) if original in whole else None
        if each is not None:
            found.append(each)
    return found
