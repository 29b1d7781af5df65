"""Tag: a hashtag as clients see it when they look for it, follow it or open it."""

import msgspec
from msgspec import UNSET, UnsetType

from heliograph.domain.posts.hashtag import Day, Hashtag
from heliograph.web.addresses import Addresses


class HistoryEntity(msgspec.Struct, frozen=True):
    """How a hashtag was used on one day; `day` is the midnight (UTC) that it began with, in seconds."""

    day: str
    uses: str
    accounts: str


class HashtagEntity(msgspec.Struct, frozen=True, kw_only=True):
    """A hashtag with its use in the last week. The flags are there for somebody who is logged in."""

    id: str
    name: str
    url: str
    history: list[HistoryEntity]
    following: bool | UnsetType = UNSET
    featuring: bool | UnsetType = UNSET


def hashtag(tag: Hashtag, addresses: Addresses) -> HashtagEntity:
    """The entity of `tag`."""
    return HashtagEntity(
        id=str(tag.id),
        name=tag.name,
        url=addresses.tag(tag.name),
        history=[_day(day) for day in tag.history],
        following=UNSET if tag.following is None else tag.following,
        featuring=UNSET if tag.featuring is None else tag.featuring,
    )


def _day(day: Day) -> HistoryEntity:
    return HistoryEntity(str(int(day.begins.timestamp())), str(day.uses), str(day.accounts))
