"""Push what was not pushed when it was posted: of an author who is pushed again, or who was suspended.

Lists that do not exist are left alone, like by any delivery. The cursor moves only after a page of followers is in.
"""

from heliograph.domain.feeds import pull
from heliograph.domain.feeds.crossing import Backfill, Crossing
from heliograph.domain.feeds.deliver import Advance
from heliograph.domain.graph.follows import followers_page
from heliograph.stores.idlists import HOME, IdLists
from heliograph.stores.shards import Shards

PAGE = 1000
# So few posts are put in their places one by one; for more it is cheaper to write a list anew.
FEW = 10


class Backfills:
    """Pushes late."""

    def __init__(self, shards: Shards, lists: IdLists, crossing: Crossing) -> None:
        self._shards = shards
        self._lists = lists
        self._crossing = crossing

    async def cross(self, backfill: Backfill, cursor: int, advance: Advance) -> None:
        """Push what was only pulled, to all followers after `cursor`; then nobody needs to pull it any more."""
        await self.push(backfill, cursor, advance)
        await self._crossing.end(backfill)

    async def push(self, backfill: Backfill, cursor: int, advance: Advance) -> None:
        """Push the posts from `since` on to all followers after `cursor`; `advance` is told the cursor after each page."""
        recent, floor = await pull.of_author(self._shards, backfill.author, 0, self._lists.cap)
        wanted = [ident for ident in recent if ident >= backfill.since]
        if len(wanted) < len(recent):
            # What is older is in the lists.
            floor = 0
        while wanted and (followers := await followers_page(self._shards, backfill.author, cursor, PAGE)):
            await self._push(wanted, floor, followers)
            cursor = followers[-1]
            if len(followers) < PAGE:
                return
            await advance(cursor)

    async def _push(self, wanted: list[int], floor: int, followers: list[int]) -> None:
        if floor == 0 and len(wanted) <= FEW:
            await self._lists.push([(HOME, ident, followers) for ident in wanted])
        else:
            await self._lists.add_to_all(HOME, followers, wanted, floor)
