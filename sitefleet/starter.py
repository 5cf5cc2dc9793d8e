"""Starts the table of processes without a ROS installation, watches them, and stops them in order.

Nothing is ever restarted: a process that ends unasked is a Death, reported with the last lines it wrote.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from sitefleet import guard
from sitefleet.processes import Process, StopWave

log = logging.getLogger(__name__)
POLL = 0.05
TAIL_BYTES = 16_384


class StarterError(RuntimeError):
    """The processes cannot be started; the message says why."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds of wall time that each step of the shutdown gets before the next, harder one."""

    stop_robots: float = 5.0
    interrupt: float = 5.0
    terminate: float = 3.0
    kill: float = 2.0


@dataclass(frozen=True, slots=True)
class Death:
    """A process that ended without being asked to. `returncode` as of subprocess: negative is a signal's number."""

    name: str
    returncode: int
    last_lines: tuple[str, ...]
    log_file: Path

    def __str__(self) -> str:
        """One paragraph for a person."""
        how = f"by signal {signal.Signals(-self.returncode).name}" if self.returncode < 0 else f"({self.returncode})"
        said = "".join(f"\n    {line}" for line in self.last_lines) or "\n    (it wrote nothing)"
        return f"process {self.name} ended {how}; its last lines, from {self.log_file}:{said}"


@dataclass(frozen=True, slots=True)
class StopReport:
    """How the shutdown went: processes that needed more than an interrupt, and whether the robots were stopped."""

    robots_stopped: bool
    terminated: tuple[str, ...]
    killed: tuple[str, ...]


def command(process: Process, python: str = sys.executable) -> list[str]:
    """The command line of a process with this environment's Python."""
    return [python, "-m", process.module, *process.arguments, *process.ros_arguments()]


def tail(file: Path, lines: int = 12) -> tuple[str, ...]:
    """The last lines of a log file; empty when there is none."""
    if not file.exists():
        return ()
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - TAIL_BYTES))
        text = stream.read().decode("utf-8", errors="replace")
    return tuple(line for line in text.splitlines() if line.strip())[-lines:]


