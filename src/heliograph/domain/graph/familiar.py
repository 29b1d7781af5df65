"""Familiar followers: whom I follow of those who follow somebody else."""

from collections.abc import Sequence

from heliograph.domain.accounts.profiles import Profiles
from heliograph.domain.graph.relations import RelationsReader
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("follows")


class Familiar:
    """Finds familiar followers."""

    def __init__(self, shards: Shards, relations: RelationsReader, profiles: Profiles) -> None:
        self._shards = shards
        self._relations = relations
        self._profiles = profiles

    async def followers(self, viewer: int, targets: Sequence[int]) -> dict[int, list[int]]:
        """For each of `targets` that others may see: who follows it of those whom `viewer` follows, the latest first.

        Nobody where the target hides its lists or a block stands between; and nobody who hides whom they follow.
        """
        relations = await self._relations.of(viewer)
        accounts = await self._profiles.many(targets)
        public = [target for target in targets if target in accounts and accounts[target].state == "active"]
        known = [
            target for target in public if not accounts[target].hide_collections and target not in relations.blocked
        ]
        rows = await self._shards.gather(sql.familiar, known, followed=list(relations.following))
        people = await self._profiles.many(row["follower_id"] for row in rows)
        found: dict[int, list[int]] = {target: [] for target in public}
        for row in rows:
            person = people.get(row["follower_id"])
            if person is not None and not person.hide_collections:
                found[row["account_id"]].append(person.id)
        return found
