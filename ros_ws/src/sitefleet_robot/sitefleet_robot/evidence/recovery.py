"""At the start: what an earlier life left half done is brought to an end."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sitefleet_robot.evidence.folder import RecordingFolder
from sitefleet_robot.evidence.followup import RECORDING
from sitefleet_robot.evidence.journal import EvidenceJournal
from sitefleet_robot.evidence.repair import Saved, close_part
from sitefleet_robot.evidence.writer import NOTE_END, NOTE_EVENT

log = logging.getLogger(__name__)


def recover(folder: RecordingFolder, journal: EvidenceJournal, open_ids: frozenset[str]) -> frozenset[str]:
    """End recordings that were cut off, and report recordings that nobody has been told of.

    Args:
        folder: the recordings.
        journal: where follow-up events go.
        open_ids: events that have no follow-up yet.

    Returns those of `open_ids` that have one now. Raises OSError of the disk.
    """
    folder.tidy()
    for part in folder.parts():
        _end(folder, part)
    told: set[str] = set()
    for kept in folder.kept():
        for _, record in kept.events:
            if record["event_id"] in open_ids:
                journal.follow(record, RECORDING, kept.narrative, kept.evidence)
                told.add(str(record["event_id"]))
    return frozenset(told)


def _end(folder: RecordingFolder, part: Path) -> None:
    """A file in the making gets its end and its name; one without messages or events is of no use to anybody."""
    saved = close_part(part)
    events = _events(saved)
    if not saved.messages or not events:
        log.warning("removed %s: a crash left no message in it", part.name)
        part.unlink()
        return
    whole = any(name == NOTE_END and facts.get("complete") == "True" for name, facts in saved.notes)
    narrative = (
        f"recording with {saved.messages} messages, its index was lost in a crash"
        if whole
        else f"recording cut short by a crash of the recorder or of the robot, {saved.messages} messages saved"
    )
    folder.publish(part, whole, narrative, events)
    log.warning("recovered %s: %d messages", part.name, saved.messages)


def _events(saved: Saved) -> list[tuple[int, Mapping[str, Any]]]:
    found: list[tuple[int, Mapping[str, Any]]] = []
    for name, facts in saved.notes:
        if name == NOTE_EVENT:
            record = json.loads(facts["record"])
            found.append((int(facts["seq"]), record))
    return found
