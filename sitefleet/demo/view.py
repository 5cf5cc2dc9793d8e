"""What the terminal shows, as values: taken from the API's answers, drawn by `live` or `lines`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fleet_manager.api.schemas import Event, Job, Robot

EVENTS_KEPT = 300
STATE_WORDS = {
    "boot": "starting", "hold": "hold", "auto": "auto", "teleop": "by hand", "protective_stop": "yields to an obstacle",
    "stopped": "stopped", "fault": "fault",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bar:
    """One progress bar: `done` and `deferred` of `total` places of work."""

    label: str
    done: int
    deferred: int
    total: int

    @property
    def share(self) -> float:
        """0..1; deferred places count as ended."""
        return (self.done + self.deferred) / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class RobotLine:
    """One robot; battery and progress 0..1, speed in m/s."""

    robot_id: str
    doing: str
    progress: float
    battery: float
    charging: bool
    speed: float
    safety: str
    alarm: bool


@dataclass(frozen=True, slots=True)
class View:
    """Everything on the screen. `site_seconds` is ROS time since the robots' first sign of life."""

    title: str
    api: str
    stage: str = ""
    wall_seconds: float = 0.0
    site_seconds: float = 0.0
    sim_speed: float = 0.0
    overall: Bar | None = None
    trades: tuple[Bar, ...] = ()
    robots: tuple[RobotLine, ...] = ()
    events: tuple[str, ...] = ()
    event_count: int = 0
    """Of all events so far; `events` are the last of them."""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> View:
        """A view that was kept as JSON."""
        overall = values["overall"]
        return cls(
            **{
                **values,
                "overall": Bar(**overall) if overall else None,
                "trades": tuple(Bar(**bar) for bar in values["trades"]),
                "robots": tuple(RobotLine(**line) for line in values["robots"]),
                "events": tuple(values["events"]),
            }
        )

    def with_job(self, job: Job) -> View:
        """The view with a job's progress."""
        trades = tuple(Bar(t.trade, t.targets.done, t.targets.deferred, t.targets.total) for t in job.trades)
        counts = job.targets
        return replace(self, overall=Bar("all work", counts.done, counts.deferred, counts.total), trades=trades)

    def with_robots(self, robots: Sequence[Robot]) -> View:
        """The view with the robots' present state."""
        return replace(self, robots=tuple(robot_line(r) for r in robots))

    def with_events(self, events: Sequence[Event]) -> View:
        """The view with more events; the last ones are kept."""
        texts = (*self.events, *(event_text(e) for e in events))
        return replace(self, events=texts[-EVENTS_KEPT:], event_count=self.event_count + len(events))


def robot_line(robot: Robot) -> RobotLine:
    """What a robot does, in words."""
    if not robot.online:
        doing = "offline"
    elif robot.errors:
        doing = ", ".join(robot.errors)
    elif robot.obstructed:
        doing = f"waits: {robot.obstruction or 'something is in its way'}"
    elif robot.task_id:
        doing = robot.phase or robot.activity
    else:
        doing = robot.activity.replace("_", " ")
    return RobotLine(
        robot_id=robot.id,
        doing=doing,
        progress=robot.progress if robot.task_id else 0.0,
        battery=robot.battery,
        charging=robot.charging,
        speed=abs(robot.speed),
        safety=STATE_WORDS.get(robot.safety_state, robot.safety_state),
        alarm=not robot.online or robot.safety_state in {"stopped", "fault"} or bool(robot.errors),
    )


def event_text(event: Event) -> str:
    """An event on one line."""
    who = f"{event.robot_id}: " if event.robot_id and event.robot_id not in event.message else ""
    return f"{event.time:%H:%M:%S}  {who}{event.message}"
