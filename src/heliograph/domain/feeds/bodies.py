"""Accounts and posts by their ids, for whoever puts them into entities of their own: notifications, conversations."""

import asyncio
from collections.abc import Callable, Sequence

from heliograph.domain.accounts.profiles import Profiles
from heliograph.domain.feeds import present, rules
from heliograph.domain.feeds.hydrate import Hydration
from heliograph.domain.graph.relations import Relations
from heliograph.domain.posts.post import Header
from heliograph.domain.posts.viewing import Viewing

# Whether a viewer gets a post.
Rule = Callable[[Header, int, Relations], bool]


class Bodies:
    """Makes the JSON of what is shown inside of something else."""

    def __init__(self, profiles: Profiles, hydration: Hydration, viewing: Viewing) -> None:
        self._profiles = profiles
        self._hydration = hydration
        self._viewing = viewing

    async def accounts(self, account_ids: Sequence[int]) -> dict[int, bytes]:
        """Those of `account_ids` that others may see, as JSON."""
        if not account_ids:
            return {}
        found = await self._profiles.whole(account_ids)
        return {ident: present.account(*each) for ident, each in found.items()}

    async def posts(self, viewer: int, post_ids: Sequence[int]) -> dict[int, bytes]:
        """Those of `post_ids` that `viewer` may see, as JSON with their flags."""
        return await self._posts(viewer, post_ids, rules.visible)

    async def letters(self, viewer: int, post_ids: Sequence[int]) -> dict[int, bytes]:
        """As `posts`, of those that may also come by themselves: not from whom `viewer` has muted."""
        return await self._posts(viewer, post_ids, _may_come)

    async def _posts(self, viewer: int, post_ids: Sequence[int], rule: Rule) -> dict[int, bytes]:
        if not post_ids:
            return {}
        view, hydrated = await asyncio.gather(self._viewing.of(viewer), self._hydration.posts(post_ids))
        shown = [
            each
            for each in hydrated
            if rule(each.header, viewer, view.relations) and rules.visible(each.shown, viewer, view.relations)
        ]
        marked = await self._viewing.marked(view, [each.shown.id for each in shown])
        return {each.header.id: present.post(each, viewer, marked) for each in shown}


def _may_come(header: Header, viewer: int, relations: Relations) -> bool:
    return rules.visible(header, viewer, relations) and rules.wanted(header, viewer, relations)
