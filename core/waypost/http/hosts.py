"""Which host a request means, believing only what the platform was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Hosts:
    """The host names and the proxies that this process believes, tenants' own hosts apart."""

    own: frozenset[str]
    proxies: tuple[Network, ...]

    @classmethod
    def told(cls, base_url: str, *, bound_to: str | None, proxies: Sequence[str]) -> Hosts:
        """Collect what is believed.

        `base_url` gives the platform's own host; `bound_to` is the address that
        the server listens on; `proxies` are addresses or networks (`10.0.0.0/8`)
        whose forwarded headers count. Raises ValueError for a proxy that is neither.
        """
        own = {host for host in (urlsplit(base_url).hostname, bound_to) if host}
        return cls(frozenset(own), tuple(ip_network(proxy, strict=False) for proxy in proxies))

    def host_of(self, headers: Mapping[str, str], peer: str | None) -> str:
        """The `host[:port]` that the client named, in lower case; empty when it named none.

        `headers` in lower case; `peer` is the address at the other end of the
        connection. `X-Forwarded-Host` counts only from a trusted proxy.
        """
        host = headers.get("host", "")
        forwarded = headers.get("x-forwarded-host")
        if forwarded is not None and self.is_proxy(peer):
            # The nearest proxy's word comes last; what stands before it may be the client's invention.
            host = forwarded.rpartition(",")[2]
        return host.strip().lower()

    def is_own(self, name: str) -> bool:
        """Whether a host name (without port) is the platform's own or loopback."""
        return name in self.own or is_loopback(name)

    def is_proxy(self, peer: str | None) -> bool:
        """Whether what the other end says of its client is believed."""
        if peer is None or not self.proxies:
            return False
        try:
            address = ip_address(peer)
        except ValueError:  # a test client's name, a socket's path
            return False
        return any(address in network for network in self.proxies)


def without_port(host: str) -> str:
    """The name in `host[:port]`: `[::1]:8000` gives `::1`, `Example.org.` gives `example.org`."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    if name.count(":") == 1:
        name = name.partition(":")[0]
    return name.removesuffix(".")


def is_loopback(name: str) -> bool:
    """Whether a host name without port can only mean this machine."""
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
