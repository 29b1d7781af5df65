"""The renderers that the domain's caches are filled with: members of a JSON object, without its braces."""

import msgspec

from heliograph.base.settings import Settings
from heliograph.domain.product import Renderers
from heliograph.web.addresses import Addresses
from heliograph.web.entities.account import account_body, account_counts
from heliograph.web.entities.status import status_body, status_counts

_encode = msgspec.json.Encoder().encode


def members(entity: object) -> bytes:
    """The members of the JSON object that `entity` encodes to."""
    return _encode(entity)[1:-1]


def renderers(settings: Settings) -> Renderers:
    """The renderers of a site."""
    addresses = Addresses(settings)
    return Renderers(
        account=lambda account: members(account_body(account, addresses)),
        account_counts=lambda counted, last_post_at: members(account_counts(counted, last_post_at)),
        post=lambda post: members(status_body(post, addresses)),
        post_counts=lambda counted: members(status_counts(counted)),
    )
