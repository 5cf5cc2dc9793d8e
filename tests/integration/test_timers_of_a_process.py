"""Timers of wall time in a process: regular, never in a burst, and untouched by whoever sets the clock."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import rclpy
from rclpy.node import Node
from ros_domains import session_domain

from sitefleet_robot.common.spin import make_executor
from sitefleet_robot.common.timers import Every, every, raise_failures

DOMAIN = session_domain(62)
SHIM = Path(__file__).parents[2] / "benchmarks" / "faults" / "wall_clock.c"
TICKING = """
import struct, sys, time
import rclpy
from sitefleet_robot.common.spin import make_executor
from sitefleet_robot.common.timers import every
rclpy.init(domain_id=int(sys.argv[2]))
node = rclpy.create_node("ticking")
times = []
every(node, 0.02, lambda: times.append(time.monotonic()))
executor = make_executor()
executor.add_node(node)
begin = time.monotonic()
while time.monotonic() < begin + 3.0 and len(times) < 300:
    if len(times) == 50:
        with open(sys.argv[1], "r+b") as clock:
            clock.write(struct.pack("=q", -3600 * 10**9))
    executor.spin_once(timeout_sec=0.1)
print(len(times), max(b - a for a, b in zip(times, times[1:])), time.time())
"""


@pytest.fixture
def node():
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=DOMAIN)
    node = Node("ticks", context=context)
    yield node
    node.destroy_node()
    rclpy.shutdown(context=context)


def spin(node: Node, seconds: float) -> None:
    executor = make_executor(node.context)
    executor.add_node(node)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        executor.spin_once(timeout_sec=0.02)
    executor.shutdown()


def ticks_of(node: Node, period: float) -> tuple[list[float], Every]:
    times: list[float] = []
    return times, every(node, period, lambda: times.append(time.monotonic()))


def test_it_calls_once_a_period_until_it_is_closed(node):
    slow, slow_timer = ticks_of(node, 0.2)
    fast, fast_timer = ticks_of(node, 0.02)
    spin(node, 2.0)
    fast_timer.close()
    assert 50 <= len(fast) <= 101
    assert 7 <= len(slow) <= 10
    before = len(fast)
    spin(node, 0.5)
    assert len(fast) == before
    assert len(slow) > 7
    slow_timer.close()


def test_a_process_that_was_held_up_is_called_once_and_not_for_each_period_it_missed(node):
    times, timer = ticks_of(node, 0.02)
    time.sleep(1.0)
    spin(node, 0.1)
    timer.close()
    assert 1 <= len(times) <= 8


def test_setting_the_clock_back_holds_nothing_up(tmp_path):
    """rclpy's own timers stand still for as long as the clock was set back."""
    compiler = shutil.which("cc")
    assert compiler is not None
    library, clock = tmp_path / "wall_clock.so", tmp_path / "clock"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SHIM), "-ldl", "-lpthread"], check=True
    )
    clock.write_bytes(bytes(8))
    environment = os.environ | {"LD_PRELOAD": str(library), "FAULTS_CLOCK": str(clock)}
    words = [sys.executable, "-c", TICKING, str(clock), str(DOMAIN)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60.0, check=True)
    count, longest, now = done.stdout.split()[-3:]
    assert float(now) < time.time() - 3000.0, "the clock was set back"
    assert int(count) >= 75
    assert float(longest) < 0.5


def test_what_a_callback_raises_reaches_the_loop_that_spins(node):
    def fail() -> None:
        raise ValueError("out of paper")

    timer = every(node, 0.02, fail)
    spin(node, 0.1)
    timer.close()
    with pytest.raises(ValueError, match="out of paper"):
        raise_failures()
    while True:
        try:
            raise_failures()
        except ValueError:
            continue
        break
