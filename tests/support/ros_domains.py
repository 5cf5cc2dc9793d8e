"""ROS domains of tests: two test sessions, or a test session and a demo, on one machine must not hear each other."""

from __future__ import annotations

import os

from sitefleet.demo.errors import DemoArgumentError
from sitefleet.demo.ports import Claims

DOMAINS = 100
"""1 to 100 are safe on Linux: their ports stay below the ephemeral ones."""

_claims = Claims()
"""Held as long as this session runs, however it ends."""


def session_domain(salt: int) -> int:
    """A domain of this session that no other session has and nobody listens on; another one at each call.

    Where all are taken it is one of them: a run that may hear others is better than none.
    """
    wanted = 1 + (os.getpid() + salt) % DOMAINS
    try:
        return _claims.domain(1 + (wanted - 1 + step) % DOMAINS for step in range(DOMAINS))
    except DemoArgumentError:
        return wanted
