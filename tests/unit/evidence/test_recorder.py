"""The recorder on a real disk: what stands in the files, and what happens when the disk does not play along."""

import errno
import json
import os
import subprocess
import threading

import pytest
from evidence_parts import NS, notes, read_mcap, read_rosbags, record, state, twist, wait_for

from sitefleet_robot.common.spool import Spool, SpoolReader
from sitefleet_robot.evidence import mcap_file
from sitefleet_robot.evidence.clocks import Moment, WindowClock
from sitefleet_robot.evidence.folder import RecordingFolder
from sitefleet_robot.evidence.journal import EvidenceJournal
from sitefleet_robot.evidence.recorder import Recorder, RecorderSettings
from sitefleet_robot.evidence.windows import WindowSettings
from sitefleet_robot.evidence.writer import RecordingWriter

MIB = 1 << 20
WINDOWS = WindowSettings(before=30 * NS, after=15 * NS, longest=120 * NS, patience=90 * NS)
UTC0 = 1_700_000_000 * NS


class Bench:
    """A recorder whose seconds pass as the test says; commands come ten times a second."""

    def __init__(self, path, simulated=False, quota=100 * MIB, reserve=0, severity=0):
        self.path = path
        self.folder = RecordingFolder(path / "recordings", quota, reserve)
        self.journal = EvidenceJournal(path / "outbox", "r1", "1.0", "abc")
        self.writer = RecordingWriter(self.folder, self.journal, "r1", 8 * MIB)
        self.clock = WindowClock(simulated)
        settings = RecorderSettings(WINDOWS, 8 * MIB, 4 * MIB, severity)
        self.recorder = Recorder(settings, self.clock, self.writer, {"robot_id": "r1"})
        self.now = Moment(0, UTC0, 0)
        self.done: list[int] = []
        self.running = True

    def at(self, seconds: float) -> None:
        self.now = Moment(round(seconds * NS), UTC0 + round(seconds * NS), round(seconds * NS))

    def pass_time(self, start: int, end: int) -> None:
        """Tenths of seconds."""
        for tenth in range(start, end):
            self.at(tenth / 10)
            self.recorder.take([twist(tenth / 10, tenth / 10)], self.now)
            self.recorder.tick(self.now)

    def finish(self) -> None:
        if self.running:
            self.running = False
            assert self.writer.stop(20.0)
            self.done += self.writer.finished()
            self.journal.close()

    @property
    def told(self) -> list[dict]:
        return [entry.record for entry in SpoolReader(self.path / "outbox").read()]

    @property
    def files(self) -> list:
        return sorted(self.folder.path.glob("*.mcap"))


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.finish()


def times(path, topic="/r1/cmd_vel") -> list[float]:
    return [log / NS for name, log, _, _ in read_mcap(path) if name == topic]


def test_row_18_thirty_seconds_before_and_fifteen_after_latched_values_at_the_start(bench):
    bench.at(1)
    bench.recorder.take([state(1, "long ago")], bench.now)
    bench.pass_time(10, 600)
    event = record(59.9)
    bench.recorder.event(1, event, bench.now)
    bench.pass_time(600, 800)
    bench.recorder.take([state(80, "too late for the file")], bench.now)
    bench.finish()
    (path,) = bench.files
    assert times(path) == [k / 10 for k in range(299, 750)]
    messages = read_mcap(path)
    name, log, published, first = messages[0]
    assert (name, first.reason) == ("/r1/safety_state", "long ago")
    assert log == messages[1][1] == round(29.9 * NS) and published == 1001 * NS
    assert sum(name == "/r1/safety_state" for name, *_ in messages) == 1
    assert len(read_rosbags(path)) == len(messages)
    (told,) = bench.told
    assert told["trigger"] == "recording" and told["evidence_uris"] == [path.resolve().as_uri()]
    digest = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.split()[0]
    assert told["evidence_sha256"] == [digest]
    assert bench.done == [1]
    facts = dict(notes(path))
    assert facts["sitefleet.recording"]["window_clock"] == "monotonic"
    assert json.loads(facts["sitefleet.event"]["record"]) == event
    assert facts["sitefleet.event"]["window_ns"] == str(round(59.9 * NS))
    # On a robot ROS time is UTC.
    assert facts["sitefleet.event"]["log_ns"] == str(round(59.9 * NS) + UTC0)
    assert facts["sitefleet.end"]["complete"] == "True"


def test_overlapping_events_share_one_file_and_each_is_told_of_it(bench):
    bench.pass_time(0, 400)
    first, second = record(39.9), record(49.9)
    bench.recorder.event(1, first, bench.now)
    bench.pass_time(400, 500)
    bench.recorder.event(2, second, bench.now)
    bench.pass_time(500, 700)
    bench.finish()
    (path,) = bench.files
    assert times(path) == [k / 10 for k in range(99, 650)]
    assert [told["action"] for told in bench.told] == [f"recording of event {e['event_id']}" for e in (first, second)]
    assert {tuple(told["evidence_uris"]) for told in bench.told} == {(path.resolve().as_uri(),)}
    assert bench.done == [1, 2]


