"""A site that runs, in which one run after the other is made; and what every run does the same way."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sitefleet_interfaces.msg import SafetyState

from faults import measures, world
from faults.events import Tally, tally
from faults.processes import STARTED, Site
from faults.robot import Robot
from faults.values import LIMIT, TRANSPORT, Case, MachineStoodStill, Run, Unexpected
from sitefleet.demo.ports import Claims

if TYPE_CHECKING:
    from faults.disk import SmallDisk
    from faults.relay_process import RelayProcess
    from faults.wall_clock import WallClock

STALL = 0.06
"""s without a turn for this process or without a command of the supervisor's 50 a second, from which on the machine
stood still."""
WORLD_STALL = 0.1
"""The same for the simulator, which tells 50 true poses a second."""
CALM_FOR, CALM_WITHIN = 1.5, 300.0
"""s for which nothing must have stood still before a run begins, and how long to wait for that."""
OBSERVED = 1.2
"""s for which a robot that waits for a person is watched after everything that was wrong is right again."""
MARGIN = 2.4
"""m to the lane's end that a drive must have left when the fault comes."""
STATES = {getattr(SafetyState, n): n for n in ("BOOT", "HOLD", "AUTO", "TELEOP", "PROTECTIVE_STOP", "STOPPED", "FAULT")}
_claims = Claims()


def own_domain(used: list[int]) -> int:
    """A ROS domain that nobody on this machine has claimed.

    Ports of those above 101 may be taken by an outgoing connection of anybody; but no run must hear another one.
    """
    domain = _claims.domain(d for d in range(1, 133) if d not in used)
    used.append(domain)
    return domain


