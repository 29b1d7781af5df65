"""Everybody's public posts, and those with photos: two id lists in Valkey that all who look at the public timeline read.

A new post is put in by the request, and once more by the outbox' message. What must not be shown any more stays in: readers ask
the rules. A list leaves out who is suspended, and is therefore made anew when an account is let in again.
"""

from collections.abc import Iterable

from heliograph.base.errors import PendingError, StoreUnavailableError
from heliograph.base.paging import Page
from heliograph.domain.feeds.rebuild import Rebuilder
from heliograph.domain.feeds.rules import in_public
from heliograph.domain.posts.fragments import Posts
from heliograph.domain.posts.post import Header
from heliograph.stores.cache import note_degraded
from heliograph.stores.idlists import HEAD, PUBLIC, IdList, IdLists

# Which of the two lists: of all public posts, of those with photos.
ALL, PHOTOS = 0, 1
# Of a first page so many times its posts are there, should some not be shown.
AMPLE = 2
# Kept so long after somebody has last looked.
TTL_S = 24 * 3600


class Everybody:
    """Keeps and reads the lists."""

    def __init__(self, lists: IdLists, rebuilder: Rebuilder, posts: Posts) -> None:
        self._lists = lists
        self._rebuilder = rebuilder
        self._posts = posts

    async def newest(self, page: Page, *, media_only: bool) -> IdList | None:
        """The newest public posts, as many as `page` may need.

        None while that cannot be known: Valkey is away, or building the list takes long.
        """
        ident = PHOTOS if media_only else ALL
        try:
            found = await self._read(ident, page)
            if not found.built:
                await self._rebuilder.build(PUBLIC, ident)
                found = await self._read(ident, page)
        except PendingError:
            return None
        except StoreUnavailableError as error:
            if error.store != "valkey":
                raise
            note_degraded("feeds")
            return None
        return found if found.built else None

    async def show(self, header: Header) -> None:
        """Put a post in where it belongs, at once. Without Valkey the worker will do it."""
        try:
            await self._push([header])
        except StoreUnavailableError as error:
            note_degraded(error.store)

    async def settle(self, *post_ids: int) -> None:
        """The outbox' part of new or edited posts. Raises StoreUnavailableError."""
        await self._push([header for header, _ in (await self._posts.fragments(post_ids)).values()])

    async def forget(self) -> None:
        """Have the lists made anew: what they leave out has changed. Raises StoreUnavailableError."""
        await self._lists.drop([(PUBLIC, ALL), (PUBLIC, PHOTOS)])

    async def _read(self, ident: int, page: Page) -> IdList:
        wanted = [(PUBLIC, ident)]
        if page.max_id is None and not page.ascending and AMPLE * page.limit <= HEAD:
            (found,) = await self._lists.heads(wanted, TTL_S)
        else:
            (found,) = await self._lists.read(wanted, self._lists.cap, TTL_S)
        return found

    async def _push(self, headers: Iterable[Header]) -> None:
        public = [header for header in headers if not header.gone and in_public(header)]
        await self._lists.push((PUBLIC, header.id, [ALL, PHOTOS] if header.has_photos else [ALL]) for header in public)
