"""The starter with real child processes: deaths are reported, shutdown is ordered, nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sitefleet.guard import alive
from sitefleet.processes import Process, StopWave
from sitefleet.starter import Deadlines, Starter, StarterError, tail

DEADLINE = 15.0

WORKER = """
import signal, sys, time
name, journal, *stubborn = sys.argv[1:]
def note(number, frame):
    with open(journal, "a") as stream:
        stream.write(f"{name} {signal.Signals(number).name}\\n")
    if signal.Signals(number).name not in stubborn:
        sys.exit(0)
signal.signal(signal.SIGINT, note)
signal.signal(signal.SIGTERM, note)
print("ready", flush=True)
while True:
    time.sleep(0.05)
"""


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {DEADLINE} s"
        time.sleep(0.02)


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of modules that children can run with -m."""
    (tmp_path / "sf_worker.py").write_text(WORKER)
    (tmp_path / "sf_dies.py").write_text("import sys; print('first'); sys.exit('the battery model is missing')")
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PYTHONPATH", path)
    return tmp_path


def worker(name: str, folder: Path, *stubborn: str, wave: StopWave = StopWave.FIRST) -> Process:
    return Process(name, "p", "e", "sf_worker", arguments=(name, str(folder / "journal"), *stubborn), stop_wave=wave)


def ready(starter: Starter, *names: str) -> None:
    for name in names:
        wait_for(lambda name=name: "ready" in tail(starter.log_file(name)), f"ready {name}")  # type: ignore[misc]


def test_robots_stop_first_then_work_then_supervisors_then_the_simulator(modules: Path) -> None:
    journal = modules / "journal"
    processes = [
        worker("simulator", modules, wave=StopWave.SIMULATOR),
        worker("safety", modules, wave=StopWave.SUPERVISORS),
        worker("autonomy", modules),
    ]
    with Starter(processes, modules / "log", stop_robots=lambda: journal.write_text("robots\n") and None) as starter:
        ready(starter, "simulator", "safety", "autonomy")
    assert journal.read_text().splitlines() == ["robots", "autonomy SIGINT", "safety SIGINT", "simulator SIGINT"]


def test_a_death_is_reported_with_name_code_and_last_lines(modules: Path) -> None:
    dies = Process("manager", "p", "e", "sf_dies")
    with Starter([worker("other", modules), dies], modules / "log") as starter:
        death = starter.watch(timeout=DEADLINE)
        pids = starter.pids()
    assert death is not None
    assert (death.name, death.returncode) == ("manager", 1)
    assert death.last_lines[-1] == "the battery model is missing"
    assert "process manager ended (1)" in str(death)
    assert not alive(pids["other"])


def test_nothing_that_died_is_started_again(modules: Path) -> None:
    with Starter([worker("a", modules), worker("b", modules)], modules / "log") as starter:
        ready(starter, "a", "b")
        before = starter.pids()
        os.kill(before["a"], signal.SIGKILL)
        death = starter.watch(timeout=DEADLINE)
        assert death is not None and (death.name, death.returncode) == ("a", -signal.SIGKILL)
        assert "by signal SIGKILL" in str(death)
        assert starter.pids() == before
        assert [each.name for each in starter.deaths()] == ["a"]


def test_a_process_that_ignores_interrupt_is_terminated_and_one_that_ignores_both_is_killed(modules: Path) -> None:
    processes = [worker("deaf", modules, "SIGINT"), worker("stone", modules, "SIGINT", "SIGTERM")]
    starter = Starter(processes, modules / "log", deadlines=Deadlines(interrupt=0.4, terminate=0.6))
    starter.start()
    ready(starter, "deaf", "stone")
    pids = starter.pids()
    report = starter.stop()
    assert report.terminated == ("deaf", "stone")
    assert report.killed == ("stone",)
    assert not any(alive(pid) for pid in pids.values())


def test_robots_that_do_not_confirm_do_not_keep_everything_alive(modules: Path) -> None:
    starter = Starter(
        [worker("a", modules)],
        modules / "log",
        stop_robots=lambda: time.sleep(3),
        deadlines=Deadlines(stop_robots=0.2),
    )
    starter.start()
    ready(starter, "a")
    assert starter.stop().robots_stopped is False
    assert starter.pids() == {}


def test_a_stop_callback_that_raises_does_not_keep_everything_alive(modules: Path) -> None:
    def refuse() -> None:
        raise ConnectionRefusedError

    starter = Starter([worker("a", modules)], modules / "log", stop_robots=refuse)
    starter.start()
    assert starter.stop().robots_stopped is False


def test_stopping_twice_is_harmless(modules: Path) -> None:
    starter = Starter([worker("a", modules)], modules / "log")
    starter.start()
    starter.stop()
    assert starter.stop().killed == ()


def test_two_processes_of_one_name_are_refused(modules: Path) -> None:
    with pytest.raises(StarterError, match="same name"):
        Starter([worker("a", modules), worker("a", modules)], modules / "log")


def test_processes_of_a_killed_starter_are_ended(modules: Path) -> None:
    script = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from sitefleet.processes import Process
        from sitefleet.starter import Starter
        process = Process("a", "p", "e", "sf_worker", arguments=("a", {str(modules / "journal")!r}))
        starter = Starter([process], Path({str(modules / "log")!r}))
        starter.start()
        while not starter.log_file("a").read_text():
            time.sleep(0.05)
        print(starter.pids()["a"], flush=True)
        time.sleep(60)
    """)
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        assert alive(child)
        parent.kill()
        parent.wait()
        journal = modules / "journal"
        wait_for(lambda: journal.exists() and journal.read_text().endswith("\n"), "interrupt of the orphan")
        assert journal.read_text() == "a SIGINT\n"
    finally:
        parent.stdout.close()
        if alive(child):
            wait_for(lambda: not _runs(child), "end of the orphan")


def _runs(pid: int) -> bool:
    """Running and not a zombie that nobody has collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
