"""Where something is near the robot, in words for a person."""

from __future__ import annotations

import numpy as np

from sitefleet_robot.motion.obstacles import Array
from sitefleet_robot.motion.sweep import gaps
from sitefleet_robot.motion.values import Footprint

TOLD_WITHIN = 0.3
"""m from the outline up to which a side is named."""


def around(points: Array, footprint: Footprint) -> str:
    """Sides on which something is near, with its distance. `points` in base_link."""
    distance = gaps(points, footprint)
    past = np.abs(points) - (0.5 * footprint.length, 0.5 * footprint.width)
    lengthwise = past[:, 0] > past[:, 1]
    x, y = points[:, 0], points[:, 1]
    sides = {
        "in front": lengthwise & (x > 0.0),
        "behind": lengthwise & (x <= 0.0),
        "on the left": ~lengthwise & (y > 0.0),
        "on the right": ~lengthwise & (y <= 0.0),
    }
    told = [
        f"{max(0.0, float(distance[at].min())):.2f} m {side}"
        for side, at in sides.items()
        if at.any() and float(distance[at].min()) < TOLD_WITHIN
    ]
    return f"something {' and '.join(told) or 'near'}"
