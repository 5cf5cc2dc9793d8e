"""`sitefleet log`: check the evidence log, prove and export records, write the report of an incident."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from sitefleet.cli.exit_codes import CommandError, ExitCode
from sitefleet.cli.options import Json

if TYPE_CHECKING:
    from fleet_manager.safety_log.heads import Verifier
    from fleet_manager.safety_log.reader import LogReader, Query
    from fleet_manager.safety_log.verify import Verdict

app = typer.Typer(no_args_is_help=True)

LogPlace = Annotated[
    str, typer.Option("--log", help="Folder with an evidence.db (a run folder has one), its file, or a database URL.")
]
Key = Annotated[
    Path | None, typer.Option("--key", help="Public key of the log (default: evidence.pub beside its file).")
]
WitnessFile = Annotated[
    Path | None, typer.Option("--witness", help="The second place of the heads (default: evidence.witness beside it).")
]
EventId = Annotated[str, typer.Argument(help="Id of an event, or as much of its beginning as is unique.")]
Robot = Annotated[str | None, typer.Option(help="Only records about this robot, people's deeds included.")]
Class = Annotated[str | None, typer.Option("--class", help="Only this class, for example PROTECTIVE_STOP.")]
Since = Annotated[
    datetime | None, typer.Option(help="Only from this time on, UTC.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
]
Until = Annotated[
    datetime | None, typer.Option(help="Only before this time, UTC.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
]


@app.callback()
def log() -> None:
    """The evidence log: what robots reported and people did, so kept that every change is found.

    A hash tree over all records (RFC 6962) is signed at each append, and the heads are kept in a second place, the
    witness. `verify` compares the three. `prove` makes a file that convinces somebody who has only the public key.

    Example: sitefleet log list --log runs/RUN, then sitefleet log report 1f3a --log runs/RUN

    Exit codes: 0 all is as it was appended; 1 something was changed, or a proof does not hold; 3 there is no such log,
    key, witness or event.
    """


@dataclass(frozen=True, slots=True)
class _Opened:
    """A log that is being read."""

    reader: LogReader
    key: Verifier
    witness: Path | None
    folder: Path | None
    verify: Any


@contextmanager
def _open(place: str, key: Path | None, witness: Path | None, with_witness: bool = True) -> Iterator[_Opened]:
    """Open a log to read it; what is wrong with it ends the command with its exit code."""
    from sqlalchemy.exc import SQLAlchemyError

    from fleet_manager.safety_log.errors import EvidenceLogError
    from fleet_manager.safety_log.places import places_of
    from fleet_manager.safety_log.reader import LogReader, open_to_read
    from fleet_manager.safety_log.verify import verify
    from fleet_manager.safety_log.witness import Witness, WitnessError

    places = places_of(place)
    key, witness = key or places.key, (witness or places.witness) if with_witness else None
    if key is None or (witness is None and with_witness):
        raise CommandError("a log in a database server needs --key, and --witness or --no-witness", ExitCode.USAGE)
    verifier = _key(key)
    try:
        with open_to_read(places.database) as engine:
            seen = Witness(witness) if witness is not None else None
            yield _Opened(LogReader(engine), verifier, witness, places.folder, lambda: verify(engine, verifier, seen))
    except (EvidenceLogError, WitnessError) as error:
        raise CommandError(str(error), ExitCode.BAD_INPUT) from error
    except SQLAlchemyError as error:
        raise CommandError(f"{places.database} is no evidence log: {error.args[0]}", ExitCode.BAD_INPUT) from error


def _key(path: Path) -> Verifier:
    from fleet_manager.safety_log.heads import KeyFileError, Verifier

    try:
        return Verifier.from_pem(path.read_bytes())
    except (OSError, KeyFileError) as error:
        raise CommandError(f"the public key {path}: {error}", ExitCode.BAD_INPUT) from error


def _query(robot: str | None, event_class: str | None, since: datetime | None, until: datetime | None) -> Query:
    from fleet_manager.safety_log.reader import Query

    def ns(at: datetime | None) -> int | None:
        return None if at is None else int(at.replace(tzinfo=timezone.utc).timestamp()) * 10**9

    return Query(subject=robot, event_class=event_class, since_ns=ns(since), before_ns=ns(until))


@app.command("list")
def list_records(
    log: LogPlace = ".",
    robot: Robot = None,
    event_class: Class = None,
    since: Since = None,
    until: Until = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """List records: place, time, robot, class, what happened, begin of the id.

    Example: sitefleet log list --log runs/RUN --robot d1 --class PROTECTIVE_STOP
    """
    with _open(log, key, None, with_witness=False) as opened:
        records = [
            (s.receipt.leaf_index, json.loads(s.data))
            for s in opened.reader.records(_query(robot, event_class, since, until))
        ]
    if as_json:
        typer.echo(json.dumps([{"leaf_index": index, **record} for index, record in records]))
        return
    table = Table("place", "time, UTC", "about", "class", "what", "event")
    for index, record in records:
        stamp = record.get("t_utc") or {}
        at = datetime.fromtimestamp(stamp.get("sec", 0), timezone.utc)
        what = record.get("narrative") or record.get("action") or record.get("trigger", "")
        about = record.get("about") or record["robot_id"]
        table.add_row(
            str(index), f"{at:%Y-%m-%d %H:%M:%S}", about, record.get("event_class", ""), what, record["event_id"][:8]
        )
    Console().print(table if records else "no such records")


@app.command()
def verify(
    log: LogPlace = ".",
    witness: WitnessFile = None,
    without: Annotated[
        bool, typer.Option("--no-witness", help="Check without it: then an older copy of the log looks sound.")
    ] = False,
    key: Key = None,
    proof: Annotated[
        Path | None, typer.Option(help="Check this file of `log prove` instead; needs --key and nothing else.")
    ] = None,
    export_file: Annotated[
        Path | None, typer.Option("--export", help="Check this file of `log export` instead; needs --key.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a whole log, or a proof or export that somebody gave you.

    Every record is hashed again and compared with what the log's key has signed. What was edited, removed, moved,
    copied or put in is named by its place and event id, changed hashes and forged heads too, and an older copy of the
    database by what it lacks.

    Examples: sitefleet log verify --log runs/RUN | sitefleet log verify --proof proof.json --key evidence.pub
    """
    if proof is not None or export_file is not None:
        if key is None or (proof is not None and export_file is not None):
            raise CommandError("--proof or --export, with the public key as --key", ExitCode.USAGE)
        _verify_file(proof or export_file or Path(), _key(key), proof is not None, as_json)
        return
    with _open(log, key, witness, with_witness=not without) as opened:
        if opened.witness is not None and not opened.witness.is_file():
            raise CommandError(
                f"the witness {opened.witness} is not there; name it with --witness, or check with --no-witness",
                ExitCode.BAD_INPUT,
            )
        verdict: Verdict = opened.verify()
    _print_verdict(verdict, opened.key.log_id, as_json)
    if not verdict.sound:
        count = sum(f.serious for f in verdict.findings)
        raise CommandError(f"the log is not what was appended: {count} findings", ExitCode.FAILED)


