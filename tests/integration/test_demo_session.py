"""A session with real processes: whatever ends it, robots are stopped first and nothing is left behind."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ros_domains import session_domain

FAKES = Path(__file__).parent / "demo_fakes"
DOMAIN = session_domain(61)


def port_of_nobody() -> int:
    """Any port, not the first free one that the demo would take: sessions side by side would all take the same."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def accepts(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


@dataclass
class Driven:
    """A session in a process of its own, and what its fakes wrote down."""

    process: subprocess.Popen[bytes]
    folder: Path

    def acts(self) -> list[str]:
        path = self.folder / "diary"
        return (
            [line.split(" ", 1)[1] for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
        )

    def pids(self) -> list[int]:
        return [int(act.split()[1]) for act in self.acts() if act.startswith("pid ")]

    def wait_for(self, act: str, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while act not in self.acts():
            assert time.monotonic() < deadline, f"{act!r} did not happen: {self.acts()}"
            assert self.process.poll() is None, f"ended before {act!r}"
            time.sleep(0.02)

    def end(self) -> dict[str, object]:
        assert self.process.wait(60.0) == 0
        found: dict[str, object] = json.loads((self.folder / "end.json").read_text(encoding="utf-8"))
        return found

    def left_behind(self) -> list[int]:
        """Processes of the session that still run; what only waits to be reaped has ended."""
        return [pid for pid in self.pids() if runs(pid)]


def runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Callable[..., Driven]]:
    started: list[Driven] = []

    def start(work: str, *words: str, terminal: int | None = None, port: str = "") -> Driven:
        port = port or str(port_of_nobody())
        script = [sys.executable, str(FAKES / "drive_session.py"), str(tmp_path), port, str(DOMAIN), work, *words]
        streams = {} if terminal is None else dict.fromkeys(("stdin", "stdout", "stderr"), terminal)
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "110", "LINES": "40"}
        process = subprocess.Popen(script, start_new_session=True, env=environment, **streams)  # type: ignore[call-overload]
        started.append(Driven(process, tmp_path))
        return started[0]

    yield start
    for driven in started:
        driven.process.kill()
        driven.process.wait()
        for pid in driven.left_behind():
            os.kill(pid, signal.SIGKILL)


def test_a_session_ends_with_the_work_and_leaves_nothing(drive: Callable[..., Driven]) -> None:
    driven = drive("0.5")
    end = driven.end()
    assert end == {"interrupted": False, "error": "", "killed": [], "state": "succeeded", "stopped": True}
    assert driven.left_behind() == []
    assert len(driven.pids()) == 5


def test_the_job_is_accepted_before_any_robot_may_drive(drive: Callable[..., Driven]) -> None:
    driven = drive("0.1")
    driven.end()
    acts = driven.acts()
    assert acts.index("job made") < acts.index("resume driller") < acts.index("resume hauler")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_mid_work_stops_the_robots_before_any_process(
    drive: Callable[..., Driven], number: signal.Signals
) -> None:
    driven = drive("never")
    driven.wait_for("resume hauler")
    driven.process.send_signal(number)
    end = driven.end()
    assert (end["interrupted"], end["stopped"]) == (True, True)
    acts = driven.acts()
    ends = [acts.index(f"{name} ends") for name in ("autonomy", "manager", "safety")]
    assert acts.index("stop all") < min(ends)
    assert acts.index("safety ends") == max(ends)
    assert driven.left_behind() == []


def test_an_impatient_person_leaves_nothing_behind_either(drive: Callable[..., Driven]) -> None:
    driven = drive("never", "stubborn")
    driven.wait_for("resume hauler")
    for _ in range(5):
        driven.process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    end = driven.end()
    assert end["interrupted"]
    assert end["killed"] == ["autonomy-driller"]
    assert "stop all" in driven.acts()
    assert driven.left_behind() == []


def test_a_signal_during_the_start_leaves_nothing_behind(drive: Callable[..., Driven]) -> None:
    driven = drive("never")
    deadline = time.monotonic() + 20.0
    while not driven.pids() and time.monotonic() < deadline:
        time.sleep(0.005)
    driven.process.send_signal(signal.SIGINT)
    assert driven.end()["interrupted"]
    assert driven.left_behind() == []


def test_a_death_is_told_with_its_last_lines_and_ends_the_session(drive: Callable[..., Driven]) -> None:
    driven = drive("die")
    error = str(driven.end()["error"])
    assert "process manager ended (7)" in error
    assert "the disk is full" in error
    assert driven.left_behind() == []


def test_the_death_of_a_robots_process_stops_the_robots_first(drive: Callable[..., Driven]) -> None:
    driven = drive("never")
    driven.wait_for("resume hauler")
    pid = next(act.split()[1] for act in driven.acts() if act.startswith("pid") and act.split()[2] == "autonomy")
    os.kill(int(pid), signal.SIGKILL)
    end = driven.end()
    assert "process autonomy-driller ended by signal SIGKILL" in str(end["error"])
    acts = driven.acts()
    assert acts.index("stop all") < acts.index("manager ends")
    assert driven.left_behind() == []


def test_robots_of_another_fleet_manager_at_the_same_address_are_not_stopped(
    drive: Callable[..., Driven], tmp_path: Path
) -> None:
    port, diary = str(port_of_nobody()), tmp_path / "of_another"
    other = subprocess.Popen([sys.executable, str(FAKES / "fake_manager.py"), port, str(diary), "never", "another"])
    try:
        while not accepts(int(port)):
            assert other.poll() is None
            time.sleep(0.02)
        driven = drive("never", port=port)
        error = str(driven.end()["error"])
        assert "process manager ended" in error
        assert "Address already in use" in error
        assert [line.split(" ", 1)[1] for line in diary.read_text().splitlines()] == [f"pid {other.pid} manager"]
        assert other.poll() is None
        assert driven.left_behind() == []
    finally:
        other.kill()
        other.wait()


def test_ctrl_c_at_the_terminal_ends_the_live_screen_in_order(drive: Callable[..., Driven]) -> None:
    master, slave = pty.openpty()
    driven = drive("never", "live", terminal=slave)
    os.close(slave)
    screen = bytearray()
    deadline = time.monotonic() + 40.0
    pressed = False
    while time.monotonic() < deadline:
        if select.select([master], [], [], 0.1)[0]:
            try:
                screen += os.read(master, 65536)
            except OSError:  # the other side is closed
                break
        if not pressed and "resume hauler" in driven.acts() and "driller" in screen.decode(errors="replace"):
            os.write(master, b"\x03")
            pressed = True
    os.close(master)
    assert pressed
    end = driven.end()
    assert (end["interrupted"], end["stopped"]) == (True, True)
    assert "stop all" in driven.acts()
    assert driven.left_behind() == []
    text = screen.decode(errors="replace")
    assert "all work" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")  # the cursor is shown again
