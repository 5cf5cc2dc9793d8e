"""Finds a free TCP port and a ROS domain that nobody on this machine uses."""

from __future__ import annotations

import socket
from collections.abc import Iterable

from sitefleet.demo.errors import DemoArgumentError

FIRST_PORT = 8000
PORTS = 100
DOMAINS = range(1, 102)
"""Domains whose ports stay below Linux's ephemeral range."""
MULTICAST_PORT = 7400
DOMAIN_STEP = 250


def free_port(wanted: int | None, host: str = "127.0.0.1") -> int:
    """The wanted port, or the first free one from 8000 on.

    Raises:
        DemoArgumentError: the wanted port is taken, or none of a hundred is free.
    """
    if wanted is not None:
        if not _tcp_free(host, wanted):
            raise DemoArgumentError(f"--port: {wanted} is in use; leave it out to get a free one")
        return wanted
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        if _tcp_free(host, port):
            return port
    raise DemoArgumentError(f"--port: no free port between {FIRST_PORT} and {FIRST_PORT + PORTS - 1}; name one")


def _tcp_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        # The API's server binds in the same way, so a port in TIME_WAIT counts as free for both.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_domain(candidates: Iterable[int] = DOMAINS) -> int:
    """The first ROS domain on which no participant of this machine listens.

    A DDS participant binds UDP ports 7400 + 250 * domain + 10 and up (RTPS 2.5, 9.6.1.1): an exclusive bind of
    the first ones fails where somebody is there.

    Raises:
        DemoArgumentError: all are in use.
    """
    for domain in candidates:
        base = MULTICAST_PORT + DOMAIN_STEP * domain
        if all(_udp_free(base + offset) for offset in (0, 10, 11, 12, 13)):
            return domain
    raise DemoArgumentError("--domain-id: every ROS domain of this machine is in use; name one to share it")


def _udp_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
        return True
