"""Where a webhook may go: which addresses an agency may give, and which machines may be called.

An agency names a host and the hub calls it, so the hub must not be led to machines that only it can reach:
its own databases, a cloud's metadata service, a neighbour in the same network. What may be called is the
public internet, and beside it the networks that whoever runs the hub has named.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST: Final = 2000
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
# Below it live services that were never meant to be posted to, such as mail servers.
_FIRST_FREE_PORT: Final = 1024
_PLAIN: Final = re.compile(r"[!-\[\]-~]+")  # printable ASCII without the space and the backslash
_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
)


class Reproof(NamedTuple):
    """What is wrong with an address, and what to do about it."""

    code: str
    told: str


NOT_AN_ADDRESS: Final = Reproof(
    "bad_url",
    "Give the full address, for example https://agency.example/webhooks, in ASCII: a name in another script "
    "in its xn-- form, other characters percent-encoded.",
)
TOO_LONG: Final = Reproof("too_long", f"Give at most {LONGEST} characters.")
NOT_HTTPS: Final = Reproof("https_needed", "Give an address that begins with https://.")
CREDENTIALS: Final = Reproof(
    "credentials_in_url",
    "Take the user name and password out: each delivery is signed, and your system checks the signature.",
)
FRAGMENT: Final = Reproof("fragment_in_url", "Take out the # and what follows it: it is never sent.")
PORT: Final = Reproof(
    "port_not_allowed",
    f"Use the usual port or one from {_FIRST_FREE_PORT} to 65535.",
)
NOT_TO_BE_CALLED: Final = Reproof(
    "host_not_allowed",
    "Give a host that everybody can find on the public internet: this one was not found, or is inside a "
    "private network. If it has to be there, ask whoever runs the hub to allow that network. Plain http is "
    "for such a network only.",
)


@dataclass(frozen=True)
class Target:
    """An address taken to pieces once, so that what was checked is what is called."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_tls(self) -> bool:
        """Whether the way there is encrypted."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """Host and port as the Host header names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def read_target(url: str) -> Target | Reproof:
    """The address taken to pieces, or what is wrong with it."""
    parts = _split(url)
    if parts is None:
        return NOT_AN_ADDRESS
    host, usual = parts.hostname or "", _DEFAULT_PORTS.get(parts.scheme, 0)
    port = usual if parts.port is None else parts.port
    reproofs = (
        (TOO_LONG, len(url) > LONGEST),
        (NOT_HTTPS, not usual),
        (CREDENTIALS, "@" in parts.netloc),
        (FRAGMENT, "#" in url),
        (NOT_AN_ADDRESS, not (_NAME.fullmatch(host) or _is_ipv6(host))),
        (PORT, port != usual and port < _FIRST_FREE_PORT),
    )
    for reproof, deserved in reproofs:
        if deserved:
            return reproof
    path = parts.path or "/"
    return Target(parts.scheme, host, port, f"{path}?{parts.query}" if parts.query else path)


def _split(url: str) -> SplitResult | None:
    if not _PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError:
        return None
    return parts if has_port else None


def _is_ipv6(host: str) -> bool:
    try:
        return ":" in host and "%" not in host and bool(ipaddress.IPv6Address(host))
    except ValueError:
        return False


def may_call(target: Target, addresses: Iterable[Address], private: Iterable[Network]) -> bool:
    """Whether every address of the host may be called; with none there is nothing to call.

    Plain http goes to the private networks alone: on the way through the internet anybody could read it.
    """
    allowed = tuple(private)
    found = tuple(addresses)
    return bool(found) and all(
        any(address in network for network in allowed) or (target.is_tls and is_public(address))
        for address in found
    )


def is_public(address: Address) -> bool:
    """Whether the address belongs to one machine on the public internet.

    `ipaddress.is_global` is not enough: it takes multicast and every address that only wraps an IPv4 one (of
    NAT64, 6to4, Teredo or IPv4-mapped), which leads back inside. So for IPv6 only what is handed out as
    global unicast passes, less the blocks for other ends in it; the lists follow IANA's registries of
    special-purpose addresses.
    """
    if isinstance(address, ipaddress.IPv6Address):
        return address in _GLOBAL_UNICAST and not any(address in network for network in _NOT_PUBLIC_6)
    return address.is_global and not any(address in network for network in _NOT_PUBLIC_4)


_NOT_PUBLIC_4: Final = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by a carrier's customers; a cloud's metadata as well
        "127.0.0.0/8",
        "168.63.129.16/32",  # a public number that in Azure is the host of the machine itself
        "169.254.0.0/16",  # link-local, and the metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6: Final = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo and ORCHID among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
    )
)
