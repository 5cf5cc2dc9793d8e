"""Test sessions on one machine take ROS domains that no other one has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import ros_domains

SUPPORT = Path(__file__).parents[2] / "support"


def another_session(script: str, **environment: str) -> str:
    """What a process of its own says."""
    words = [sys.executable, "-c", f"import ros_domains\nprint({script})"]
    environment = {**os.environ, **environment}
    return subprocess.run(words, cwd=SUPPORT, env=environment, check=True, capture_output=True, text=True).stdout


def test_a_domain_is_this_sessions_alone() -> None:
    first, second = ros_domains.session_domain(0), ros_domains.session_domain(0)
    assert first != second
    for domain in (first, second):
        assert another_session(f"ros_domains.lock({domain})") == "None\n"


def test_a_domain_is_free_again_when_its_session_has_ended(tmp_path: Path) -> None:
    domain = int(another_session("ros_domains.session_domain(7)", TMPDIR=str(tmp_path)))
    assert (tmp_path / f"sitefleet-tests-ros-domain-{domain}").is_file()
    assert "TextIOWrapper" in another_session(f"ros_domains.lock({domain})", TMPDIR=str(tmp_path))
