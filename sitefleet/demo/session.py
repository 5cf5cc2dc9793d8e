"""One run of a site, start to end: processes up, robots ready, a person's Resume, one job, its end, robots stopped.

What happens when something fails is decided here too: whoever dies or interrupts, the robots are stopped first, then
everything else, and the session ends with a reason.
"""

from __future__ import annotations

import json
import logging
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from fleet_manager.api.schemas import Job, Robot
from fleet_manager.domain.robots import SafetyMode
from sitefleet.cli.exit_codes import CommandError, ExitCode
from sitefleet.cli.foreground import Stopped, stop_signals
from sitefleet.demo.client import SiteClient, stop_all
from sitefleet.demo.display import Display
from sitefleet.demo.errors import DemoError, ProcessDied, TooSlow
from sitefleet.demo.observer import FleetObserver
from sitefleet.demo.operator import NAME as OPERATOR
from sitefleet.demo.operator import SiteOperator
from sitefleet.demo.view import View
from sitefleet.processes import Process
from sitefleet.starter import Deadlines, Starter

log = logging.getLogger(__name__)
ENDED = frozenset({"succeeded", "deferred", "failed", "canceled"})
POLL = 0.25
HALF = 0.5
WAITS_FOR_A_PERSON = frozenset({"hold", "stopped", "fault"})
READY = frozenset({SafetyMode.HOLD.name.lower(), SafetyMode.AUTO.name.lower()})


@dataclass(frozen=True, slots=True)
class Limits:
    """s of wall time: until the API answers, until all robots are ready, how long the API may be silent in between, how
    long a robot may be stopped (None: a person is there to reset it), and for the work (None: no limit).
    """

    api: float = 120.0
    robots: float = 120.0
    silence: float = 45.0
    stopped: float | None = None
    whole: float | None = None


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """What to run. `name` is the job's; `domain_id` the run's ROS domain."""

    name: str
    processes: Sequence[Process]
    robot_ids: Sequence[str]
    work_item_ids: Sequence[str]
    api: str
    instance: str
    """Of the fleet manager that this run starts: no other one is asked for anything."""
    domain_id: int
    logs: Path
    telemetry: Path
    view_file: Path | None = None
    """Gets the view of the terminal in the middle of the work, for pictures of it."""
    serve_after: bool = False
    limits: Limits = field(default_factory=Limits)
    deadlines: Deadlines = field(default_factory=Deadlines)


@dataclass(slots=True)
class SessionEnd:
    """How it ended. `error` None: all work has ended and nobody interrupted."""

    job: Job | None = None
    error: CommandError | None = None
    interrupted: bool = False
    first_motion: tuple[str, float] | None = None
    work_seconds: float | None = None
    site_seconds: float = 0.0
    robots_stopped: bool = False
    resets: tuple[str, ...] = ()
    """What the operator reset: robot and reason."""
    killed: tuple[str, ...] = ()


def run_session(plan: SessionPlan, display: Display, stopwatch: Callable[[], float]) -> SessionEnd:
    """Run everything to its end and leave no process behind. Signals end it in order; they raise nothing here."""
    end = SessionEnd()
    session = _Session(plan, display, stopwatch, end)
    with stop_signals():
        try:
            session.run()
        except Stopped as signalled:
            end.interrupted = True
            log.info("ended by %s", signalled)
        except CommandError as error:
            end.error = error
            log.error("%s", error)
    return end


