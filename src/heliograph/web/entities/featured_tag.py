"""FeaturedTag: a hashtag that an account shows at the top of its profile."""

import msgspec

from heliograph.domain.posts.featured_tags import FeaturedTag
from heliograph.web.addresses import Addresses


class FeaturedTagEntity(msgspec.Struct, frozen=True):
    """A featured hashtag. `url`: the account's posts with it; `last_status_at`: a date, without the time."""

    id: str
    name: str
    url: str
    statuses_count: str
    last_status_at: str | None


def featured_tag(tag: FeaturedTag, username: str, addresses: Addresses) -> FeaturedTagEntity:
    """The entity of `tag`, which `username` features."""
    return FeaturedTagEntity(
        id=str(tag.id),
        name=tag.name,
        url=addresses.tagged(username, tag.name),
        statuses_count=str(tag.uses),
        last_status_at=tag.last_at.date().isoformat() if tag.last_at else None,
    )
