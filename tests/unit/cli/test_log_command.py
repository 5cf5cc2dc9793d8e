"""`sitefleet log` as a person uses it: what it prints, which files it writes, which exit codes it ends with."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from fleet_manager.domain.evidence import Record, canonical
from fleet_manager.safety_log.heads import Signer
from fleet_manager.safety_log.log import EvidenceLog
from fleet_manager.safety_log.witness import Witness
from fleet_manager.store.engine import open_engine
from sitefleet.cli import main
from sitefleet.cli.exit_codes import ExitCode

CLASSES = ("RESUME", "PROTECTIVE_STOP", "REMOTE_STOP")


def content(n: int) -> dict[str, Any]:
    return {
        "event_id": f"{n:04d}-event", "robot_id": f"d{n % 2}", "seq": n // 2 + 1, "event_class": CLASSES[n % 3],
        "severity": n % 3, "t_utc": {"sec": 1_777_900_000 + 60 * n, "nanosec": 0}, "trigger": "test",
        "narrative": f"event number {n}", "action": "none",
    }  # fmt: skip


def open_log(folder: Path) -> tuple[Engine, EvidenceLog]:
    engine = open_engine(str(folder / "evidence.db"))
    return engine, EvidenceLog(
        engine, Signer.load_or_create(folder / "evidence.key"), Witness(folder / "evidence.witness")
    )


def append(folder: Path, first: int, last: int) -> None:
    engine, log = open_log(folder)
    for n in range(first, last):
        record = content(n)
        log.append([Record(record["event_id"], record["robot_id"], record["seq"], canonical(record))])
    engine.dispose()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder with a log of twelve records."""
    folder = tmp_path / "run"
    folder.mkdir()
    append(folder, 0, 12)
    return folder


