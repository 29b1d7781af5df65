"""Who may say where a request comes from: the addresses of the proxies in front of the site, as the settings name them.

Nobody else is believed: a header that anybody can write must not decide whose tries are counted.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

Address = IPv4Address | IPv6Address

UNIX = "unix"


class Proxies(msgspec.Struct, frozen=True):
    """The networks whose word counts; `unix`: that of whoever connects through a unix socket, too."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    unix: bool = False

    @classmethod
    def parse(cls, text: str) -> "Proxies":
        """Read addresses, networks and the word unix, with commas between them. Raises ValueError naming the wrong one."""
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return cls(tuple(ip_network(part) for part in parts if part != UNIX), UNIX in parts)

    def __bool__(self) -> bool:
        return bool(self.networks) or self.unix

    def __contains__(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def address_in(text: str) -> Address | None:
    """The address that `text` is, perhaps with a port behind it (1.2.3.4:80, [::1]:80); None if it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # What a socket for both families calls ::ffff:1.2.3.4 is 1.2.3.4.
    return getattr(found, "ipv4_mapped", None) or found