class Session:
    """Processes and robot. Use as a context manager."""

    def __init__(self, site: Site, robot_domain: int, seed: int, *, person: bool, autonomy: bool) -> None:
        """`autonomy`: the benchmark stands for it."""
        self.site = site
        self.seed = seed
        self.epoch = 0
        self.clock: WallClock | None = None
        self.disk: SmallDisk | None = None
        self.link: RelayProcess | None = None
        self.robot: Robot
        self._with = robot_domain, person, autonomy

    def __enter__(self) -> Session:
        """Start everything and wait until robot and manager know each other."""
        try:
            domain, person, autonomy = self._with
            state = self.site.state_dir / world.ROBOT
            self.robot = Robot(domain, state, self.seed, person=person, autonomy=autonomy)
            if self.link is not None:
                self.link.move_operator(self.robot)
            self.site.start()
            self.robot.until(lambda: self.robot.series.truth and self.robot.state >= 0, "robot and world", STARTED)
            self.robot.until(self.site.sees_robot, "the manager sees the robot", STARTED)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything."""
        self.close()

    def close(self) -> None:
        """Processes first: the simulator's report is written when it ends."""
        self.site.stop()
        if hasattr(self, "robot"):
            self.robot.close()
        if self.link is not None:
            self.link.close()
        if self.disk is not None:
            self.disk.close()

    def next_epoch(self) -> int:
        """A lease newer than any before."""
        self.epoch = max(self.epoch, self.robot.wires.epoch) + 1
        return self.epoch

    def finish(self) -> tuple[Tally, int]:
        """Let events arrive, then stop; lost events, and contacts that the simulator counted."""
        result = tally(self.site, self.robot.series)
        self.site.stop()
        return result, self.site.contacts()

    # -- the manager

    def said(self, path: str, by: str, **body: Any) -> Any:
        """Ask the manager to do something. Raises Unexpected when it refuses."""
        status, answer = self.site.post(path, by, **body)
        if status >= 300:
            raise Unexpected(f"POST {path}: {status} {answer}")
        return answer

    def zones_known(self) -> None:
        """Wait until the robot works by the newest zones and permits."""
        self.robot.until(
            lambda: all(r["up_to_date"] and r["accepted"] for r in self.site.get("/zones")["robots"]),
            "the robot knows the newest zones", 20.0,
        )  # fmt: skip

    # -- what runs have in common

    def mend(self) -> None:
        """Nothing is cut or spoiled or dead any more."""
        wires = self.robot.wires
        wires.proposals, wires.pose, wires.scan, wires.held = True, True, "pass", True
        wires.pose_shift, wires.pose_sigma, wires.pose_repeats = (0.0, 0.0), 0.02, False
        wires.control = False
        self.robot.stand_in.on_command = None
        if self.site.start():
            # A run that was given up had killed something.
            begun, robot = time.monotonic(), self.robot
            robot.until(lambda: robot.truth.t > begun and robot.series.states[-1].t > begun, "robot and world", STARTED)
            robot.until(self.site.sees_robot, "the manager sees the robot", STARTED)

    def cruise(self, speed: float, dice: random.Random, room: float = MARGIN) -> None:
        """Drive until it goes at that speed with so much room ahead, and then for a random moment more."""
        robot, lane = self.robot, self.robot.stand_in.lane
        if lane.room(robot.truth) < room + 2.5:
            lane.turn_round()
        lane.speed = speed
        end = time.monotonic() + 40.0
        while not (
            abs(robot.truth.speed - speed) < 0.06 * speed + 0.01
            and lane.aligned(robot.truth)
            and lane.room(robot.truth) > room
        ):
            if time.monotonic() > end:
                raise Unexpected(f"the robot did not get to {speed:.2f} m/s: {robot.truth}, state {robot.state}")
            self.unless_stopped()
            self.site.check()
            time.sleep(0.01)
        time.sleep(dice.uniform(0.0, 0.25))

    def measured(
        self,
        case: Case,
        since: float,
        *,
        limit: float | None = LIMIT,
        silent: bool = False,
        world: bool = True,
        patience: float = 6.0,
    ) -> Run:
        """Wait until the robot stands, and measure from `since`. `limit` in s, None: there is none.

        Raises MachineStoodStill when nobody was there to command or to measure, so that the run is made again.
        `silent`: the supervisor is dead and nobody commands. Not `world`: nobody knows where the robot is.
        """
        robot, series = self.robot, self.robot.series
        if not silent:
            robot.until(robot.commanded_zero, "zero commanded", patience)
        robot.until(robot.stands, "the robot stands", patience)
        time.sleep(0.1)
        now = time.monotonic()
        zero = measures.braking_began(series.truth, since) if silent else measures.lasting_zero(
            series.commands, since, now
        )  # fmt: skip
        stood = measures.standstill(series.truth, since, now)
        if zero is None or (stood is None and world):
            raise Unexpected(f"no lasting zero or no standstill: {series.commands[-3:]}, {robot.truth}")
        self._awake(since, zero, silent, world)
        run = Run(case.fault, case.variant, case.number, case.seed)
        run.latency = zero - since
        run.limit = math.inf if limit is None else limit + TRANSPORT
        run.notes["zero"] = zero
        if stood is not None and world:
            run.distance = measures.way(series.truth, since, max(stood, since))
            run.notes["stood"] = stood
        run.state, run.reason = STATES.get(robot.state, "?"), series.states[-1].reason
        return run

    def _awake(self, since: float, zero: float, silent: bool, world: bool) -> None:
        series = self.robot.series
        looked = {"benchmark": self.robot.beats.moments()}
        if world:
            looked["world"] = [s.t for s in series.truth[-1500:]]
        if not silent:
            looked["supervisor"] = [c.t for c in series.commands[-1500:]]
        for name, moments in looked.items():
            gap = measures.longest_gap(moments, max(since, zero - 0.5) - 0.1, zero)
            if gap > (WORLD_STALL if name == "world" else STALL):
                raise MachineStoodStill(f"{name} for {1000.0 * gap:.0f} ms")

    def unless_stopped(self) -> None:
        """A watchdog has stopped the robot where no fault of this kind was put in.

        Raises MachineStoodStill if this process, which sends the streams, did not run, and Unexpected if it did.
        """
        robot = self.robot
        if robot.state not in {SafetyState.STOPPED, SafetyState.HOLD, SafetyState.FAULT}:
            return
        now = time.monotonic()
        told = next((s.t for s in reversed(robot.series.states) if s.state != robot.state), now)
        late = measures.longest_gap(robot.beats.moments(), told - 0.6, min(now, told + 0.4))
        world = measures.longest_gap([s.t for s in robot.series.truth[-6000:]], told - 0.6, min(now, told + 0.4))
        reason = robot.series.states[-1].reason
        if late > STALL or world > WORLD_STALL:
            raise MachineStoodStill(
                f"stopped ({reason}): {1000 * late:.0f} ms here, {1000 * world:.0f} ms in the world"
            )
        raise Unexpected(f"stopped by itself: {reason}")

    def stood_still(self, since: float) -> str:
        """What of the machine stood still since then, as a sentence; empty: nothing."""
        now = time.monotonic()
        looked = {
            "the benchmark": (self.robot.beats.moments(), STALL),
            "the world": ([s.t for s in self.robot.series.truth[-6000:]], WORLD_STALL),
        }
        for name, (moments, longest) in looked.items():
            gap = measures.longest_gap(moments, max(since, now - 60.0), now)
            if gap > longest:
                return f"{name} for {1000.0 * gap:.0f} ms"
        return ""

    def calm(self) -> None:
        """Wait until nothing has stood still for a while. Raises Unexpected after CALM_WITHIN."""
        end = time.monotonic() + CALM_WITHIN
        self.robot.until(lambda: self.robot.series.truth, "the world", 30.0)
        while busy := self.stood_still(time.monotonic() - CALM_FOR):
            if time.monotonic() > end:
                raise Unexpected(f"the machine is too busy to measure anything: {busy}")
            time.sleep(0.2)

    def nothing_moves(self, run: Run, seconds: float = OBSERVED) -> None:
        """Watch a robot that waits for a person: each motion is an automatic resume."""
        time.sleep(seconds)
        self.count_motion(run)

    def count_motion(self, run: Run) -> None:
        """Motion since the zero up to now, before a person has let the robot drive."""
        series, now = self.robot.series, time.monotonic()
        run.auto_resumes = measures.motions(series.commands, float(run.notes["zero"]) + 1e-6, now)
        if not run.auto_resumes and "stood" in run.notes:
            run.auto_resumes = int(any(s.moves for s in series.truth[-500:] if s.t > float(run.notes["stood"]) + 0.1))

    def settle(self, run: Run, since: float, acts: Callable[[], None] | None = None) -> None:
        """What was touched from `since` on, and a person's acts that bring the robot back to where runs begin."""
        now = time.monotonic()
        touched = measures.contacts(self.robot.series.touches, self.robot.series.truth, since, now)
        run.contacts, run.walked_into = touched
        self.robot.resets = self.robot.resumes = 0
        self.robot.stand_in.lane.speed = 0.0
        if acts is not None:
            acts()
        run.resets, run.resumes = self.robot.resets, self.robot.resumes

    def tell(self, folder: Path) -> None:
        """Last lines of all logs, for whoever looks for a fault of the site."""
        for name in ("simulator", "safety", "evidence", "manager", "autonomy"):
            if text := self.site.log(name):
                (folder / f"{name}.tail").write_text(text, encoding="utf-8")
