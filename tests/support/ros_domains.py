"""ROS domains of tests: two test sessions on one machine must not hear each other."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path
from typing import TextIO

from sitefleet.demo.errors import DemoArgumentError
from sitefleet.demo.ports import free_domain

DOMAINS = 100
"""1 to 100 are safe on Linux: their ports stay below the ephemeral ones."""

_claims: list[TextIO] = []
"""Open as long as this session runs; a lock goes with the process that holds it, however that ends."""


def session_domain(salt: int) -> int:
    """A domain of this session that no other session has and nobody listens on; another one at each call.

    Where all are taken it is one of them: a run that may hear others is better than none.
    """
    wanted = 1 + (os.getpid() + salt) % DOMAINS
    for step in range(DOMAINS):
        domain = 1 + (wanted - 1 + step) % DOMAINS
        if _claim(domain):
            return domain
    return wanted


def _claim(domain: int) -> bool:
    claim = lock(domain)
    if claim is None:
        return False
    try:
        free_domain([domain])
    except DemoArgumentError:  # something that is no test session listens there
        claim.close()
        return False
    _claims.append(claim)
    return True


def lock(domain: int) -> TextIO | None:
    """The domain's lock as an open file; None where another session has it."""
    path = Path(tempfile.gettempdir()) / f"sitefleet-tests-ros-domain-{domain}"
    try:
        claim = path.open("a", encoding="ascii")
    except PermissionError:  # another person's session made it
        return None
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        claim.close()
        return None
    return claim
