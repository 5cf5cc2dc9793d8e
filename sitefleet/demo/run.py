"""The demo from its options to its exit code."""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from fleet_manager.domain.site import SitePackage, Storey
from fleet_manager.site import SiteImportError, import_site
from fleet_manager.site.options import ImportOptions
from sitefleet.cli.exit_codes import ExitCode
from sitefleet.cli.foreground import Stopped, stop_signals
from sitefleet.demo.display import display_for
from sitefleet.demo.ending import print_summary, verdict
from sitefleet.demo.errors import DemoError
from sitefleet.demo.findings import show_findings
from sitefleet.demo.folder import RunFolder
from sitefleet.demo.obstruction import place_duct_box
from sitefleet.demo.options import DemoOptions
from sitefleet.demo.ports import Claims
from sitefleet.demo.selection import Selection, select_work
from sitefleet.demo.session import Limits, SessionEnd, SessionPlan, run_session, undisturbed
from sitefleet.demo.staging import place_robots, write_people
from sitefleet.demo.stopwatch import seconds_since_start
from sitefleet.demo.versions import versions
from sitefleet.pairing import PairingFailed, pair
from sitefleet.processes import SiteRun, site_processes

log = logging.getLogger(__name__)
STOPPED_LIMIT = 20.0
"""s of wall time that a robot may be stopped while nobody watches."""


def run_demo(options: DemoOptions, console: Console) -> ExitCode:
    """Run it; the folder and its report are written whatever happens after the import.

    Raises:
        DemoError: the options or the model cannot be used; nothing was started.
    """
    options.check()
    with Claims() as claims:
        port = claims.port(options.port)
        domain = options.domain_id if options.domain_id is not None else claims.domain()
        return _run(options, port, domain, console)


def _run(options: DemoOptions, port: int, domain: int, console: Console) -> ExitCode:
    # For the ROS node in this process; the children get theirs from the starter.
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    folder = RunFolder.create(options.out, options.site.stem)
    with _log_file(folder.logs / "demo.log"):
        try:
            with stop_signals():
                plan = _prepare(options, folder, port, domain, console)
        except Stopped:
            folder.note(ended_because="Interrupted during the import of the model.")
            return ExitCode.INTERRUPTED
        except DemoError as error:
            folder.note(ended_because=str(error))
            raise
        headless = options.headless or not console.is_terminal
        end = run_session(plan, display_for(console, headless), seconds_since_start)
        with undisturbed():
            return _finish(folder, end, console)


def _prepare(options: DemoOptions, folder: RunFolder, port: int, domain: int, console: Console) -> SessionPlan:
    """Import the model, choose the work, and put everything into its place."""
    begin = time.monotonic()
    site, storey = _import(options, folder)
    seconds = time.monotonic() - begin
    robots = place_robots(storey, options.robot_wishes())
    selection = select_work(storey, [r.model for r in robots], options.trades, options.zones, options.max_items)
    show_findings(console, site, storey, selection, seconds)
    people_file = folder.path / "people.yaml"
    people = write_people(storey, options.people, people_file) if options.people else 0
    box = place_duct_box(selection.items, options.seed) if options.obstruction else None
    notes = []
    if box is not None:
        zone = storey.zone(box.item.zone_id)
        notes.append(box.sentence(zone.name if zone else box.item.zone_id))
    api = f"http://127.0.0.1:{port}"
    instance = uuid.uuid4().hex
    run = SiteRun(
        site=folder.site,
        storey=storey.id,
        robots=robots,
        speed=options.speed,
        seed=options.seed,
        state_dir=folder.robots_state,
        keys=folder.keys,
        database=f"sqlite:///{folder.store}",
        api_port=port,
        manager_instance=instance,
        people=people_file if people else None,
        sim_report=folder.simulator,
        sim_options=box.simulator_options() if box is not None else (),
    )
    _pair(run)
    _note_options(folder, options, site, storey, people, notes)
    log.info("options %s; ROS domain %d, API %s", options, domain, api)
    return SessionPlan(
        name=f"{site.name}, {storey.name}",
        processes=site_processes(run),
        robot_ids=tuple(robot.robot_id for robot in robots),
        work_item_ids=_ids(selection),
        api=api,
        instance=instance,
        domain_id=domain,
        logs=folder.logs,
        telemetry=folder.telemetry,
        view_file=folder.view,
        serve_after=not options.exit_when_done,
        limits=Limits(stopped=STOPPED_LIMIT if options.headless else None, whole=options.time_limit),
    )


def _pair(run: SiteRun) -> None:
    try:
        pair([robot.robot_id for robot in run.robots], run.state_dir, run.keys)
    except PairingFailed as error:
        raise DemoError(str(error)) from error


def _import(options: DemoOptions, folder: RunFolder) -> tuple[SitePackage, Storey]:
    try:
        site = import_site(
            options.site, options.storey, folder.site, ImportOptions(anchor_spacing=options.anchor_spacing)
        )
    except SiteImportError as error:
        raise DemoError(f"{error} {error.remedy}", ExitCode.BAD_INPUT) from error
    return site, next(iter(site.storeys.values()))


def _ids(selection: Selection) -> tuple[str, ...]:
    return tuple(item.id for item in selection.items)


def _note_options(
    folder: RunFolder, options: DemoOptions, site: SitePackage, storey: Storey, people: int, notes: list[str]
) -> None:
    shown = {key.replace("_", " "): _text(value) for key, value in asdict(options).items()}
    folder.note(
        name=f"{site.name}, {storey.name}",
        storey=storey.id,
        options=shown,
        versions=versions(),
        notes=notes,
        facts={"model": f"{site.source} ({site.schema})", "SHA-256": site.sha256, "people on site": str(people)},
    )


def _text(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) or "all" if isinstance(value, (list, tuple)) else str(value)


def _finish(folder: RunFolder, end: SessionEnd, console: Console) -> ExitCode:
    """Write down how it ended, make the report, print the summary."""
    facts = dict(folder.about.get("facts", {}))
    if end.first_motion is not None:
        facts["first motion"] = f"{end.first_motion[1]:.1f} s after the command ({end.first_motion[0]})"
    if end.work_seconds is not None:
        facts["all work ended"] = f"{end.work_seconds:.0f} s after the command"
    facts["stops reset by the operator"] = "; ".join(end.resets) or "none"
    facts["robots confirmed their stop"] = "yes" if end.robots_stopped else "no"
    folder.note(facts=facts, ended_at=_now(), run_folder=str(folder.path))
    summary, report = folder.write_report()
    code, sentence = verdict(end, summary)
    if code is not ExitCode.OK:
        folder.note(ended_because=sentence)
        summary, report = folder.write_report()
    print_summary(console, summary, end, report, sentence)
    log.info("%s (exit code %d)", sentence, code)
    return code


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())


@contextmanager
def _log_file(path: Path) -> Iterator[None]:
    """What this process does goes to a file while the terminal shows the work."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()
