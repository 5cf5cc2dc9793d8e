"""One robot: its safety supervisor and its recorder, each alone in its process, and its autonomy.

ros2 launch sitefleet robot.launch.py site:=FOLDER robot:=d1:driller:home_1 sim:=none
"""

from __future__ import annotations

from typing import Any

from sitefleet.launching import described, nodes


def generate_launch_description() -> Any:
    """Entry point of `ros2 launch`."""
    return described(
        ("site", "storey", "robot", "sim", "run", "keys"), lambda run: nodes(run, "safety", "evidence", "autonomy")
    )
