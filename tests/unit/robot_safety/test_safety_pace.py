"""The supervisor goes before other processes, and cannot take the machine from them."""

import os
import signal
import subprocess
import sys
import time

import pytest

from sitefleet_robot.safety.pace import LONGEST_RUN, Pace, go_first

RUNAWAY = """
from sitefleet_robot.safety.pace import go_first
print(go_first(10), flush=True)
while True:
    pass
"""
REGULAR = """
import os, time
from sitefleet_robot.safety.pace import go_first
print(go_first(10), flush=True)
end = time.process_time() + 1.5
while time.process_time() < end:
    begin = time.process_time()
    while time.process_time() < begin + 0.005:
        pass
    time.sleep(0.001)
print(os.sched_getscheduler(0), flush=True)
"""


def test_the_percentile_of_periods():
    pace = Pace()
    assert pace.percentile(0.99) == 0.0
    for k in range(101):
        pace.tick(0.02 * k + (0.01 if k == 100 else 0.0))
    assert pace.percentile(0.5) == pytest.approx(0.02)
    assert pace.percentile(1.0) == pytest.approx(0.03)


def test_priority_zero_changes_nothing():
    before = os.sched_getscheduler(0)
    assert go_first(0) == "off"
    assert os.sched_getscheduler(0) == before


def test_a_thread_that_never_waits_is_ended_by_the_system():
    with subprocess.Popen([sys.executable, "-c", RUNAWAY], stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout.readline().strip()
        if not said.startswith("real time"):
            process.kill()
            pytest.skip(f"no real time priority here: {said}")
        begin = time.monotonic()
        try:
            code = process.wait(60.0)
        finally:
            process.kill()
        assert code in (-signal.SIGXCPU, -signal.SIGKILL)
        assert time.monotonic() - begin >= 0.5e-6 * LONGEST_RUN


def test_one_that_waits_now_and_then_may_go_on():
    done = subprocess.run([sys.executable, "-c", REGULAR], capture_output=True, text=True, timeout=120.0, check=False)
    if not done.stdout.startswith("real time"):
        pytest.skip(f"no real time priority here: {done.stdout}")
    assert done.returncode == 0
    assert done.stdout.split()[-1] == str(os.SCHED_RR)