def test_events_far_apart_have_files_of_their_own(bench):
    bench.pass_time(0, 400)
    bench.recorder.event(1, record(39.9), bench.now)
    bench.pass_time(400, 900)
    bench.recorder.event(2, record(89.9, event_class="CONTACT"), bench.now)
    bench.pass_time(900, 1100)
    bench.finish()
    assert [times(path)[0] for path in sorted(bench.files, key=lambda p: times(p)[0])] == [9.9, 59.9]


def test_an_event_that_is_noticed_late_has_its_own_seconds_and_one_too_late_is_told_so(bench):
    bench.pass_time(0, 500)
    bench.recorder.event(1, record(45.0), bench.now)
    bench.pass_time(500, 700)
    bench.recorder.event(2, record(40.0), bench.now)
    bench.finish()
    (path,) = bench.files
    assert (times(path)[0], times(path)[-1]) == (15.0, 60.0)
    told = bench.told
    assert sorted(t["trigger"] for t in told) == ["recording", "recording_missing"]
    assert sorted(bench.done) == [1, 2]


def test_an_event_from_before_a_reboot_is_not_taken_for_one_of_now(bench):
    bench.pass_time(0, 400)
    old = record(39.0)
    old["t_utc"] = {"sec": UTC0 // NS - 7200, "nanosec": 0}
    bench.recorder.event(1, old, bench.now, stale=True)
    fresh = record(39.0)
    bench.recorder.event(2, fresh, bench.now, stale=True)
    bench.pass_time(400, 600)
    bench.finish()
    assert [(t["trigger"], t["action"].split()[-1]) for t in bench.told] == [
        ("recording_missing", old["event_id"]),
        ("recording", fresh["event_id"]),
    ]


def test_a_step_of_the_system_clock_does_not_move_the_window(bench):
    bench.pass_time(0, 300)
    real = bench.at
    step = 3600 * NS
    bench.at = lambda seconds: setattr(  # type: ignore[method-assign]
        bench, "now", Moment(round(seconds * NS), UTC0 + round(seconds * NS) + step, round(seconds * NS))
    )
    bench.pass_time(300, 400)
    bench.recorder.event(1, record(39.9), bench.now)
    bench.pass_time(400, 600)
    bench.at = real  # type: ignore[method-assign]
    bench.finish()
    assert times(bench.files[0]) == [k / 10 for k in range(99, 550)]


def test_in_a_simulation_its_seconds_count_also_at_eight_times_the_speed(tmp_path):
    bench = Bench(tmp_path, simulated=True)
    early = record(0.0)
    bench.recorder.event(1, early, Moment(0, UTC0, 0))  # simulated time has not begun
    for tenth in range(1, 1200):
        mono = tenth * NS // 80
        bench.clock.tick(mono, tenth * NS // 10)
        bench.now = Moment(mono, UTC0 + mono, bench.clock.at(mono))
        bench.recorder.take([twist(tenth / 10)], bench.now)
        if tenth == 700:
            late = record()
            late["t_mono_ns"] = 650 * NS // 80  # it happened at 65 s of the simulation
            bench.recorder.event(2, late, bench.now)
        bench.recorder.tick(bench.now)
    bench.finish()
    spans = sorted((times(path)[0], times(path)[-1]) for path in bench.files)
    assert spans == [(0.1, 15.1), (35.0, 80.0)]
    facts = [dict(notes(path))["sitefleet.recording"] for path in bench.files]
    assert {fact["window_clock"] for fact in facts} == {"simulated"}


def test_when_simulated_time_begins_again_the_running_recording_ends(tmp_path):
    bench = Bench(tmp_path)
    bench.pass_time(0, 400)
    bench.recorder.event(1, record(39.9), bench.now)
    bench.pass_time(400, 420)
    bench.recorder.restart(bench.now)
    bench.finish()
    assert times(bench.files[0])[-1] == 41.9
    assert "ended early" in bench.told[0]["narrative"]
    assert dict(notes(bench.files[0]))["sitefleet.end"]["complete"] == "False"


def test_the_file_has_only_its_temporary_name_until_it_is_whole(bench):
    bench.pass_time(0, 400)
    bench.recorder.event(1, record(39.9), bench.now)
    wait_for(lambda: list(bench.folder.path.glob("*.part")), "the part")
    bench.pass_time(400, 450)
    assert not bench.files and bench.told == []
    bench.pass_time(450, 600)
    bench.finish()
    assert len(bench.files) == 1 and not list(bench.folder.path.glob("*.part"))


def fail_after(patch, allowed: int, fault=errno.ENOSPC) -> dict[str, int]:
    """Every write of recordings fails from the `allowed`-th on."""
    count = {"writes": 0}
    real = mcap_file.DiskFile.write

    def write(self, data):
        count["writes"] += 1
        if count["writes"] > allowed:
            real(self, data[: len(data) // 2])  # a part of it reaches the disk
            raise OSError(fault, os.strerror(fault))
        return real(self, data)

    patch.setattr(mcap_file.DiskFile, "write", write)
    return count


@pytest.mark.parametrize("allowed", [0, 1, 2, 3, 4, 8, 15])
def test_a_disk_that_fails_in_the_middle_costs_the_rest_of_one_file_and_is_told(bench, monkeypatch, allowed):
    bench.pass_time(0, 400)
    bench.recorder.event(1, record(39.9), bench.now)
    bench.pass_time(400, 600)
    wait_for(lambda: bench.writer.health.written == 1, "the first recording")
    whole = bench.files[0].read_bytes()
    with monkeypatch.context() as patch:
        fail_after(patch, allowed)
        bench.recorder.event(2, record(59.9), bench.now)
        bench.pass_time(600, 900)
        wait_for(lambda: 2 in (bench.done + bench.writer.finished()), "the follow-up")
    assert "No space left" in bench.writer.health.fault
    third = record(89.9)
    bench.recorder.event(3, third, bench.now)
    bench.pass_time(900, 1100)
    bench.finish()
    assert not list(bench.folder.path.glob("*.part"))
    assert whole in {path.read_bytes() for path in bench.files}
    first, second, last = bench.told
    assert (first["trigger"], last["trigger"]) == ("recording", "recording")
    assert second["trigger"] in {"recording", "recording_failed"}
    assert "No space left" in second["narrative"]
    if second["trigger"] == "recording":
        path = next(p for p in bench.files if p.resolve().as_uri() == second["evidence_uris"][0])
        assert times(path) and len(read_rosbags(path)) == len(read_mcap(path))
    else:
        assert second["evidence_uris"] == []
    assert bench.writer.health.fault == ""


def test_a_slow_disk_costs_messages_that_are_counted_and_never_memory_without_end(bench, monkeypatch):
    gate = threading.Event()
    real = mcap_file.DiskFile.sync
    monkeypatch.setattr(mcap_file.DiskFile, "sync", lambda self: (gate.wait(20), real(self))[1])
    bench.writer._max_queue_bytes = 2000
    bench.pass_time(0, 400)
    bench.recorder.event(1, record(39.9), bench.now)
    bench.pass_time(400, 600)
    assert bench.writer.health.lost_samples > 50
    gate.set()
    bench.finish()
    assert dict(notes(bench.files[0]))["sitefleet.end"]["lost"] == str(bench.writer.health.lost_samples)


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"no small file system may be mounted here: {mount.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_on_a_real_full_disk_earlier_recordings_and_the_spool_stay_whole(small_disk, monkeypatch):
    import sitefleet_robot.evidence.recorder as recorder_module

    monkeypatch.setattr(recorder_module, "_ROOM", 0)
    bench = Bench(small_disk)
    events = []
    with Spool(small_disk / "events") as spool:
        for k in range(30):
            start = 600 * k
            bench.pass_time(start, start + 400)
            # Random bytes: the disk fills with what cannot be compressed.
            noise = [twist(start / 10 + 39.9)._replace(data=os.urandom(600)) for _ in range(60)]
            bench.recorder.take(noise, bench.now)
            event = record(bench.now.mono_ns / NS)
            events.append(event)
            try:
                spool.append(event)
            except OSError as fault:
                assert fault.errno == errno.ENOSPC
            bench.recorder.protect(frozenset(str(e["event_id"]) for e in events))
            bench.recorder.event(k + 1, event, bench.now)
            bench.pass_time(start + 400, start + 600)
            wait_for(lambda: bench.recorder.recording is False, "the end")
    wait_for(lambda: bench.writer.health.failed > 3, "refusals", 30)
    kept = bench.folder.kept()
    assert 3 <= len(kept) < 20
    for each in kept:
        digest = subprocess.run(["sha256sum", each.path], capture_output=True, text=True, check=True).stdout.split()[0]
        assert each.sha256 == digest
        assert notes(each.path)
    assert bench.writer.health.fault
    # Room again: what could not be told is told now, once for each event.
    for each in kept[:2]:
        each.path.unlink()
    wait_for(lambda: len(bench.told) == len(events), "all follow-ups", 20)
    bench.finish()
    assert sorted(bench.done) == list(range(1, 31))
    assert {t["trigger"] for t in bench.told} == {"recording", "recording_failed"}
    reader = SpoolReader(small_disk / "events")
    stored = [entry.record for entry in reader.read()]
    assert stored == events[: len(stored)] or all(record in events for record in stored)
    assert reader.damage == []


def test_events_below_the_least_severity_are_not_wanted(tmp_path):
    bench = Bench(tmp_path, severity=2)
    assert not bench.recorder.wants(record(severity=1))
    assert bench.recorder.wants(record(severity=2))
    bench.finish()


def test_leaving_ends_the_running_recording_as_a_whole_file(bench):
    bench.pass_time(0, 400)
    bench.recorder.event(1, record(39.9), bench.now)
    bench.pass_time(400, 430)
    bench.recorder.leave(bench.now)
    bench.finish()
    assert times(bench.files[0])[-1] == 42.9
    assert bench.done == [1]