class Starter:
    """Runs processes until stop(); as a context manager it stops them on the way out, whatever happened.

    Args:
        processes: in the order they start.
        log_dir: gets one `<name>.log` a process.
        stop_robots: called first on shutdown, to bring the robots to a halt while everything still runs.
        environment: on top of this process' own.
    """

    def __init__(
        self,
        processes: Sequence[Process],
        log_dir: Path,
        *,
        stop_robots: Callable[[], None] | None = None,
        environment: Mapping[str, str] | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        names = [process.name for process in processes]
        if len(set(names)) != len(names):
            raise StarterError(f"two processes have the same name: {', '.join(sorted(names))}")
        self._processes = tuple(processes)
        self._log_dir = log_dir
        self._stop_robots = stop_robots
        self._environment = dict(environment or {})
        self._deadlines = deadlines or Deadlines()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._guard: subprocess.Popen[str] | None = None

    def __enter__(self) -> Starter:
        """Start everything; what had started is stopped again when one cannot."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop everything in order."""
        self.stop()

    def start(self) -> None:
        """Start every process, each in a session of its own so that a terminal's Ctrl-C reaches only this one."""
        self._log_dir.mkdir(parents=True, exist_ok=True)
        # -S: without the site module, so the ROS wheels' re-execution does not slow it down.
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__],
            stdin=subprocess.PIPE,
            # Whoever reads this process' output must not wait for the guard.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        for process in self._processes:
            self._start_one(process)

    def _start_one(self, process: Process) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **self._environment, **process.environment}
        # Robots and tests of one machine should not talk to the building's network unless somebody says so.
        environment.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        with self.log_file(process.name).open("wb") as output:
            child = subprocess.Popen(
                command(process),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        self._running[process.name] = child
        self._tell_guard(child.pid)
        log.info("started %s, pid %d", process.name, child.pid)

    def log_file(self, name: str) -> Path:
        """Where a process writes."""
        return self._log_dir / f"{name}.log"

    def pids(self) -> dict[str, int]:
        """Process ids of what was started and not stopped, by name."""
        return {name: child.pid for name, child in self._running.items()}

    def deaths(self) -> tuple[Death, ...]:
        """Every process that has ended unasked so far."""
        return tuple(
            Death(name, child.returncode, tail(self.log_file(name)), self.log_file(name))
            for name, child in self._running.items()
            if child.poll() is not None
        )

    def watch(self, until: Callable[[], bool] = lambda: False, timeout: float | None = None) -> Death | None:
        """Wait until a process dies (returned), `until` is true or the time is over (None)."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            deaths = self.deaths()
            if deaths:
                return deaths[0]
            if until() or (deadline is not None and time.monotonic() >= deadline):
                return None
            time.sleep(POLL)

    def stop(self) -> StopReport:
        """Robots first, then wave by wave SIGINT, SIGTERM and SIGKILL. Safe to call twice.

        When this is interrupted or killed itself, the guard ends what is left.
        """
        robots_stopped = self._halt_robots()
        terminated: list[str] = []
        killed: list[str] = []
        for wave in StopWave:
            names = [process.name for process in self._processes if process.stop_wave is wave]
            hard, harder = self._stop_wave(names)
            terminated += hard
            killed += harder
        self._dismiss_guard()
        return StopReport(robots_stopped, tuple(terminated), tuple(killed))

    def _halt_robots(self) -> bool:
        """Run the callback with a deadline: a manager that hangs must not keep everything alive."""
        if self._stop_robots is None or not self._running:
            return self._stop_robots is None
        failed: list[BaseException] = []

        def call(stop_robots: Callable[[], None] = self._stop_robots) -> None:
            try:
                stop_robots()
            except Exception as error:  # the edge: whatever it raises, the shutdown goes on
                failed.append(error)

        thread = threading.Thread(target=call, name="stop-robots", daemon=True)
        thread.start()
        thread.join(self._deadlines.stop_robots)
        if thread.is_alive() or failed:
            log.warning("robots did not confirm their stop: %s", failed[0] if failed else "no answer in time")
            return False
        return True

    def _stop_wave(self, names: Sequence[str]) -> tuple[list[str], list[str]]:
        """Stop these processes and whatever they started; (needed SIGTERM, needed SIGKILL)."""
        ladder = (
            (signal.SIGINT, self._deadlines.interrupt),
            (signal.SIGTERM, self._deadlines.terminate),
            (signal.SIGKILL, self._deadlines.kill),
        )
        left = [name for name in names if name in self._running]
        needed: dict[int, list[str]] = {}
        for number, patience in ladder:
            left = [name for name in left if not self._gone(name)]
            needed[number] = left
            for name in left:
                self._signal(name, number)
            left = self._wait_gone(left, patience)
        for name in names:
            child = self._running.pop(name, None)
            if child is not None and name not in left:
                self._tell_guard(-child.pid)
        return needed[signal.SIGTERM], needed[signal.SIGKILL]

    def _wait_gone(self, names: list[str], patience: float) -> list[str]:
        deadline = time.monotonic() + patience
        while names and time.monotonic() < deadline:
            names = [name for name in names if not self._gone(name)]
            if names:
                time.sleep(POLL)
        return names

    def _gone(self, name: str) -> bool:
        """The process has ended and nothing is left of its group."""
        child = self._running[name]
        return child.poll() is not None and not guard.alive(child.pid)

    def _signal(self, name: str, number: int) -> None:
        try:
            os.killpg(self._running[name].pid, number)
        except ProcessLookupError:
            log.debug("%s was gone before signal %d", name, number)

    def _tell_guard(self, group: int) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.write(f"{group}\n")
            self._guard.stdin.flush()

    def _dismiss_guard(self) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait()
        self._guard = None
