"""Follow, and see it at home: after the follow has committed, the author's recent posts are merged into the feed.

After, and not before: a post that is published meanwhile is either delivered (the follower was there) or is among the
recent ones.
"""

from heliograph.base.errors import StoreUnavailableError
from heliograph.domain.accounts.profiles import Profiles
from heliograph.domain.feeds import pull
from heliograph.domain.graph.follows import FollowChanged, Follows
from heliograph.stores.cache import note_degraded
from heliograph.stores.idlists import HOME, IdLists
from heliograph.stores.shards import Shards


class Following:
    """Follows with their effect on feeds."""

    def __init__(self, shards: Shards, lists: IdLists, follows: Follows, profiles: Profiles) -> None:
        self._shards = shards
        self._lists = lists
        self._follows = follows
        self._profiles = profiles

    async def follow(self, follower: int, target: int) -> None:
        """Let `follower` follow `target`. Raises NotFoundError, InvalidInputError (oneself)."""
        await self._profiles.get_public(target)
        change = await self._follows.follow(follower, target)
        try:
            await self.merge(change)
        except StoreUnavailableError as error:
            # The outbox message will do it.
            note_degraded(error.store)

    async def unfollow(self, follower: int, target: int) -> None:
        """Let `follower` no longer follow `target`: the next read of home shows none of their posts."""
        await self._follows.unfollow(follower, target)

    async def merge(self, change: FollowChanged) -> None:
        """Merge what was posted recently into the feed of a new follower. Safe to repeat."""
        if change.gone:
            return
        recent, floor = await pull.of_author(self._shards, change.target, change.follower, self._lists.cap)
        await self._lists.add(HOME, change.follower, recent, floor)

    async def settle(self, change: FollowChanged) -> None:
        """The outbox' part of a follow that was made or ended."""
        await self._follows.settle(change)
        await self.merge(change)
