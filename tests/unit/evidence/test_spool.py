"""The spool loses nothing that it has taken: cuts, flipped bytes, full disks, two processes."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sitefleet_robot.common import spool as spool_module
from sitefleet_robot.common.frames import HEADER_BYTES, Broken, Frame, decode, encode
from sitefleet_robot.common.spool import (
    Spool,
    SpoolFullError,
    SpoolInUseError,
    SpoolReader,
    SpoolRecordError,
)

RECORDS = [{"event_id": f"e{k}", "text": "ä€𝄞" * k, "seq": k} for k in range(1, 6)]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def filled(folder: Path, records=RECORDS, **options) -> Path:
    with Spool(folder, **options) as spool:
        for record in records:
            spool.append(record)
    return sorted(folder.glob("*.spool"))[-1]


def contents(folder: Path) -> list[dict]:
    return [entry.record for entry in SpoolReader(folder).read()]


def frames_of(data: bytes) -> list[Frame]:
    return [part for part in decode(data) if isinstance(part, Frame)]


@given(st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=10))
@settings(max_examples=50, deadline=None)
def test_what_was_appended_is_read_in_order_with_growing_numbers(tmp_path_factory, records):
    folder = tmp_path_factory.mktemp("spool")
    with Spool(folder, segment_bytes=200) as spool:
        numbers = [spool.append(record) for record in records]
    entries = SpoolReader(folder).read()
    assert [entry.record for entry in entries] == records
    assert [entry.seq for entry in entries] == numbers == list(range(1, len(records) + 1))


def test_cut_at_every_byte_keeps_every_record_before_the_cut(tmp_path):
    segment = filled(tmp_path / "whole")
    data = segment.read_bytes()
    ends = [frame.end for frame in frames_of(data)]
    for cut in range(len(data) + 1):
        folder = tmp_path / f"cut{cut}"
        folder.mkdir()
        (folder / segment.name).write_bytes(data[:cut])
        whole = sum(end <= cut for end in ends)
        with Spool(folder) as spool:
            torn = cut not in {0, *ends}
            assert [damage.torn for damage in spool.damage] == [True] * torn
            assert spool.damage == () or spool.damage[0].end == cut
            spool.append({"after": cut})
        reader = SpoolReader(folder)
        assert [entry.record for entry in reader.read()] == [*RECORDS[:whole], {"after": cut}]
        assert reader.damage == []  # the torn tail is gone


def test_a_flipped_byte_anywhere_costs_only_its_own_record_and_is_reported(tmp_path):
    segment = filled(tmp_path / "whole")
    data = segment.read_bytes()
    frames = frames_of(data)
    for position in range(len(data)):
        folder = tmp_path / f"flip{position}"
        folder.mkdir()
        changed = bytearray(data)
        changed[position] ^= 1 + position % 255
        (folder / segment.name).write_bytes(changed)
        hit = next(k for k, frame in enumerate(frames) if frame.start <= position < frame.end)
        with Spool(folder) as spool:
            assert len(spool.damage) == 1
            assert spool.damage[0].start <= position < spool.damage[0].end
            spool.append({"after": position})
        reader = SpoolReader(folder)
        entries = reader.read()
        assert [entry.record for entry in entries] == [*RECORDS[:hit], *RECORDS[hit + 1 :], {"after": position}]
        assert len({entry.seq for entry in entries}) == len(entries)
        # Reported by the reader, too, unless it looked like a torn tail and was cut off when the spool was opened.
        assert len(reader.damage) == 1 or spool.damage[0].torn
        assert "record in 0" in str(spool.damage[0])


@given(st.binary(max_size=60), st.lists(st.binary(max_size=20), max_size=4), st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_decoding_covers_every_byte_and_finds_frames_among_any_bytes(before, payloads, after):
    data = before + b"".join(encode(k, payload) for k, payload in enumerate(payloads)) + after
    parts = list(decode(data))
    assert [part.start for part in parts] + [len(data)] == [0, *(part.end for part in parts)]
    assert not any(isinstance(a, Broken) and isinstance(b, Broken) for a, b in pairwise(parts))
    # A header that random bytes happen to form may swallow what follows; only then may a frame be missed.
    if b"\xf5\xff\xfe" not in before + after and (not before or before[-1] not in b"\xf5\xff\xfe"):
        assert [part.payload for part in parts if isinstance(part, Frame)] == payloads


def test_blocks_of_zeros_that_a_power_loss_leaves_are_cut_off(tmp_path):
    segment = filled(tmp_path)
    size = segment.stat().st_size
    with segment.open("ab") as file:
        file.write(bytes(4096))
    with Spool(tmp_path) as spool:
        assert [damage.torn for damage in spool.damage] == [True]
    assert segment.stat().st_size == size
    assert contents(tmp_path) == RECORDS


def test_a_number_is_never_used_twice_also_after_a_torn_record_and_in_a_new_segment(tmp_path):
    segment = filled(tmp_path, segment_bytes=1)
    os.truncate(segment, HEADER_BYTES)  # the newest segment's only record is torn
    with Spool(tmp_path) as spool:
        assert spool.append({"a": 1}) == len(RECORDS) + 1


def test_damage_in_an_older_segment_is_reported_by_every_reader(tmp_path):
    filled(tmp_path, segment_bytes=1)
    oldest = sorted(tmp_path.glob("*.spool"))[0]
    oldest.write_bytes(oldest.read_bytes()[:-3])
    for _ in range(2):
        reader = SpoolReader(tmp_path)
        assert [entry.record for entry in reader.read()] == RECORDS[1:]
        assert [(damage.segment, damage.torn) for damage in reader.damage] == [(oldest.name, True)]


def test_several_readers_follow_a_growing_spool_each_at_its_own_pace(tmp_path):
    early, late = SpoolReader(tmp_path / "spool"), SpoolReader(tmp_path / "spool")
    assert early.read() == []
    with Spool(tmp_path / "spool", segment_bytes=100) as spool:
        seen = []
        for record in RECORDS:
            spool.append(record)
            seen += early.read()
        assert [entry.record for entry in seen] == RECORDS
        assert late.read() == seen
        assert early.read() == late.read() == []


def test_a_reader_does_not_take_a_record_in_the_making_for_damage(tmp_path):
    segment = filled(tmp_path)
    whole = segment.read_bytes()
    frame = encode(6, b'{"k":6}')
    for cut in range(1, len(frame)):
        for tail in (frame[:cut], frame[:cut] + bytes(len(frame) - cut)):
            segment.write_bytes(whole + tail)
            reader = SpoolReader(tmp_path)
            assert len(reader.read()) == len(RECORDS)
            segment.write_bytes(whole + frame)
            assert [entry.record for entry in reader.read()] == [{"k": 6}]
            assert reader.damage == []


def test_pruning_removes_only_what_nobody_needs_and_never_the_newest(tmp_path):
    filled(tmp_path, segment_bytes=1)
    reader = SpoolReader(tmp_path)
    entries = reader.read()
    assert reader.prune(needed_from=1) == 0
    assert reader.prune(needed_from=3) == 2
    assert contents(tmp_path) == RECORDS[2:]
    assert reader.prune(needed_from=1000) == 2
    assert contents(tmp_path) == RECORDS[-1:]
    with Spool(tmp_path) as spool:
        assert spool.append({"next": True}) == entries[-1].seq + 1


def test_the_limit_of_bytes_refuses_and_pruning_makes_room_again(tmp_path):
    record = {"text": "x" * 300}
    with Spool(tmp_path, max_bytes=900, segment_bytes=1) as spool:
        spool.append(record)
        spool.append(record)
        with pytest.raises(SpoolFullError) as fault:
            spool.append(record)
        assert isinstance(fault.value, OSError) and fault.value.errno == errno.ENOSPC
        reader = SpoolReader(tmp_path)
        reader.read()
        reader.prune(needed_from=2)
        assert spool.append(record) == 3
    assert sum(path.stat().st_size for path in tmp_path.glob("*.spool")) <= 900


@pytest.mark.parametrize("record", [{"x": float("nan")}, {"x": float("inf")}, {"x": b"bytes"}, {"x": "y" * (1 << 20)}])
def test_what_is_not_json_or_too_large_is_refused_and_costs_nothing(tmp_path, record):
    with Spool(tmp_path) as spool:
        with pytest.raises(SpoolRecordError):
            spool.append_all([{"good": 1}, record])
        assert spool.append({"good": 2}) == 1
    assert contents(tmp_path) == [{"good": 2}]


def test_only_one_process_appends_at_a_time(tmp_path):
    with Spool(tmp_path), pytest.raises(SpoolInUseError):
        Spool(tmp_path)
    Spool(tmp_path).close()


@pytest.mark.parametrize("call", ["pwrite", "fdatasync"])
def test_a_write_that_fails_leaves_nothing_and_the_next_one_goes_on(tmp_path, monkeypatch, call):
    real = getattr(os, call)

    def fail(descriptor, *rest):
        if call == "pwrite":
            real(descriptor, rest[0][:10], rest[1])  # a part of it reaches the disk
        raise OSError(errno.ENOSPC, "no space")

    with Spool(tmp_path) as spool:
        spool.append(RECORDS[0])
        with monkeypatch.context() as patch:
            patch.setattr(spool_module.os, call, fail)
            with pytest.raises(OSError):
                spool.append({"lost": True})
        spool.append(RECORDS[1])
    assert contents(tmp_path) == RECORDS[:2]
    assert SpoolReader(tmp_path).damage == []


FILL = """
import json, resource, signal, sys
from pathlib import Path
from sitefleet_robot.common.spool import Spool
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
with Spool(Path(sys.argv[1])) as spool:
    taken, faults = [], 0
    for k in range(40):
        try:
            spool.append({"k": k, "text": "x" * 300})
            taken.append(k)
        except OSError:
            faults += 1
