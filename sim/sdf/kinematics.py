"""Where a link is for given joint positions, from the model's own SDF."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.sdf.transform import Transform, rotation_about_axis
from sim.sdf.types import Joint, Model


def joint_motion(joint: Joint, position: float) -> Transform:
    """Motion of the child by a joint, in the joint's own frame. m or rad."""
    axis = np.array(joint.axis)
    if joint.kind == "prismatic":
        return Transform(np.eye(3), axis * position)
    if joint.kind in ("revolute", "continuous"):
        return Transform(rotation_about_axis(axis, position), np.zeros(3))
    return Transform()


def joints_to(model: Model, link: str) -> tuple[Joint, ...]:
    """Joints from the root link out to `link`. Raises KeyError for a link that the model does not have."""
    by_child = {joint.child: joint for joint in model.joints}
    chain: list[Joint] = []
    name = model.link(link).name
    while name in by_child:
        chain.append(by_child[name])
        name = by_child[name].parent
    return tuple(reversed(chain))


def link_pose(model: Model, link: str, positions: Mapping[str, float]) -> Transform:
    """Pose of a link in the root link's frame. Raises KeyError naming a moving joint without a position."""
    pose = Transform()
    previous = model.root_link
    for joint in joints_to(model, link):
        child = model.link(joint.child)
        rest = previous.pose.inverse() @ child.pose
        position = 0.0 if joint.kind == "fixed" else positions[joint.name]
        pose = pose @ rest @ joint.pose @ joint_motion(joint, position) @ joint.pose.inverse()
        previous = child
    return pose
