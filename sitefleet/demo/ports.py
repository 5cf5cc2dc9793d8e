"""Finds a TCP port and a ROS domain that nobody on this machine uses, and keeps others from finding the same ones.

What is found free is taken only seconds later, when the process that wants it has started: runs that begin side by side
would find the same. A claim is a socket in Linux's abstract name space: one holder, no file, gone with its process.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from types import TracebackType

from sitefleet.demo.errors import DemoArgumentError

FIRST_PORT = 8000
PORTS = 100
DOMAINS = range(1, 102)
"""Domains whose ports stay below Linux's ephemeral range."""
MULTICAST_PORT = 7400
DOMAIN_STEP = 250


class Claims:
    """Ports and domains of one run; released by `release`, at the end of a `with` block, or with the process."""

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def __enter__(self) -> Claims:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()

    def release(self) -> None:
        """Leave everything to others."""
        for held in self._held:
            held.close()
        self._held.clear()

    def port(self, wanted: int | None, host: str = "127.0.0.1") -> int:
        """The wanted TCP port, or the first free one from 8000 on.

        Raises:
            DemoArgumentError: the wanted port is taken, or none of a hundred is free.
        """
        if wanted is not None:
            if not self._take("port", wanted, _tcp_free(host, wanted)):
                raise DemoArgumentError(f"--port: {wanted} is in use; leave it out to get a free one")
            return wanted
        for port in range(FIRST_PORT, FIRST_PORT + PORTS):
            if self._take("port", port, _tcp_free(host, port)):
                return port
        raise DemoArgumentError(f"--port: no free port between {FIRST_PORT} and {FIRST_PORT + PORTS - 1}; name one")

    def domain(self, candidates: Iterable[int] = DOMAINS) -> int:
        """The first ROS domain that no other run has claimed and on which no participant of this machine listens.

        Raises:
            DemoArgumentError: all are in use.
        """
        for domain in candidates:
            if self._take("ros-domain", domain, _domain_free(domain)):
                return domain
        raise DemoArgumentError("--domain-id: every ROS domain of this machine is in use; name one to share it")

    def _take(self, kind: str, number: int, free: bool) -> bool:
        if not free:
            return False
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0sitefleet-{kind}-{number}")
        except OSError:
            claim.close()
            return False
        self._held.append(claim)
        return True


def _tcp_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        # The API's server binds in the same way, so a port in TIME_WAIT counts as free for both.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _domain_free(domain: int) -> bool:
    """A DDS participant binds UDP ports 7400 + 250 * domain + 10 and up (RTPS 2.5, 9.6.1.1): an exclusive bind of the
    first ones fails where somebody is there.
    """
    base = MULTICAST_PORT + DOMAIN_STEP * domain
    return all(_udp_free(base + offset) for offset in (0, 10, 11, 12, 13))


def _udp_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
        return True
