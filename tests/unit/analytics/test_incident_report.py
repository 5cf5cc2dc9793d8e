"""The report of an incident says what log and recording hold, and says so plainly when they do not hold."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from incident_parts import AT, DELAY, EVENT, JPEG, SPEED, IncidentFiles, event_record, write_recording

from fleet_manager.analytics.incident_case import Case, NoSuchEventError, read_case
from fleet_manager.analytics.incident_recording import read_recording, sha256_of
from fleet_manager.analytics.incident_report import Incident, render_incident
from fleet_manager.analytics.incident_values import FileState, RecordingView
from fleet_manager.analytics.values import PlanFeature, StoreyPlan
from fleet_manager.safety_log.heads import Verifier
from fleet_manager.safety_log.reader import LogReader, open_to_read
from fleet_manager.safety_log.verify import verify
from fleet_manager.safety_log.witness import Witness

SQUARE = (((0.0, 0.0), (8.0, 0.0), (8.0, 6.0), (0.0, 6.0), (0.0, 0.0)),)
PLAN = StoreyPlan(
    (PlanFeature("wall", "LineString", SQUARE),), (PlanFeature("space", "Polygon", SQUARE, "Lobby", "z1"),)
)


@pytest.fixture
def files(tmp_path: Path) -> Iterator[IncidentFiles]:
    """A lease, the event, its recording, an acknowledgement and a closing, and a stranger's event."""
    made = IncidentFiles(tmp_path)
    made.deed("lease_granted", "lease of d1 to Chan", -90.0, "Chan", event_class="CONTROL_HANDOVER")
    made.append(
        event_record(AT - timedelta(hours=1), 1, "long-ago"), event_record(AT - timedelta(seconds=20), 6, "near")
    )
    made.append(event_record())
    made.append(event_record(AT, 1, "stranger", robot_id="h1"))
    recording = tmp_path / "robots" / "event.mcap"
    recording.parent.mkdir()
    write_recording(recording)
    made.follow_up(recording, sha256_of(recording))
    made.deed("acknowledged", f"acknowledgement of event {EVENT}", 40.0, "Lam", "On my way")
    made.deed("closed", f"closing of event {EVENT}", 400.0, "Ho", "Barrier set up")
    yield made


def case_of(files: IncidentFiles, event_id: str = EVENT) -> Case:
    key = Verifier.from_pem((files.folder / "evidence.pub").read_bytes())
    with open_to_read(str(files.database)) as engine:
        verdict = verify(engine, key, Witness(files.folder / "evidence.witness"))
        return read_case(LogReader(engine), key, event_id, verdict)


def view_of(files: IncidentFiles, *folders: Path) -> RecordingView:
    return read_recording(case_of(files).recordings[0], EVENT, folders)


def page_of(files: IncidentFiles) -> str:
    case = case_of(files)
    view = read_recording(case.recordings[0] if case.recordings else None, EVENT)
    return render_incident(Incident(case, view, PLAN, "Duplex", AT + timedelta(hours=3), "0.3.0"))


# -- the case


def test_a_case_holds_what_is_about_the_robot_and_near_the_event(files: IncidentFiles) -> None:
    case = case_of(files)
    assert [e.event_id for e in case.around] == ["deed-1", "near", EVENT, "follow-up", "deed-2"]
    assert [e.text("trigger") for e in case.reviews] == ["acknowledged", "closed"]
    assert case.acknowledged is not None and case.acknowledged.text("actor") == "Lam"
    assert case.closed is not None and case.closed.text("remark") == "Barrier set up"
    assert [e.event_id for e in case.control] == ["deed-1"]
    assert case.verdict is not None and case.verdict.sound
    assert case.head.size == 8


def test_an_event_is_found_by_the_beginning_of_its_id(files: IncidentFiles) -> None:
    assert case_of(files, "1111").event.event_id == EVENT
    with pytest.raises(NoSuchEventError, match="no event zzz"):
        case_of(files, "zzz")
    with pytest.raises(NoSuchEventError, match="more than one"):
        case_of(files, "deed-")
    with pytest.raises(NoSuchEventError, match="no event %"):
        case_of(files, "%")


def test_times_are_those_of_the_site_not_of_a_robots_clock_that_is_off(files: IncidentFiles) -> None:
    manager = {"received_at": "", "clock_offset_ns": 90 * 10**9, "clock_error_ns": 1}
    files.append(event_record(AT + timedelta(seconds=100), 8, "ahead", manager=manager))
    entry = next(e for e in case_of(files).around if e.event_id == "ahead")
    assert (entry.at, entry.clock_offset) == (AT + timedelta(seconds=10), 90.0)


# -- the recording


def test_a_recording_shows_how_the_machine_answered(files: IncidentFiles) -> None:
    view = view_of(files)
    assert (view.file, view.camera, view.hull) == (FileState.VERIFIED, True, (0.8, 0.5))
    assert (view.begin, view.end) == (-10.0, pytest.approx(4.95))
    assert view.answer.speed == pytest.approx(SPEED)
    assert view.answer.zero == pytest.approx(DELAY, abs=0.02)
    assert view.answer.still == pytest.approx(DELAY + 0.5, abs=0.05)
    assert [s.state for s in view.states] == ["auto", "protective_stop"]
    assert view.states[1].begin == pytest.approx(0.0)
    assert view.facts["model"] == "driller"


