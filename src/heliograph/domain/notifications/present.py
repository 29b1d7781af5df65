"""The entities of notifications and conversations as bytes, put together from accounts and posts that are JSON already."""

import msgspec

from heliograph.base import clock
from heliograph.domain.notifications.notification import Notification

_BOOLEANS = (b"false", b"true")


class Listing(msgspec.Struct, frozen=True):
    """A page of entities as JSON, newest first, and the ids between which it lies (0, 0 when empty)."""

    items: list[bytes]
    newest: int
    oldest: int


def notification(told: Notification, account: bytes, status: bytes | None) -> bytes:
    """A notification; `account`: who did it, `status`: the post that it is about, if it is about one."""
    head = (
        f'"id":"{told.id}","type":"{told.kind.type}","created_at":"{clock.iso(told.created_at)}",'
        f'"group_key":"{told.group_key}"'
    ).encode()
    about = b"" if status is None else b',"status":%s' % status
    return b'{%s,"account":%s%s}' % (head, account, about)


def conversation(ident: int, accounts: list[bytes], last_status: bytes, *, unread: bool) -> bytes:
    """A conversation."""
    return b'{"id":"%d","unread":%s,"accounts":[%s],"last_status":%s}' % (
        ident,
        _BOOLEANS[unread],
        b",".join(accounts),
        last_status,
    )
