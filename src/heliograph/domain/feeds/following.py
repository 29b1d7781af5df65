"""Follow, and see it at home: once the follow has committed, by whosever word, the author's recent posts are merged.

After, and not before: a post that is published meanwhile is either delivered (the follower was there) or is among the
recent ones.
"""

from collections.abc import Awaitable, Callable

from heliograph.base.errors import StoreUnavailableError
from heliograph.domain.accounts.profiles import Profiles
from heliograph.domain.feeds import pull
from heliograph.domain.graph.decisions import FollowChanged, Wish
from heliograph.domain.graph.follows import AS_USUAL, Follows
from heliograph.stores.cache import note_degraded
from heliograph.stores.idlists import HOME, IdLists
from heliograph.stores.shards import Shards

# So many requests are granted before a worker says that it is alive.
PART = 100

Advance = Callable[[int], Awaitable[None]]


class Following:
    """Follows with their effect on feeds."""

    def __init__(self, shards: Shards, lists: IdLists, follows: Follows, profiles: Profiles) -> None:
        self._shards = shards
        self._lists = lists
        self._follows = follows
        self._profiles = profiles

    async def follow(self, follower: int, target: int, wish: Wish = AS_USUAL) -> None:
        """Let `follower` follow `target`, or ask for it if that is locked.

        Raises NotFoundError, ForbiddenError (a block), InvalidInputError (oneself), ValidationError (too many).
        """
        await self._profiles.get_public(target)
        await self._merge_now(await self._follows.follow(follower, target, wish))

    async def unfollow(self, follower: int, target: int) -> None:
        """Let `follower` no longer follow `target`: the next read of home shows none of their posts."""
        await self._follows.unfollow(follower, target)

    async def accept(self, target: int, follower: int) -> None:
        """Let `target` grant what `follower` asks for. Raises NotFoundError where nothing waits."""
        await self._merge_now(await self._follows.accept(target, follower))

    async def accept_waiting(self, target: int, advance: Advance) -> None:
        """Grant all that waits at an account that is no longer locked; `advance` is told after each part."""
        while waiting := await self._follows.waiting(target, PART):
            for follower in waiting:
                change = await self._follows.let_in(target, follower)
                if change is not None and change.requested:
                    # It has been locked again: its owner decides about the others.
                    return
            await advance(0)

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

    async def _merge_now(self, change: FollowChanged) -> None:
        try:
            await self.merge(change)
        except StoreUnavailableError as error:
            # The outbox message will do it.
            note_degraded(error.store)
