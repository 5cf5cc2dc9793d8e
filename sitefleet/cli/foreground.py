"""Runs rows of the table in the foreground of a terminal: their output on the screen, Ctrl-C stops them in order."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import yaml

from sitefleet.cli.exit_codes import CommandError, ExitCode
from sitefleet.pairing import PairingFailed, pair
from sitefleet.processes import Process, SiteRun, site_processes
from sitefleet.resources import ResourceMissing
from sitefleet.robots import RobotChoiceError, RobotSpec, choose_robots, home_places
from sitefleet.starter import Death, Starter

FOLLOW_PERIOD = 0.2


class Stopped(Exception):
    """A person or a service supervisor asked this process to end."""


@contextmanager
def stop_signals() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP raise Stopped inside the block, so that every `finally` on the way out runs."""

    def raise_stopped(number: int, frame: FrameType | None) -> NoReturn:
        # Once is enough: an impatient second Ctrl-C must not cut the shutdown short.
        for each in caught:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(signal.Signals(number).name)

    caught = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, raise_stopped) for number in caught]
    try:
        yield
    finally:
        for number, handler in zip(caught, before, strict=True):
            signal.signal(number, handler)


class Follower:
    """Copies what is appended to log files to standard output, each line with the process' name in front."""

    def __init__(self, files: dict[str, Path]) -> None:
        self._files = files
        self._read = dict.fromkeys(files, 0)
        self._width = max((len(name) for name in files), default=0)

    def copy(self) -> None:
        """Write the complete lines that are new since the last call."""
        for name, file in self._files.items():
            if not file.exists():
                continue
            with file.open("rb") as stream:
                stream.seek(self._read[name])
                new = stream.read()
            complete = new[: new.rfind(b"\n") + 1]
            self._read[name] += len(complete)
            for line in complete.decode("utf-8", errors="replace").splitlines():
                sys.stdout.write(f"{name:<{self._width}} | {line}\n")
        sys.stdout.flush()


def storeys_of(site: Path) -> dict[str, str]:
    """Storeys of a site package: id, which is its folder, to name."""
    try:
        listed = yaml.safe_load((site / "site.yaml").read_text(encoding="utf-8"))["storeys"]
        return {str(storey["id"]): str(storey["name"]) for storey in listed}
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise CommandError(
            f"{site} is not a site package ({error!r}); make one with `sitefleet site import`", ExitCode.BAD_INPUT
        ) from error


def chosen(site: Path, storey: str | None, robots: Sequence[str]) -> tuple[str, tuple[RobotSpec, ...]]:
    """The storey's id (by id or name; the only one when none is named) and the robots, or one clear error."""
    storeys = storeys_of(site)
    known = " | ".join(f'"{name}"' for name in storeys.values())
    found = [key for key, title in storeys.items() if storey in (None, key, title)]
    if not found:
        raise CommandError(f"no storey {storey!r} in {site}; there are: {known}", ExitCode.BAD_INPUT)
    if len(found) > 1:
        raise CommandError(f"which storey? --storey {known}", ExitCode.USAGE)
    name = found[0]
    try:
        return name, choose_robots(robots, list(home_places(site / name / "roadmap.geojson")))
    except RobotChoiceError as error:
        raise CommandError(str(error), ExitCode.BAD_INPUT) from error


def processes_of(run: SiteRun, *rows: str) -> tuple[Process, ...]:
    """Rows of the table for this run, its robots paired with the manager; or one clear error."""
    try:
        pair([robot.robot_id for robot in run.robots], run.state_dir, run.keys)
        return site_processes(run, frozenset(rows))
    except PairingFailed as error:
        raise CommandError(str(error), ExitCode.BAD_INPUT) from error
    except RobotChoiceError as error:
        raise CommandError(str(error), ExitCode.BAD_INPUT) from error
    except ResourceMissing as error:
        raise CommandError(str(error), ExitCode.MISSING) from error


def run_in_foreground(processes: Sequence[Process], log_dir: Path) -> None:
    """Run until a signal comes (returns) or a process dies.

    Raises:
        CommandError: a process died; the message has its last lines.
    """
    death: Death | None = None
    with stop_signals():
        try:
            with Starter(processes, log_dir) as starter:
                follower = Follower({process.name: starter.log_file(process.name) for process in processes})
                while death is None:
                    death = starter.watch(timeout=FOLLOW_PERIOD)
                    follower.copy()
        except Stopped:
            follower.copy()
    if death is not None:
        raise CommandError(str(death), ExitCode.FAILED)
