"""A supervisor on a bench: its core, a clock that the test turns, and streams that can be cut one by one."""

import numpy as np
import pytest

from sitefleet_robot.safety.field import FieldSettings
from sitefleet_robot.safety.memory import Memory
from sitefleet_robot.safety.muting import MuteRequest
from sitefleet_robot.safety.parameters import TICK, SupervisorSettings
from sitefleet_robot.safety.scan import ScanPoints
from sitefleet_robot.safety.states import State
from sitefleet_robot.safety.supervisor import Supervisor
from sitefleet_robot.safety.values import (
    Bumper,
    Control,
    ModeRequest,
    Odometry,
    Pose,
    Proposal,
    ResetRequest,
    ResumeRequest,
    Scan,
    StopRequest,
    Tick,
    Twist2,
)

STREAMS = ("proposals", "control", "scan", "odom", "pose", "bumper")
FIELD = FieldSettings(length=0.56, width=0.50, deceleration=1.0, turn_deceleration=2.5)


def settings(**changes) -> SupervisorSettings:
    return SupervisorSettings("r1", FIELD, max_speed=0.8, max_turn_rate=1.5, **changes)


class Bench:
    """Runs the core at 50 Hz with the streams of a healthy robot; `command_log` holds (time, command)."""

    def __init__(self, memory: Memory | None = None, limiters=(), **changes) -> None:
        self.core = Supervisor(settings(**changes), memory or Memory(), limiters)
        self.now = 1000.0
        self.utc = 0.0
        self.alive = set(STREAMS)
        self.twist = Twist2(0.5, 0.0)
        self.stick = Twist2(0.3, 0.0)
        self.held = True
        self.epoch = 1
        self.sequence = 0
        self.points = np.zeros((0, 2))
        self.sigma = 0.01
        self.pressed = False
        self.motion = Twist2(0.1, 0.0)
        self.way = 0.0
        self.command_log = []
        self.transitions = []
        self._count = 0
        self.give(self.core.start(self.now))

    @property
    def state(self) -> State:
        return self.core.state

    def give(self, effect):
        self.transitions += effect.transitions
        if effect.publish:
            self.command_log.append((self.now, self.core.command))
        return effect

    def put(self, value):
        return self.give(self.core.handle(value, self.now))

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK)):
            self.now += TICK
            self.utc += TICK
            self._count += 1
            if self._count % 2 == 0:
                self._send_fast()
            if self._count % 5 == 0:
                self._send_slow()
            self.put(Tick(self.utc))

    def send_all(self) -> None:
        self._send_fast()
        self._send_slow()

    def _send_fast(self) -> None:
        if "proposals" in self.alive:
            self.put(Proposal(self.twist))
        if "control" in self.alive:
            self.sequence += 1
            self.put(Control("r1", self.epoch, self.sequence, self.now, self.held, self.stick))
        if "odom" in self.alive:
            self.put(Odometry(self.motion, self.way, 0.0))
        if "pose" in self.alive:
            self.put(Pose(1.0, 2.0, 0.5, self.sigma))

    def _send_slow(self) -> None:
        if "scan" in self.alive:
            self.put(Scan(ScanPoints(self.points)))
        if "bumper" in self.alive:
            self.put(Bumper(self.pressed))

    def resume(self):
        return self.put(ResumeRequest("Ada", "work")).answer

    def press(self, by: str = "Ada"):
        return self.put(ResetRequest(by, "looked at it", pressed=True)).answer

    def release(self, by: str = "Ada"):
        return self.put(ResetRequest(by, "looked at it")).answer

    def mute(self, field: str = "protective_field", **changes):
        told = {"reason": "narrow lift", "by": "Ada", "co_signed_by": "Bob", "duration": 60.0} | changes
        return self.put(MuteRequest(field, **told)).answer

    def reset(self, held: float = 0.5):
        self.press()
        self.run(held)
        return self.release()

    def stop(self):
        return self.put(StopRequest("Ada", "no reason needed")).answer

    def mode(self, state: State, epoch: int = 1, by: str = "Ada"):
        return self.put(ModeRequest(state.number, by, epoch)).answer

    def in_auto(self) -> "Bench":
        self.run(0.5)
        assert self.resume().success
        self.run(0.2)
        assert self.state is State.AUTO
        return self

    def in_teleop(self) -> "Bench":
        self.run(0.5)
        assert self.mode(State.TELEOP, self.epoch).success
        self.held = False
        self.run(0.2)
        self.held = True
        self.run(0.2)
        assert self.state is State.TELEOP
        return self

    def zero_after(self, moment: float) -> float:
        """s from `moment` to the first published zero that was followed by zeros only."""
        moving = [k for k, (_, c) in enumerate(self.command_log) if not c.is_zero]
        tail = self.command_log[moving[-1] + 1 if moving else 0 :]
        return min(t for t, _ in tail if t >= moment) - moment


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def make_bench():
    return Bench
