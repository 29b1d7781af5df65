"""Push or pull: what a worker asks for each author before it delivers, and where crossing the line is noticed."""

from collections.abc import Iterable

from heliograph.base import ids
from heliograph.domain.feeds.pulled import Audience, PulledAuthors

# An author is pushed again only well below the limit, so that nobody goes back and forth.
PUSH_AGAIN_SHARE = 0.8


class Choice:
    """Chooses. `push_limit`: followers up to which an author is pushed."""

    def __init__(self, pulled: PulledAuthors, push_limit: int) -> None:
        self._pulled = pulled
        self._push_limit = push_limit

    async def audiences(self, authors: Iterable[int]) -> dict[int, Audience]:
        """How each of `authors` is delivered from now on; an author who does not exist is absent.

        A post is pushed unless its id is `pull_from` or above.
        """
        found = await self._pulled.audiences(authors)
        return {author: await self._decided(author, audience) for author, audience in found.items()}

    async def _decided(self, author: int, audience: Audience) -> Audience:
        if audience.pull_from is None and audience.followers > self._push_limit:
            return Audience(await self._pulled.start(author), audience.followers)
        pulled = audience.pull_from not in (None, ids.MAX_ID)
        if pulled and audience.followers < self._push_limit * PUSH_AGAIN_SHARE:
            await self._pulled.push_again(author)
            return Audience(None, audience.followers)
        return audience