print(json.dumps([taken, faults]))
"""


def test_a_file_that_may_not_grow_costs_one_record_not_the_spool(tmp_path):
    """The kernel's own limit on a file's size cuts a write in the middle (EFBIG), as a full disk does."""
    answer = subprocess.run([sys.executable, "-c", FILL, str(tmp_path)], capture_output=True, text=True, check=True)
    taken, faults = json.loads(answer.stdout)
    assert faults >= 2 and len(taken) + faults == 40
    assert [record["k"] for record in contents(tmp_path)] == taken


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"no small file system may be mounted here: {mount.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_raises_enospc_loses_nothing_earlier_and_heals(small_disk):
    folder = small_disk / "spool"
    taken = []
    with Spool(folder, segment_bytes=20_000) as spool:
        for k in range(400):
            try:
                spool.append({"k": k, "text": "x" * 500})
                taken.append(k)
            except OSError as fault:
                assert fault.errno == errno.ENOSPC
        assert 50 < len(taken) < 200
        assert [record["k"] for record in contents(folder)] == taken
        reader = SpoolReader(folder)
        reader.read()
        assert reader.prune(needed_from=10_000) >= 1
        kept = [record["k"] for record in contents(folder)]
        spool.append({"k": "again"})
        assert [record["k"] for record in contents(folder)] == [*kept, "again"]
    with Spool(folder) as spool:
        assert spool.damage == ()


APPEND = """
import sys
from pathlib import Path
from sitefleet_robot.common.spool import Spool
with Spool(Path(sys.argv[1]), segment_bytes=2000) as spool:
    k = 0
    while True:
        k += 1
        print(spool.append({"pad": "x" * (k % 300)}), flush=True)
"""


def test_kill_9_in_the_middle_of_appending_loses_nothing_that_was_confirmed(tmp_path):
    confirmed: set[int] = set()
    for life in range(6):
        child = subprocess.Popen([sys.executable, "-c", APPEND, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        confirmed.add(int(child.stdout.readline()))
        time.sleep(0.01 * life)
        child.send_signal(signal.SIGKILL)
        confirmed |= {int(line) for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")}
        child.wait()
        child.stdout.close()
    entries = SpoolReader(tmp_path).read()
    assert len(confirmed) > 20
    assert confirmed <= {entry.seq for entry in entries}
    assert len({entry.seq for entry in entries}) == len(entries)
