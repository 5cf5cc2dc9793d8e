"""The fleet manager with its HTTP API.

ros2 launch sitefleet manager.launch.py site:=FOLDER api_port:=8000 sim:=none
"""

from __future__ import annotations

from typing import Any

from sitefleet.launching import described, nodes

ARGUMENTS = ("site", "storey", "sim", "run", "keys", "database", "api_host", "api_port")


def generate_launch_description() -> Any:
    """Entry point of `ros2 launch`."""
    return described(ARGUMENTS, lambda run: nodes(run, "manager"))
