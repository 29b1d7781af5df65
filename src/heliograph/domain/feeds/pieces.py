"""What steps 2 to 4 of a feed hand on: posts in pieces."""

from typing import Optional

import msgspec

from heliograph.domain.posts.post import Header

# A viewer who is nobody's author.
NOBODY = 0


class Hydrated(msgspec.Struct, frozen=True):
    """A post in pieces: its header for the rules, and JSON members without braces to be put together.

    `original`: the pieces of what it reblogs; `shown`: the header of what is seen of it, of the original for a reblog. `unmarked`:
    all of it as JSON, as somebody sees it who has neither written nor marked it; empty where it has not been joined yet.
    """

    header: Header
    shown: Header
    body: bytes
    counts: bytes
    account: bytes
    account_counts: bytes
    original: Optional["Hydrated"] = None
    unmarked: bytes = b""
