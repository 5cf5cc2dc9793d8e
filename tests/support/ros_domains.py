"""ROS domains of tests: two test sessions on one machine must not hear each other."""

from __future__ import annotations

import os


def session_domain(salt: int) -> int:
    """A domain (1..100) of this session; different salts give the parts of a session different ones."""
    return 1 + (os.getpid() + salt) % 100