def _print_verdict(verdict: Verdict, log_id: str, as_json: bool) -> None:
    from fleet_manager.safety_log.findings import FAULTS

    if as_json:
        findings = [
            {
                "fault": f.fault.value,
                "serious": f.serious,
                "first": f.first,
                "last": f.last,
                "event_id": f.event_id,
                "sentence": f.sentence,
            }
            for f in verdict.findings
        ]
        typer.echo(
            json.dumps(
                {
                    "sound": verdict.sound,
                    "log_id": log_id,
                    "records": verdict.size,
                    "proven": verdict.proven,
                    "heads": verdict.heads,
                    "witnessed": verdict.witnessed,
                    "root": verdict.root.hex(),
                    "findings": findings,
                }
            )
        )
        return
    for finding in verdict.findings:
        colour = typer.colors.RED if finding.serious else typer.colors.YELLOW
        typer.secho(f"{finding.fault.value}: {finding.sentence}", fg=colour)
    for fault in dict.fromkeys(f.fault for f in verdict.findings):
        typer.echo(f"  {fault.value} means: {FAULTS[fault]}")
    witnessed = f"{verdict.witnessed} of the witness" if verdict.witnessed else "no witness"
    typer.echo(
        f"log {log_id}: {verdict.size} records, {verdict.proven} under genuine signatures; {verdict.heads} heads,"
        f" {witnessed}"
    )
    if verdict.sound:
        typer.secho(f"sound; root {verdict.root.hex()}", fg=typer.colors.GREEN)


