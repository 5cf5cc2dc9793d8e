"""The robot's journal over kills of its process in the middle of writing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from sitefleet_robot.tasks.journal import Journal

WRITER = """
import sys
from pathlib import Path
from sitefleet_robot.motion.values import Pose2
from sitefleet_robot.tasks.journal import Journal
from sitefleet_robot.tasks.values import Order, Outcome, Pose3, Record
journal = Journal(Path(sys.argv[1]))
order = Order("task", 1, "drill", "item", "guid", "zone", "L1", (), {}, 0.01)
known = journal.read("task", 1)
journal.begin(order)
index = len(known.records) if known else 0
while True:
    journal.add(order, Record(index, Outcome.DONE, Pose3(index * 0.1, 2.0, 2.5), deviation=0.001, passed=True))
    sys.stdout.write(f"{index}\\n")
    sys.stdout.flush()
    index += 1
"""


def test_nothing_told_is_lost_over_kills_in_the_middle_of_writing(tmp_path: Path) -> None:
    source = random.Random(7)
    told = 0
    for _ in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for _ in range(source.randint(1, 40)):
                told = int(process.stdout.readline()) + 1
            os.kill(process.pid, signal.SIGKILL)
            told = max([told, *(int(line) + 1 for line in process.stdout.read().split("\n")[:-1])])
        entry = Journal(tmp_path).read("task", 1)
        assert entry is not None
        indices = [r.target_index for r in entry.records]
        assert indices == list(range(len(indices)))
        assert len(indices) >= told
    assert told > 12
