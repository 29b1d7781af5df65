"""Where a request comes from, for rate limits: the peer, or whom a trusted proxy speaks for; and who is one.

X-Forwarded-For grows to the right, so it is read from the right, and only for as long as those who wrote it are trusted.
"""

from collections.abc import Iterable

from litestar.types import Scope

from heliograph.base.proxies import Proxies, address_in
from heliograph.web.request import Request

HEADER = b"x-forwarded-for"
UNKNOWN = "unknown"


def client_address(request: Request) -> str:
    """The address of the client of `request`; "unknown" where nobody whom we trust tells it."""
    return address_of(request.scope, request.app.state.proxies)


def address_of(scope: Scope, proxies: Proxies) -> str:
    """The same of a connection that has no request yet."""
    client = scope.get("client")
    peer = client[0] if client else None
    # Most sites have one process in front of which nobody stands.
    if not proxies:
        return peer or UNKNOWN
    return told(peer, [value.decode("latin-1") for name, value in scope["headers"] if name == HEADER], proxies)


def trusted(peer: str | None, proxies: Proxies) -> bool:
    """Whether `peer`, who has connected to us (None: by a unix socket), is one of `proxies`."""
    address = address_in(peer) if peer else None
    return proxies.unix if address is None else address in proxies


def told(peer: str | None, forwarded: Iterable[str], proxies: Proxies) -> str:
    """The rightmost address in the headers `forwarded` that is no trusted proxy, if `peer` (None: a unix socket) is one.

    Where all are trusted it is the leftmost. What is no address ends the chain: the proxy that passed it on is the last
    whom we know.
    """
    if not trusted(peer, proxies):
        return peer or UNKNOWN
    client = address_in(peer) if peer else None
    for entry in reversed(",".join(forwarded).split(",")):
        address = address_in(entry)
        if address is None:
            break
        client = address
        if address not in proxies:
            break
    return str(client) if client else UNKNOWN