def test_distances_are_those_to_lidar_points_and_people(files: IncidentFiles) -> None:
    view = view_of(files)
    assert {round(v, 2) for _, v in view.motion.nearest} == {0.6}, "the point at the side"
    assert {round(v, 2) for _, v in view.motion.ahead} == {1.2, 0.8}
    pose = view.pose_at(0.0)
    assert pose is not None
    person = dict(view.motion.person)[0.0]
    assert person == pytest.approx(3.2 - pose.x - 0.4, abs=0.02), "from the hull, not from the middle"
    assert any(x == pytest.approx(pose.x + 0.8, abs=0.03) and y == pytest.approx(1.0, abs=0.01) for x, y in view.scan)


def test_the_camera_images_nearest_to_the_event_are_shown(files: IncidentFiles) -> None:
    frames = view_of(files).frames
    assert [round(f.second, 2) for f in frames] == [-10.0, -3.0, -1.0, 0.0, 1.0, 3.0]
    assert all(f.jpeg == JPEG for f in frames)


def test_a_recording_with_another_hash_is_not_shown(files: IncidentFiles) -> None:
    path = files.folder / "robots" / "event.mcap"
    path.write_bytes(path.read_bytes() + b"x")
    view = view_of(files)
    assert (view.file, view.shown, view.motion.measured) == (FileState.CHANGED, False, ())
    page = page_of(files)
    assert "Recording changed." in page
    assert "is not the recording that was logged" in page
    assert "data:image/jpeg" not in page


def test_a_recording_that_is_elsewhere_is_found_by_name_and_hash(files: IncidentFiles, tmp_path: Path) -> None:
    path = files.folder / "robots" / "event.mcap"
    elsewhere = tmp_path / "copied" / "deep"
    elsewhere.mkdir(parents=True)
    content = path.read_bytes()
    path.unlink()
    assert view_of(files, tmp_path / "copied").file is FileState.ABSENT
    assert "nor in" in view_of(files, tmp_path / "copied").sentence
    (elsewhere / "event.mcap").write_bytes(content)
    assert view_of(files, tmp_path / "copied").file is FileState.VERIFIED


def test_a_file_that_is_no_recording_is_said_to_be_none(files: IncidentFiles) -> None:
    path = files.folder / "robots" / "other.mcap"
    path.write_bytes(b"not a recording")
    files.append(
        event_record(
            AT + timedelta(seconds=1), 8, "second", evidence_uris=[path.as_uri()], evidence_sha256=[sha256_of(path)]
        )
    )
    ref = case_of(files, "second").recordings[0]
    assert read_recording(ref, "second").file is FileState.UNREADABLE
    first = case_of(files).recordings[0]
    assert read_recording(first, "second").file is FileState.UNREADABLE, "a recording of another event"


def test_an_event_without_a_recording_says_why(files: IncidentFiles) -> None:
    why = "no recording: the recorder noticed the event 20.0 s late"
    files.append(
        event_record(AT + timedelta(seconds=9), 2**40 + 1, "why", trigger="recording_missing", severity=1,
                     action="recording of event near", narrative=why)
    )  # fmt: skip
    case = case_of(files, "near")
    assert why in read_recording(case.recordings[0], "near").sentence
    assert read_recording(None, "near").file is FileState.NONE


# -- the page


def test_the_page_needs_nothing_else(files: IncidentFiles) -> None:
    page = page_of(files)
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!data:|#)""", page)
    assert "@import" not in page and "url(" not in page


def test_the_page_tells_the_whole_story(files: IncidentFiles) -> None:
    page = page_of(files)
    for text in (
        "Protective stop of d1",
        "04 May 2026 15:30:00.000 HKT",
        "Closed by Ho",
        "Lobby",
        "somebody &lt;is&gt; in the way",
        "moving at 0.40 m/s",
        "Nobody held the lease at the event",
        "lease of d1 to Chan",
        "On my way",
        "Barrier set up",
        "21 h 00 min left",
        "6 d 21 h left",
        "Cap. 509 s. 13",
        "Record proved.",
        "Log verified.",
        "Recording verified.",
        "Driven".lower(),
        "0.3.0",
    ):
        assert text in page, text


def test_the_proof_inside_the_page_holds_by_itself(files: IncidentFiles) -> None:
    from fleet_manager.safety_log.proofs import check

    page = page_of(files)
    found = re.search(r'<script type="application/json" id="proof">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    key = Verifier.from_pem((files.folder / "evidence.pub").read_bytes())
    assert check(json.loads(found.group(1)), key).size == 8


def test_a_changed_log_is_said_at_once(files: IncidentFiles) -> None:
    connection = sqlite3.connect(files.database)
    with connection:
        connection.execute("DROP TRIGGER evidence_entry_no_update")
        connection.execute("UPDATE evidence_entry SET data = replace(data, 'lease', 'leash') WHERE leaf_index = 0")
    connection.close()
    page = page_of(files)
    assert "The log was changed." in page
    assert "record 0 (deed-1) is not what was appended" in page


def test_an_event_that_nobody_has_seen_is_marked_so(files: IncidentFiles) -> None:
    case = case_of(files, "near")
    page = render_incident(Incident(case, read_recording(None, "near"), StoreyPlan(), "", AT, "0"))
    assert "Nobody has acknowledged this event" in page
    assert "The log names no recording" in page
