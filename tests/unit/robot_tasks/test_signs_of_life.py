"""The executor's answers to the supervisor's heartbeat, and the clocks of its machine, over DDS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from ros_domains import session_domain
from sitefleet_interfaces.msg import Heartbeat
from sitefleet_interfaces.srv import ReadClock

from sitefleet_robot.common import qos
from sitefleet_robot.common.pairing import KEY_FILE, response
from sitefleet_robot.tasks.vitals import ClockService, HeartbeatAnswers

KEY = bytes(range(32))
DOMAIN = session_domain(77)


class Bench:
    """A node with the signs of life, and a supervisor that challenges it."""

    def __init__(self, state: Path) -> None:
        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=DOMAIN)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.node = rclpy.create_node("executor", namespace="/r1", context=self.context)
        self.supervisor = rclpy.create_node("supervisor", namespace="/r1", context=self.context)
        for node in (self.node, self.supervisor):
            self.executor.add_node(node)
        self.signs: list[Any] = [HeartbeatAnswers(self.node, state), ClockService(self.node)]
        self.challenges = self.supervisor.create_publisher(Heartbeat, "heartbeat_challenge", qos.STREAM)
        self.answers: list[Any] = []
        self.supervisor.create_subscription(Heartbeat, "heartbeat_response", self.answers.append, qos.STREAM)
        self.until(lambda: self.challenges.get_subscription_count() == 1)

    def until(self, done: Any, limit: float = 10.0) -> bool:
        end = time.monotonic() + limit
        while not done():
            if time.monotonic() > end:
                return False
            self.executor.spin_once(timeout_sec=0.01)
        return True

    def close(self) -> None:
        self.executor.shutdown()
        self.node.destroy_node()
        self.supervisor.destroy_node()
        self.context.try_shutdown()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def write_key(folder: Path) -> None:
    path = folder / KEY_FILE
    path.write_text(KEY.hex())
    path.chmod(0o600)


def test_a_challenge_is_answered_with_the_robots_key_as_the_executor(bench: Bench, tmp_path: Path) -> None:
    write_key(tmp_path)
    for number in (0, 2**64 - 1):
        bench.challenges.publish(Heartbeat(source="supervisor", sequence=7, challenge=number))
    assert bench.until(lambda: len(bench.answers) == 2)
    for answer, number in zip(bench.answers, (0, 2**64 - 1), strict=True):
        assert (answer.source, answer.sequence, answer.challenge) == ("executor", 7, number)
        assert answer.response == response(KEY, number)


def test_without_a_key_it_stays_silent_and_answers_once_there_is_one(bench: Bench, tmp_path: Path) -> None:
    bench.challenges.publish(Heartbeat(challenge=1))
    assert not bench.until(lambda: bool(bench.answers), 0.5)
    write_key(tmp_path)
    bench.challenges.publish(Heartbeat(challenge=2))
    assert bench.until(lambda: bool(bench.answers))


def test_it_falls_silent_when_it_is_taken_down(bench: Bench, tmp_path: Path) -> None:
    write_key(tmp_path)
    for sign in bench.signs:
        sign.close()
    bench.challenges.publish(Heartbeat(challenge=1))
    assert not bench.until(lambda: bool(bench.answers), 0.5)


def test_the_clocks_of_the_machine_are_read_in_one_instant(bench: Bench) -> None:
    client = bench.supervisor.create_client(ReadClock, "read_clock")
    assert bench.until(client.service_is_ready)
    before = time.time_ns(), time.monotonic_ns()
    future = client.call_async(ReadClock.Request())
    assert bench.until(future.done)
    after = time.time_ns(), time.monotonic_ns()
    clock = future.result()
    assert before[0] <= clock.received_utc_ns <= clock.sent_utc_ns <= after[0]
    assert before[1] <= clock.sent_mono_ns <= after[1]
    assert clock.boot_id
