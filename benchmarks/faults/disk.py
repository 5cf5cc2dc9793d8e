"""The robot's disk is full: events cannot be kept, so the robot must stop; when there is room, none must be missing."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from sitefleet_interfaces.msg import SafetyState

from faults.clock import OFFICER
from faults.fault import Fault, expect
from faults.robot import Robot
from faults.session import Session
from faults.values import LIMIT, Case, Run, Unexpected

CORNER = [[0.3, 0.3], [0.8, 0.3], [0.8, 0.8]]
SIZE = "6m"
EVENTS = 30
"""Events of which one must not fit any more."""


class SmallDisk:
    """A file system of its own for the robot's state, in memory, seen by this process and what it starts."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._filler = folder / "filler"
        words = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "tmpfs", str(folder)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Unexpected(f"no small disk: {done.stderr.strip()}")

    def fill(self) -> None:
        """To the last byte."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1 << 6, 1):
                try:
                    while os.write(file.fileno(), bytes(size)) == size:
                        pass
                except OSError:  # no space left
                    continue

    def free(self) -> None:
        """There is room again."""
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        """Away with it; without this it goes with the name space it was mounted in."""
        subprocess.run(["umount", str(self._folder)], check=False)


def full(session: Session, case: Case) -> Run:
    """From the first event that the disk does not take (here: a new set of zones, which stops nobody)."""
    robot, dice, disk = session.robot, case.dice, session.disk
    assert disk is not None
    robot.into_auto()
    session.cruise(dice.uniform(0.3, 0.6), dice, room=3.5)
    disk.fill()
    begun = time.monotonic()
    try:
        since = _events_until_stopped(session, begun)
        run = session.measured(case, since, limit=LIMIT)
        expect(run, "STOPPED", "evidence_lost")
        time.sleep(dice.uniform(0.3, 1.5))
        answer = robot.try_reset()
        if answer != "cause_persists":
            run.failures.append(f"a reset was answered {answer} while the disk was full")
    finally:
        disk.free()
    session.nothing_moves(run)
    session.settle(run, since, robot.into_auto)
    return run


def _events_until_stopped(session: Session, begun: float) -> float:
    """New zones until the robot stops: the first ones may still fit into the last page of the spool's file.

    When the last of their events came, which is the one that the disk did not take.
    """
    robot = session.robot

    def told() -> list[float]:
        events = list(robot.series.events.values())
        return [at for _, trigger, at in events if trigger == "zones_changed" and at > begun]

    for count in range(1, EVENTS + 1):
        name = f"Z{time.monotonic_ns()}"
        session.said("/zones", OFFICER, id=name, name="Corner", kind="slow", outlines=[CORNER], speed_limit=0.3)
        _wait(robot, told, count)
        time.sleep(0.3)
        if robot.state == SafetyState.STOPPED:
            return told()[-1]
    raise Unexpected(f"{EVENTS} events did not fill the disk")


def _wait(robot: Robot, told: Callable[[], list[float]], count: int) -> None:
    robot.until(lambda: len(told()) >= count, "the event of new zones", 10.0)


FAULTS = (Fault("full-disk", "robot's disk is full", "disk", ("",), full),)
