"""Accounts and posts by their ids, for whoever puts them into entities of their own: notifications, conversations."""

import asyncio
from collections.abc import Sequence

from heliograph.domain.accounts.profiles import Profiles
from heliograph.domain.feeds import present, rules
from heliograph.domain.feeds.hydrate import Hydration
from heliograph.domain.graph.relations import RelationsReader
from heliograph.domain.posts.marks import MarksReader


class Bodies:
    """Makes the JSON of what is shown inside of something else."""

    def __init__(
        self, profiles: Profiles, hydration: Hydration, relations: RelationsReader, marks: MarksReader
    ) -> None:
        self._profiles = profiles
        self._hydration = hydration
        self._relations = relations
        self._marks = marks

    async def accounts(self, account_ids: Sequence[int]) -> dict[int, bytes]:
        """Those of `account_ids` that others may see, as JSON."""
        if not account_ids:
            return {}
        bodies = await self._profiles.fragments(account_ids)
        counts = await self._profiles.count_fragments(bodies)
        return {ident: present.account(body, counts[ident]) for ident, body in bodies.items()}

    async def posts(self, viewer: int, post_ids: Sequence[int]) -> dict[int, bytes]:
        """Those of `post_ids` that `viewer` may see, as JSON with their flags."""
        if not post_ids:
            return {}
        relations, hydrated = await asyncio.gather(self._relations.of(viewer), self._hydration.posts(post_ids))
        shown = [
            each
            for each in hydrated
            if rules.visible(each.header, viewer, relations) and rules.visible(each.shown, viewer, relations)
        ]
        marked = await self._marks.among(viewer, [each.shown.id for each in shown])
        return {each.header.id: present.post(each, viewer, marked) for each in shown}
