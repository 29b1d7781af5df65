"""Step 4: put the pieces together as bytes. Nothing is decoded and encoded again.

The pieces are JSON members without braces, made by the web's renderers when they were cached. Most posts have been joined
before, for all who have not marked them.
"""

from itertools import product

from heliograph.domain.feeds.pieces import Hydrated
from heliograph.domain.posts.marks import UNMARKED, Marked

_BOOLEANS = (b"false", b"true")


def _flags(liked: int, reblogged: int, bookmarked: int, pinned: int, own: int) -> bytes:
    shown = (_BOOLEANS[liked], _BOOLEANS[reblogged], _BOOLEANS[bookmarked])
    flags = b',"favourited":%s,"reblogged":%s,"muted":false,"bookmarked":%s' % shown
    return flags + (b',"pinned":%s' % _BOOLEANS[pinned] if own else b"") + b',"filtered":[]'


_FLAGS = {flags: _flags(*flags) for flags in product((0, 1), repeat=5)}


def account(body: bytes, counts: bytes) -> bytes:
    """An account."""
    return b"{%s,%s}" % (body, counts)


def post(pieces: Hydrated, viewer: int | None, marked: Marked = UNMARKED) -> bytes:
    """A post as `viewer` sees it; without their flags for somebody who is not logged in.

    A reblog shows the counts and flags of what it reblogs.
    """
    original = pieces.original
    shown = original or pieces
    flags = b"" if viewer is None else _flags_of(shown, viewer, marked)
    return b'{%s,%s%s,"reblog":%s,"account":{%s,%s}}' % (
        pieces.body,
        shown.counts,
        flags,
        post(original, viewer, marked) if original else b"null",
        pieces.account,
        pieces.account_counts,
    )


def posts(shown: list[Hydrated], viewer: int | None, marked: Marked = UNMARKED) -> list[bytes]:
    """Posts as `viewer` sees them. Most of what is on a page has neither been written nor marked by who reads it."""
    if viewer is None:
        return [post(each, None) for each in shown]
    touched = marked.all
    return [
        each.unmarked
        if each.unmarked and (header := each.shown).author != viewer and header.id not in touched
        else post(each, viewer, marked)
        for each in shown
    ]


def _flags_of(pieces: Hydrated, viewer: int, marked: Marked) -> bytes:
    ident = pieces.header.id
    return _FLAGS[
        ident in marked.liked,
        ident in marked.reblogged,
        ident in marked.bookmarked,
        ident in marked.pinned,
        pieces.header.author == viewer,
    ]


def array(items: list[bytes]) -> bytes:
    """A JSON array of `items`."""
    return b"[%s]" % b",".join(items)