@contextmanager
def undisturbed() -> Iterator[None]:
    """Signals are ignored inside: an impatient second Ctrl-C must not cut a shutdown short."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class _Session:
    """The steps of a session; each may raise DemoError or Stopped."""

    def __init__(self, plan: SessionPlan, display: Display, stopwatch: Callable[[], float], end: SessionEnd) -> None:
        self._plan = plan
        self._display = display
        self._stopwatch = stopwatch
        self._end = end
        self._view = View(title=plan.name, api=plan.api)
        self._client = SiteClient(plan.api, plan.instance)
        self._starter = Starter(
            plan.processes,
            plan.logs,
            stop_robots=self._stop_robots,
            environment=environment(plan.domain_id),
            deadlines=plan.deadlines,
        )
        self._observer: FleetObserver | None = None
        self._view_kept = False
        self._last_event = 0
        self._answered = time.monotonic()
        self._operator = SiteOperator(plan.robot_ids)
        self._refusal = ""
        self._stopped_since: dict[str, float] = {}

    def run(self) -> None:
        with self._display:
            try:
                self._show("starting the processes")
                self._starter.start()
                self._observer = FleetObserver(self._plan.telemetry, self._plan.domain_id, self._stopwatch)
                self._work_or_death()
            except ProcessDied:
                self._stop_after_death()
                raise
            finally:
                with undisturbed():
                    self._shut_down()

    def _work_or_death(self) -> None:
        """When the API falls silent because its process died, the death is what a person wants to read."""
        try:
            self._work()
        except CommandError as error:
            if error.code is not ExitCode.UNREACHABLE:
                raise
            death = self._starter.watch(timeout=1.0)
            if death is not None:
                raise ProcessDied(death) from error
            raise

    def _work(self) -> None:
        limits = self._plan.limits
        self._until("the fleet manager answers", self._api_ready, limits.api)
        self._until("all robots are ready", self._robots_ready, limits.robots)
        job = self._client.create_job(self._plan.name, self._plan.work_item_ids, OPERATOR)
        self._end.job = job
        log.info("job %s has %d tasks", job.id, sum(job.tasks.values()))
        self._until("the robots accept the operator's Resume", self._resumed, limits.robots)
        self._refusal = ""
        self._until("work goes on", self._job_ended, limits.whole)
        self._end.work_seconds = self._stopwatch()
        if self._plan.serve_after:
            self._until("all work has ended; the API keeps serving, press Ctrl-C to end", lambda: False, None)

    def _until(self, stage: str, done: Callable[[], bool], timeout: float | None) -> None:
        """Poll until `done`, showing the stage; a death or the time-out raises."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not done():
            self._show(stage)
            death = self._starter.watch(timeout=POLL)
            if death is not None:
                raise ProcessDied(death)
            if deadline is not None and time.monotonic() > deadline:
                raise TooSlow(f"gave up after {timeout:.0f} s while waiting: {stage}{self._missing()}{self._refusal}")
        self._show(stage)

    def _missing(self) -> str:
        known = {line.robot_id: line for line in self._view.robots}
        late = [
            f"{r} ({known[r].doing}, {known[r].safety})" if r in known else f"{r} (never reported)"
            for r in self._plan.robot_ids
            if r not in known or known[r].safety not in READY
        ]
        return f"; not ready: {', '.join(late)}" if late else ""

    def _api_ready(self) -> bool:
        if not self._client.answers():
            return False
        self._answered = time.monotonic()
        return True

    def _robots_ready(self) -> bool:
        robots = {robot.id: robot for robot in self._refresh() if robot.online}
        return all(r in robots and robots[r].safety_state in READY for r in self._plan.robot_ids)

    def _resumed(self) -> bool:
        self._operate(self._refresh())
        return self._operator.all_resumed

    def _operate(self, robots: Sequence[Robot]) -> None:
        """What the operator wants is asked of the robots; a supervisor that is not ready refuses and is asked again."""
        for act in self._operator.acts(time.monotonic(), robots):
            try:
                self._client.act(act.robot_id, act.verb, OPERATOR, act.reason)
            except CommandError as error:
                if error.code is not ExitCode.REFUSED:
                    raise
                log.info("%s", error)
                self._refusal = f"; {error}"
            else:
                self._operator.done(act)

    def _job_ended(self) -> bool:
        robots = self._refresh()
        self._operate(robots)
        self._end_when_stopped(robots)
        return self._end.job is not None and self._end.job.state in ENDED

    def _end_when_stopped(self, robots: Sequence[Robot]) -> None:
        """A robot that stopped for good waits for a person; without one at the keyboard the run is over."""
        limit, now = self._plan.limits.stopped, time.monotonic()
        for robot in robots:
            if robot.online and robot.safety_state not in WAITS_FOR_A_PERSON:
                self._stopped_since.pop(robot.id, None)
            elif limit is not None and now - self._stopped_since.setdefault(robot.id, now) > limit:
                state = robot.safety_state if robot.online else "offline"
                raise DemoError(f"{robot.id} is {state} and waits for a person: {robot.safety_reason or 'no reason'}")

    def _refresh(self) -> list[Robot]:
        """Ask the API for everything that is shown. One lost answer is no failure, a silence is."""
        try:
            robots = self._client.robots()
            events = self._client.events_after(self._last_event)
            if self._end.job is not None:
                self._end.job = self._client.job(self._end.job.id)
                self._view = self._view.with_job(self._end.job)
        except CommandError as error:
            silence = time.monotonic() - self._answered
            if error.code is not ExitCode.UNREACHABLE or silence > self._plan.limits.silence:
                raise
            return []
        self._answered = time.monotonic()
        self._last_event = events[-1].id if events else self._last_event
        self._operator.note(events)
        self._view = self._view.with_robots(robots).with_events(events)
        return robots

    def _show(self, stage: str) -> None:
        site_seconds = self._observer.site_seconds if self._observer else 0.0
        speed = self._observer.sim_speed if self._observer else 0.0
        self._view = replace(
            self._view, stage=stage, wall_seconds=self._stopwatch(), site_seconds=site_seconds, sim_speed=speed
        )
        self._display.show(self._view)
        if self._plan.view_file is not None and not self._view_kept and self._view.overall is not None:
            self._view_kept = self._view.overall.share >= HALF
            if self._view_kept:
                self._plan.view_file.write_text(json.dumps(asdict(self._view), indent=1), encoding="utf-8")

    def _stop_robots(self) -> None:
        """Remote stop through the manager; the robots it could not reach are asked directly.

        Raises:
            DemoError: names the robots that did not confirm; their own watchdogs are what is left.
        """
        left = set(self._plan.robot_ids)
        try:
            result = stop_all(self._plan.api, self._plan.instance, OPERATOR, "end of the demo")
            left -= {r.robot_id for r in result.results if r.success}
        except CommandError as error:
            log.warning("stop through the API: %s", error)
        if left and self._observer is not None:
            left -= self._observer.stop_robots(sorted(left), OPERATOR, "end of the demo")
        if left:
            raise DemoError(f"no robot's confirmation from {', '.join(sorted(left))}")

    def _stop_after_death(self) -> None:
        """The starter leaves robots to their watchdogs when something died; here they are asked as well."""
        with undisturbed():
            try:
                self._stop_robots()
                self._end.robots_stopped = True
            except DemoError as error:
                log.warning("%s; their supervisors stop them when autonomy ends", error)

    def _shut_down(self) -> None:
        self._show("stopping the robots, then everything else")
        if self._observer is not None:
            self._end.first_motion = self._observer.first_motion
            self._end.site_seconds = self._observer.site_seconds
        self._end.resets = tuple(self._operator.reasons)
        report = self._starter.stop()
        self._end.robots_stopped = self._end.robots_stopped or report.robots_stopped
        self._end.killed = report.killed
        if self._observer is not None:
            self._observer.close()


def environment(domain_id: int) -> Mapping[str, str]:
    """ROS settings of the run: this machine only, a domain of its own."""
    return {"ROS_DOMAIN_ID": str(domain_id), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
