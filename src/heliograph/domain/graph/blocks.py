"""Blocks: the blocker's end decides, the request applies the blocked's end before it answers; the outbox is the net beneath."""

import msgspec

CHANGED = "block.changed"


class BlockChanged(msgspec.Struct, frozen=True):
    """What the blocker's end said: `account` blocks `target`, or no longer (`gone`), as of `rev`."""

    account: int
    target: int
    rev: int
    gone: bool
