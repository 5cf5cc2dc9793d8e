"""Which streams a state relies on, and which of them are lost."""

from __future__ import annotations

from collections.abc import Mapping

from sitefleet_robot.safety.checks import StreamWatch
from sitefleet_robot.safety.parameters import SupervisorSettings
from sitefleet_robot.safety.states import State, Trigger

_BODY = (Trigger.SCAN_LOST, Trigger.ODOM_LOST, Trigger.BUMPER_LOST, Trigger.IMU_LOST)
_AUTO = (Trigger.PROPOSALS_LOST, Trigger.POSE_LOST, *_BODY)
_PARTNERS = (Trigger.EXECUTOR_LOST, Trigger.MANAGER_LOST)
_TELEOP = (Trigger.CONTROL_LOST, *_BODY)

RELIED_ON: Mapping[State, tuple[Trigger, ...]] = {
    State.AUTO: (*_AUTO, *_PARTNERS),
    State.PROTECTIVE_AUTO: (*_AUTO, *_PARTNERS),
    State.TELEOP: _TELEOP,
    State.PROTECTIVE_TELEOP: _TELEOP,
}
"""The losses that matter in a state; in the others nothing moves, so nothing can be lost."""

SEES_BY: Mapping[State, tuple[Trigger, ...]] = {
    state: tuple(loss for loss in losses if loss not in _PARTNERS) for state, losses in RELIED_ON.items()
}
"""Those of them without which nothing is known of the world: after a pause nothing moves before each has come again."""

NEEDED_FOR_RESUME = (*_AUTO, *_PARTNERS)
NEEDED_FOR_LEASE = tuple(loss for loss in _TELEOP if loss is not Trigger.CONTROL_LOST)

CLEARS: Mapping[Trigger, Trigger] = {loss: loss for loss in (*_AUTO, Trigger.EXECUTOR_LOST)} | {
    Trigger.CONTACT: Trigger.BUMPER_LOST
}
"""The stream that must be back before a latched stop of that cause can be reset."""


class Watchdogs:
    """One watch for each loss."""

    def __init__(self, s: SupervisorSettings) -> None:
        self._watches = {
            Trigger.PROPOSALS_LOST: StreamWatch("proposal of autonomy", s.autonomy_timeout, s.guard),
            Trigger.CONTROL_LOST: StreamWatch("command of the operator", s.control_timeout, s.guard),
            Trigger.SCAN_LOST: StreamWatch("good lidar scan", s.scan_timeout, s.guard),
            Trigger.ODOM_LOST: StreamWatch("odometry", s.odom_timeout, s.guard),
            Trigger.POSE_LOST: StreamWatch("good pose", s.pose_timeout, s.guard),
            Trigger.BUMPER_LOST: StreamWatch("reading of the contact sensor", s.bumper_timeout, s.guard),
            Trigger.IMU_LOST: StreamWatch("reading of the imu", s.imu_timeout, s.guard, optional=True),
            Trigger.EXECUTOR_LOST: StreamWatch("sign of life of the executor", s.executor_timeout, s.guard),
            Trigger.MANAGER_LOST: StreamWatch("sign of life of the fleet manager", s.manager_timeout, s.guard),
        }

    def __getitem__(self, loss: Trigger) -> StreamWatch:
        return self._watches[loss]

    def watches(self, loss: Trigger) -> bool:
        """Whether that loss would be noticed."""
        return self._watches[loss].timeout != 0.0

    def lost(self, losses: tuple[Trigger, ...], now: float) -> list[Trigger]:
        """Those of `losses` that have happened."""
        return [loss for loss in losses if self._watches[loss].lost(now)]

    def missing(self, losses: tuple[Trigger, ...], now: float) -> list[Trigger]:
        """Those of `losses` whose stream may not be relied on now, so that nothing may begin."""
        return [loss for loss in losses if not self._watches[loss].fresh(now)]

    def excuse(self, now: float) -> None:
        """Nobody listened until `now`."""
        for watch in self._watches.values():
            watch.excuse(now)

    def blind(self, losses: tuple[Trigger, ...]) -> bool:
        """Since then not every stream has been heard again: nothing may move on what was known before."""
        return any(self._watches[loss].awaited() for loss in losses)

    def complaints(self, losses: list[Trigger], now: float) -> str:
        """One sentence about each of them."""
        return "; ".join(self._watches[loss].complaint(now) for loss in losses)