class Command:
    """The console script inside this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys
        self.error = ""

    def __call__(self, *words: str | Path, code: int = 0) -> str:
        self._monkeypatch.setattr("sys.argv", ["sitefleet", "log", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        said = self._capsys.readouterr()
        self.error = said.err
        assert (end.value.code or 0) == code, said
        return said.out


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("COLUMNS", "200")
    return Command(monkeypatch, capsys)


def change(run: Path, statement: str) -> None:
    connection = sqlite3.connect(run / "evidence.db")
    with connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
    connection.close()


def test_a_sound_log_is_said_to_be_sound(run: Path, log: Command) -> None:
    said = log("verify", "--log", run)
    assert "12 records, 12 under genuine signatures; 12 heads, 12 of the witness" in said
    assert "sound; root" in said
    figures = json.loads(log("verify", "--log", run / "evidence.db", "--json"))
    assert (figures["sound"], figures["records"], figures["proven"], figures["findings"]) == (True, 12, 12, [])


def test_what_was_changed_is_named_and_ends_with_exit_code_1(run: Path, log: Command) -> None:
    change(
        run, "UPDATE evidence_entry SET data = CAST(replace(data, 'number 4', 'number 5') AS BLOB) WHERE leaf_index = 4"
    )
    said = log("verify", "--log", run, code=ExitCode.FAILED)
    assert "edited: record 4 (0004-event) is not what was appended" in said
    assert "the log is not what was appended: 1 findings" in log.error
    figures = json.loads(log("verify", "--log", run, "--json", code=ExitCode.FAILED))
    assert [(f["fault"], f["first"], f["event_id"]) for f in figures["findings"]] == [("edited", 4, "0004-event")]


def test_an_older_copy_is_known_by_the_witness_alone(run: Path, log: Command) -> None:
    old = (run / "evidence.db").read_bytes()
    append(run, 12, 14)
    (run / "evidence.db").write_bytes(old)
    assert "rolled_back" in log("verify", "--log", run, code=ExitCode.FAILED)
    assert "sound" in log("verify", "--log", run, "--no-witness")


def test_a_log_is_not_called_sound_when_its_witness_is_not_there(run: Path, log: Command) -> None:
    (run / "evidence.witness").rename(run / "kept")
    log("verify", "--log", run, code=ExitCode.BAD_INPUT)
    assert "--no-witness" in log.error
    log("verify", "--log", run, "--witness", run / "kept")


def test_reading_writes_nothing(run: Path, log: Command) -> None:
    before = {p.name: p.read_bytes() for p in run.iterdir()}
    for words in (("verify",), ("list",), ("prove", "0003")):
        log(*words, "--log", run)
    after = {p.name: p.read_bytes() for p in run.iterdir() if p.suffix not in (".db-shm", ".db-wal")}
    assert after == {name: content for name, content in before.items() if name in after}


def test_a_proof_convinces_with_the_public_key_alone(run: Path, log: Command, tmp_path: Path) -> None:
    log("prove", "0003", "--log", run, "--out", tmp_path / "proof.json")
    key = tmp_path / "key.pub"
    (run / "evidence.pub").rename(key)
    for path in run.iterdir():
        path.unlink()
    assert "event 0003-event is record 3 of 12" in log("verify", "--proof", tmp_path / "proof.json", "--key", key)
    proof = json.loads((tmp_path / "proof.json").read_text())
    proof["record"] = proof["record"].replace("number 3", "number 4")
    (tmp_path / "proof.json").write_text(json.dumps(proof))
    log("verify", "--proof", tmp_path / "proof.json", "--key", key, code=ExitCode.FAILED)
    assert "it does not hold" in log.error
    figures = log("verify", "--proof", tmp_path / "proof.json", "--key", key, "--json", code=ExitCode.FAILED)
    assert json.loads(figures)["holds"] is False


def test_a_later_proof_shows_that_the_log_only_grew(run: Path, log: Command, tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    log("prove", "0003", "--log", run, "--out", first)
    append(run, 12, 20)
    log("prove", "0015", "--log", run, "--since", first, "--out", second)
    said = log("verify", "--proof", second, "--key", run / "evidence.pub")
    assert "record 15 of 20; the log has only grown since it had 12 records" in said
    proof = json.loads(second.read_text())
    proof["since"]["path"][0] = "00" * 32
    second.write_text(json.dumps(proof))
    log("verify", "--proof", second, "--key", run / "evidence.pub", code=ExitCode.FAILED)


@pytest.mark.parametrize(("words", "count", "whole"), [((), 12, True), (("--robot", "d1"), 6, False)])
def test_an_export_is_checked_without_the_database(
    run: Path, log: Command, tmp_path: Path, words: tuple[str, ...], count: int, whole: bool
) -> None:
    out = tmp_path / "export.jsonl"
    assert f"{count} records" in log("export", "--log", run, "--out", out, *words)
    figures = json.loads(log("verify", "--export", out, "--key", run / "evidence.pub", "--json"))
    assert (figures["holds"], figures["records"], figures["complete"]) == (True, count, whole)
    lines = out.read_text().splitlines(keepends=True)
    for broken in (
        [lines[0], lines[1].replace("event number", "event numbers"), *lines[2:]],
        [lines[0], "{}\n", *lines[2:]],
        ["{}\n", *lines[1:]],
    ):
        out.write_text("".join(broken))
        log("verify", "--export", out, "--key", run / "evidence.pub", code=ExitCode.FAILED)
    if whole:
        for broken in ([lines[0], *lines[2:]], lines[:-1], [lines[0], lines[2], lines[1], *lines[3:]]):
            out.write_text("".join(broken))
            log("verify", "--export", out, "--key", run / "evidence.pub", code=ExitCode.FAILED)


def test_records_are_listed_by_robot_class_and_time(run: Path, log: Command) -> None:
    listed = json.loads(log("list", "--log", run, "--json"))
    assert [r["leaf_index"] for r in listed] == list(range(12))
    stops = json.loads(log("list", "--log", run, "--class", "PROTECTIVE_STOP", "--robot", "d1", "--json"))
    assert [r["event_id"] for r in stops] == ["0001-event", "0007-event"]
    late = json.loads(log("list", "--log", run, "--since", "2026-05-04T13:11:40", "--until", "2026-05-05", "--json"))
    assert [r["leaf_index"] for r in late] == [5, 6, 7, 8, 9, 10, 11]
    assert "event number 4" in log("list", "--log", run)
    assert "no such records" in log("list", "--log", run, "--robot", "nobody")


def test_a_report_is_written_and_says_when_there_is_no_recording(run: Path, log: Command, tmp_path: Path) -> None:
    out = tmp_path / "incident.html"
    said = json.loads(log("report", "0007", "--log", run, "--out", out, "--json"))
    assert (said["event_id"], said["recording"], said["verified"]) == ("0007-event", "none", True)
    assert "Protective stop of d1" in out.read_text()
    change(run, "DELETE FROM evidence_entry WHERE leaf_index = 2")
    assert "the log was changed" in log("report", "0007", "--log", run, "--out", out)
    assert "record 2 (0002-event) was removed" in out.read_text()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("verify", "--log", "nowhere"), ExitCode.BAD_INPUT, "nowhere"),
        (("prove", "no-such-event"), ExitCode.BAD_INPUT, "no event no-such-event"),
        (("prove", "000"), ExitCode.BAD_INPUT, "more than one"),
        (("report", "no-such-event"), ExitCode.BAD_INPUT, "no event"),
        (("verify", "--proof", "x.json"), ExitCode.USAGE, "--key"),
        (("verify", "--key", "nowhere.pub"), ExitCode.BAD_INPUT, "nowhere.pub"),
        (("list", "--log", "postgresql://h/d"), ExitCode.USAGE, "--key"),
    ],
)
def test_mistakes_end_with_one_clear_line(
    run: Path, log: Command, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: ExitCode, said: str
) -> None:
    monkeypatch.chdir(run)
    log(*words, code=code)
    assert said in log.error
    assert "Traceback" not in log.error
    assert log.error.count("\n") == 1


def test_a_file_that_is_no_log_is_said_to_be_none(run: Path, log: Command) -> None:
    (run / "evidence.db").write_bytes(b"not a database, but long enough to be looked at as one" * 100)
    log("verify", "--log", run, code=ExitCode.BAD_INPUT)
    assert "no evidence log" in log.error