def _verify_file(path: Path, key: Verifier, single: bool, as_json: bool) -> None:
    from fleet_manager.safety_log.export import check_export
    from fleet_manager.safety_log.proofs import ProofError, check

    try:
        if single:
            content = json.loads(path.read_text(encoding="utf-8"))
            head = check(content, key)
            since = (content.get("since") or {}).get("head", {}).get("size")
            told = f"event {content['event_id']} is record {content['leaf_index']} of {head.size}"
            told += f"; the log has only grown since it had {since} records" if since else ""
            figures: dict[str, Any] = {"event_id": content["event_id"], "leaf_index": content["leaf_index"]}
        else:
            with path.open(encoding="utf-8") as lines:
                found = check_export(lines, key)
            head = found.head
            told = f"{found.records} records" + (", all of the log" if found.complete else f" of {head.size}")
            figures = {"records": found.records, "complete": found.complete}
    except (OSError, ValueError, AttributeError) as error:
        raise CommandError(f"{path} cannot be read: {error}", ExitCode.BAD_INPUT) from error
    except ProofError as error:
        if as_json:
            typer.echo(json.dumps({"holds": False, "reason": str(error)}))
        raise CommandError(f"it does not hold: {error}", ExitCode.FAILED) from error
    if as_json:
        typer.echo(json.dumps({"holds": True, **figures, "head": head.to_json()}))
        return
    typer.secho(f"it holds: {told}", fg=typer.colors.GREEN)
    typer.echo(f"signed {head.at:%Y-%m-%d %H:%M:%S} UTC by log {key.log_id}; root {head.root.hex()}")


