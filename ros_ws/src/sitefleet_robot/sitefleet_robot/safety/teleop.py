"""The operator's stream under a lease: what is accepted, and the twist that follows from it."""

from __future__ import annotations

from sitefleet_robot.safety import checks
from sitefleet_robot.safety.checks import DelayEstimate
from sitefleet_robot.safety.refusal import Refusal
from sitefleet_robot.safety.values import ZERO, Control


class Teleoperation:
    """Hold-to-run under one lease. After arming nothing moves before a command with neutral axes has come."""

    def __init__(self, robot_id: str, max_age: float, lease_epoch: int) -> None:
        self._robot_id = robot_id
        self._max_age = max_age
        self.epoch = lease_epoch
        self.holder = ""
        self._sequence = -1
        self._delays = DelayEstimate()
        self._neutral_seen = False
        self.twist = ZERO

    def arm(self, epoch: int, holder: str) -> Refusal | None:
        """Begin under a lease. A lease older than one already seen is refused; the same one may arm again."""
        if epoch < self.epoch or epoch <= 0:
            return Refusal("old_epoch", f"lease {epoch} is not valid, lease {self.epoch} has been in force")
        if epoch == self.epoch and self.holder not in {"", holder}:
            return Refusal("not_holder", f"lease {epoch} belongs to {self.holder!r}")
        if epoch != self.epoch:
            self._sequence = -1
            self._delays = DelayEstimate()
        self.epoch, self.holder = epoch, holder
        self._neutral_seen = False
        self.twist = ZERO
        return None

    def disarm(self) -> None:
        """Nothing drives any more; the lease may arm again, by a person's act."""
        self._neutral_seen = False
        self.twist = ZERO

    def accept(self, control: Control, now: float) -> Refusal | None:
        """Take a command over, or say why not. A refused one changes nothing; the stream's watch does not see it."""
        refusal = (
            checks.addressee(control, self._robot_id)
            or checks.epoch(control, self.epoch)
            or checks.order(control, self._sequence)
            or checks.finite(control.twist)
            or checks.command_age(self._delays.delay(control.sent, now), self._max_age)
        )
        if refusal is not None:
            return refusal
        self._sequence = control.sequence
        if not control.held or control.twist.is_zero:
            self._neutral_seen = True
            self.twist = ZERO
        elif self._neutral_seen:
            self.twist = control.twist
        return None
