"""Which IP addresses a request made for somebody else may reach.

An own list, because ``is_global`` of Python 3.11 is true for NAT64, 6to4, IPv4-compatible, site-local and multicast
addresses. Source: IANA's registries of special-purpose addresses.
"""

import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

_DENIED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier NAT; also 100.100.100.200, a cloud's metadata
        "127.0.0.0/8",
        "169.254.0.0/16",  # also the metadata of most clouds
        "168.63.129.16/32",  # Azure's host, though the address looks public
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Nothing public stands outside; what has an IPv4 address inside is looked at first.
_GLOBAL_V6 = IPv6Network("2000::/3")
_DENIED_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo and ORCHID among them
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


def public_address(text: str) -> Address | None:
    """The address to dial, or None when it may not be reached or is none.

    IPv4-mapped and NAT64 addresses (what a DNS64 resolver answers for every IPv4 site) are as good as the IPv4 address
    inside, and a mapped one is dialled as that. 6to4, Teredo and IPv4-compatible addresses, which no site has, are
    refused whatever they carry.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return _public_v6(address)
    return address if _is_public_v4(address) else None


def _public_v6(address: IPv6Address) -> Address | None:
    if address.scope_id is not None:
        return None
    if mapped := address.ipv4_mapped:
        return mapped if _is_public_v4(mapped) else None
    if address in _NAT64:
        return address if _is_public_v4(IPv4Address(int(address) & 0xFFFFFFFF)) else None
    is_public = address in _GLOBAL_V6 and not any(address in network for network in _DENIED_V6)
    return address if is_public else None


def _is_public_v4(address: IPv4Address) -> bool:
    return not any(address in network for network in _DENIED_V4)
