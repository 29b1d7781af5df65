"""Private notes: what somebody writes about an account for themselves alone."""

from heliograph.base import ids
from heliograph.base.errors import ValidationError
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("notes")

# Mastodon's.
COMMENT_MAX = 2000


class Notes:
    """Who has noted what about whom."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def write(self, account: int, target: int, comment: str) -> None:
        """Let `account` note `comment` about `target`, an account that exists; '' removes it. Raises ValidationError."""
        if len(comment) > COMMENT_MAX:
            raise ValidationError(
                f"Validation failed: Comment is too long (maximum is {COMMENT_MAX} characters)",
                {"comment": [("ERR_TOO_LONG", f"is too long (maximum is {COMMENT_MAX} characters)")]},
            )
        slot = ids.slot_of(account)
        shard = self._shards.at(slot)
        if comment:
            await shard.run(sql.put, slot=slot, account_id=account, target_id=target, comment=comment)
        else:
            await shard.run(sql.remove, slot=slot, account_id=account, target_id=target)
