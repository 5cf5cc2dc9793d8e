"""Test sessions on one machine take ROS domains that no other one has, no demo either."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import ros_domains

SUPPORT = Path(__file__).parents[2] / "support"
CLAIM = """
import sys
from sitefleet.demo.errors import DemoArgumentError
from sitefleet.demo.ports import Claims
try:
    print(Claims().domain([int(sys.argv[1])]))
except DemoArgumentError:
    print("taken")
"""


def another_process(script: str, *arguments: str) -> str:
    """What a process of its own says."""
    words = [sys.executable, "-c", script, *arguments]
    return subprocess.run(words, cwd=SUPPORT, check=True, capture_output=True, text=True).stdout.strip()


def test_a_domain_is_this_sessions_alone() -> None:
    first, second = ros_domains.session_domain(0), ros_domains.session_domain(0)
    assert first != second
    for domain in (first, second):
        assert another_process(CLAIM, str(domain)) == "taken"


def test_a_domain_is_free_again_when_its_session_has_ended() -> None:
    domain = another_process("import ros_domains\nprint(ros_domains.session_domain(7))")
    assert another_process(CLAIM, domain) == domain
