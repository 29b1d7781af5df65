"""Step 4: put the pieces together as bytes. Nothing is decoded and encoded again.

The pieces are JSON members without braces, made by the web's renderers when they were cached.
"""

from heliograph.domain.feeds.hydrate import Hydrated

_FLAGS = {
    (liked, own): (
        b',"favourited":%s,"reblogged":false,"muted":false,"bookmarked":false%s,"filtered":[]'
        % (b"true" if liked else b"false", b',"pinned":false' if own else b"")
    )
    for liked in (True, False)
    for own in (True, False)
}


def account(body: bytes, counts: bytes) -> bytes:
    """An account."""
    return b"{%s,%s}" % (body, counts)


def post(pieces: Hydrated, viewer: int | None, *, liked: bool) -> bytes:
    """A post as `viewer` sees it; without their flags for somebody who is not logged in."""
    flags = b"" if viewer is None else _FLAGS[liked, pieces.header.author == viewer]
    return b'{%s,%s%s,"account":{%s,%s}}' % (
        pieces.body,
        pieces.counts,
        flags,
        pieces.account,
        pieces.account_counts,
    )


def array(items: list[bytes]) -> bytes:
    """A JSON array of `items`."""
    return b"[%s]" % b",".join(items)