@app.command()
def prove(
    event: EventId,
    log: LogPlace = ".",
    out: Annotated[Path | None, typer.Option(help="File to write (default: standard output).")] = None,
    since: Annotated[
        Path | None, typer.Option(help="An earlier proof: prove too that the log has only grown since then.")
    ] = None,
    key: Key = None,
) -> None:
    """Make a file that proves one record to somebody who has only the log's public key.

    It holds the record, its audit path and the signed head; `sitefleet log verify --proof` checks it anywhere.

    Example: sitefleet log prove 1f3a --log runs/RUN --out proof.json
    """
    from fleet_manager.analytics.incident_case import NoSuchEventError, resolve
    from fleet_manager.safety_log.heads import SignedTreeHead
    from fleet_manager.safety_log.proofs import prove as make

    earlier = None
    if since is not None:
        try:
            earlier = SignedTreeHead.from_json(json.loads(since.read_text(encoding="utf-8"))["head"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{since} is no proof: {error}", ExitCode.BAD_INPUT) from error
    with _open(log, key, None, with_witness=False) as opened:
        try:
            stored = resolve(opened.reader, event)
        except NoSuchEventError as error:
            raise CommandError(str(error), ExitCode.BAD_INPUT) from error
        proof = make(opened.reader, opened.key, stored.receipt.event_id, earlier)
    text = json.dumps(proof, indent=1)
    if out is None:
        typer.echo(text)
        return
    out.write_text(text + "\n", encoding="utf-8")
    typer.echo(out)


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="File to write: one JSON object a line.")],
    log: LogPlace = ".",
    robot: Robot = None,
    event_class: Class = None,
    since: Since = None,
    until: Until = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Write records to a file that can be checked without the database: all, or those that the options choose.

    Example: sitefleet log export --log runs/RUN --since 2026-05-04 --out may.jsonl
    """
    from fleet_manager.safety_log.export import export as lines_of

    part = out.with_suffix(out.suffix + ".part")
    count = -1  # the heading is no record
    with _open(log, key, None, with_witness=False) as opened, part.open("w", encoding="utf-8") as file:
        for line in lines_of(opened.reader, opened.key, _query(robot, event_class, since, until)):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            count += 1
    part.replace(out)
    if as_json:
        typer.echo(json.dumps({"records": count, "file": str(out)}))
        return
    typer.echo(f"{count} records: {out}")


@app.command()
def report(
    event: EventId,
    log: LogPlace = ".",
    out: Annotated[Path | None, typer.Option(help="File to write (default: incident-ID.html here).")] = None,
    site: Annotated[
        Path | None, typer.Option(help="Site package, for the floor plan (default: `site` beside the log).")
    ] = None,
    storey: Annotated[str | None, typer.Option(help="Storey of the site; not needed when it has only one.")] = None,
    recordings: Annotated[
        list[Path] | None,
        typer.Option(help="Folder to look for the recording in, when it is not where the robot wrote it; repeatable."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--verify/--no-verify", help="Verify the whole log too and say so in the report.")
    ] = True,
    witness: WitnessFile = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Write the report of an incident: one HTML file that needs nothing else, for screen and paper.

    Where it happened, what moved how fast and what was near, camera images, every record around it, who had control,
    who reviewed it, notices that Hong Kong's law may ask for with the time that is left, and the proof of it all. The
    recording is used only if its SHA-256 is the one in the log.

    Example: sitefleet log report 1f3a --log runs/RUN
    """
    from fleet_manager.analytics.incident_case import NoSuchEventError, read_case
    from fleet_manager.analytics.incident_recording import read_recording
    from fleet_manager.analytics.incident_report import Incident, write_incident
    from fleet_manager.analytics.run_folder import read_plan
    from fleet_manager.analytics.values import StoreyPlan
    from sitefleet.version import version

    with _open(log, key, witness, with_witness=check) as opened:
        try:
            verdict = opened.verify() if check else None
            case = read_case(opened.reader, opened.key, event, verdict)
        except NoSuchEventError as error:
            raise CommandError(str(error), ExitCode.BAD_INPUT) from error
    folder = opened.folder
    site = site or (folder / "site" if folder is not None and (folder / "site").is_dir() else None)
    searched = list(recordings or []) + ([folder / "robots"] if folder and (folder / "robots").is_dir() else [])
    ref = next((r for r in case.recordings if r.uri), case.recordings[0] if case.recordings else None)
    view = read_recording(ref, case.event.event_id, searched)
    plan = read_plan(site, storey or "") if site is not None else StoreyPlan()
    incident = Incident(case, view, plan, _site_name(site), datetime.now(timezone.utc), version())
    path = write_incident(incident, out or Path(f"incident-{case.event.event_id}.html"))
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "event_id": case.event.event_id,
                    "leaf_index": case.event.index,
                    "recording": view.file.value,
                    "verified": None if verdict is None else verdict.sound,
                    "report": str(path),
                }
            )
        )
        return
    typer.echo(view.sentence)
    if verdict is not None and not verdict.sound:
        typer.secho("the log was changed; the report says where", fg=typer.colors.RED)
    typer.echo(path)


def _site_name(site: Path | None) -> str:
    """Name of the site, from its package; empty without one."""
    import yaml

    if site is None or not (site / "site.yaml").is_file():
        return ""
    about = yaml.safe_load((site / "site.yaml").read_text(encoding="utf-8"))
    return str(about.get("name", "")) if isinstance(about, dict) else ""
