"""Hiding a post from everybody: what every way of deleting one does first, inside its transaction.

What hangs on the post is removed later, by whoever gets the message (`delete.py`).
"""

from heliograph.base import ids
from heliograph.domain.posts.post import Visibility
from heliograph.stores import counts, outbox
from heliograph.stores.counts import Count
from heliograph.stores.queries import load
from heliograph.stores.shards import Session

sql = load("posts")

DELETED = "post.deleted"


async def hide(session: Session, author: int, post_id: int) -> bool:
    """Hide a post of `author`, in a transaction; whether there was one."""
    slot = ids.slot_of(post_id)
    visibility = await session.value(sql.hide, slot=slot, id=post_id, account_id=author)
    if visibility is None:
        return False
    if visibility != Visibility.DIRECT:
        await counts.add(session, author, Count.POSTS, -1)
    await outbox.put(session, slot, DELETED, {"post": post_id, "author": author})
    return True
