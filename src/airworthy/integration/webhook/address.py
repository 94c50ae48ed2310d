"""Where an endpoint's URL leads, and where it must not: a webhook is no way into the network it is sent from."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from airworthy.base.errors import AirworthyError

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]  # host and port to addresses

_PORT = {"https": 443, "http": 80}
_NAT64 = IPv6Network("64:ff9b::/96")
# Nothing public lives here, though `is_global` may say otherwise: protocol assignments, IPv4 in forms long given up,
# translation within a network, documentation, segment routing, site-local.
_NOT_PUBLIC = tuple(
    ip_network(one)
    for one in ("192.0.0.0/24", "::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "3fff::/20", "5f00::/16", "fec0::/10")
)


class AddressRefused(AirworthyError):
    """The URL leads where nothing may be sent."""

    code = "W002"


def check_url(url: str) -> None:
    """Nothing when `url` may be an endpoint, else AirworthyError (W001) saying why not."""
    parts = _split(url)
    host, port = _host_and_port(url)
    if parts is None or parts.scheme not in _PORT or not host or not port:
        raise _unusable(url, "is not the URL of a web server", "write https://host/path")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _unusable(url, "holds a name, a password or a fragment", "leave it out; what is sent is signed")
    if parts.scheme == "http" and not _says_loopback(host):
        raise _unusable(url, "is not encrypted", "use https; plain http is for this machine alone")


async def reachable(url: str, *, allow_private: bool, resolve: Resolve) -> Sequence[str]:
    """The addresses behind `url`, each of them checked. Connect to one of these, not to the name:
    it may lead elsewhere a moment later.

    Raises AddressRefused (W002) when one of them is not public, unless that is allowed or the URL itself says
    loopback; AirworthyError (W001) as `check_url`; OSError when the name leads nowhere.
    """
    check_url(url)
    host, port = _host_and_port(url)
    addresses = await resolve(host, port)
    for address in addresses:
        if not (_is_public(address) or allow_private or _both_loopback(host, address)):
            raise AddressRefused(
                f"`{host}` leads to {address}, which is not a public address",
                help="if that is meant, add the endpoint with --allow-private",
            )
    return addresses


async def resolve(host: str, port: int) -> Sequence[str]:
    """As this machine resolves names. Raises OSError when it leads nowhere."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _split(url: str) -> SplitResult | None:
    """None for what no browser would take, or takes otherwise than it looks."""
    if not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _host_and_port(url: str) -> tuple[str, int]:
    """('', 0) where there is none that can be used."""
    parts = _split(url)
    if parts is None or not parts.hostname:
        return "", 0
    try:
        host = parts.hostname if _is_address(parts.hostname) else parts.hostname.encode("idna").decode()
        return host, parts.port or _PORT.get(parts.scheme, 0)
    except (ValueError, UnicodeError):
        return "", 0


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _says_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _both_loopback(host: str, address: str) -> bool:
    return _says_loopback(host) and _plain(address).is_loopback


def _is_public(address: str) -> bool:
    plain = _plain(address)
    return plain.is_global and not plain.is_multicast and not any(plain in network for network in _NOT_PUBLIC)


def _plain(address: str) -> IPv4Address | IPv6Address:
    """The address itself; the IPv4 one inside where an IPv6 address carries one."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv4Address):
        return found
    inside = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
    if inside is None and found in _NAT64:
        inside = IPv4Address(int(found) & 0xFFFF_FFFF)
    return inside or found


def _unusable(url: str, why: str, help: str) -> AirworthyError:
    return AirworthyError(f"`{url}` {why}", code="W001", help=help)
