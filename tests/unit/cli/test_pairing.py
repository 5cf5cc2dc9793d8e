"""Pairing keys: made once for both sides, never readable by others, never replaced; both sides compute alike."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_manager.gateways.ros import heartbeat
from sitefleet.pairing import PairingFailed, pair
from sitefleet_robot.common import pairing


def sides(folder: Path) -> tuple[Path, Path]:
    return folder / "state" / "d1" / pairing.KEY_FILE, folder / "keys" / "d1.key"


def test_both_sides_get_one_key_that_only_its_owner_may_read(tmp_path: Path) -> None:
    pair(["d1", "d2"], tmp_path / "state", tmp_path / "keys")
    robot, manager = sides(tmp_path)
    assert robot.read_text() == manager.read_text() != (tmp_path / "keys" / "d2.key").read_text()
    assert [stat.S_IMODE(p.stat().st_mode) for p in (robot, manager)] == [0o600, 0o600]
    assert pairing.read_key(robot) == heartbeat.read_key(manager) == heartbeat.KeyFolder(manager.parent).key("d1")


def test_a_key_is_kept_and_a_missing_side_gets_a_copy(tmp_path: Path) -> None:
    pair(["d1"], tmp_path / "state", tmp_path / "keys")
    robot, manager = sides(tmp_path)
    key = robot.read_text()
    for lost in (robot, manager):
        lost.unlink()
        pair(["d1"], tmp_path / "state", tmp_path / "keys")
        assert robot.read_text() == manager.read_text() == key


def test_two_different_keys_are_an_error_that_names_both_files(tmp_path: Path) -> None:
    pair(["d1"], tmp_path / "state", tmp_path / "keys")
    robot, manager = sides(tmp_path)
    manager.write_text("ab" * 32)
    with pytest.raises(PairingFailed, match=r"heartbeat\.key.*d1\.key"):
        pair(["d1"], tmp_path / "state", tmp_path / "keys")
    assert robot.read_text() != manager.read_text(), "nothing is replaced"


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda p: p.chmod(0o640), "others"),
        (lambda p: p.write_text("ab" * 31), "32 bytes"),
        (lambda p: p.write_text("no key"), "32 bytes"),
        (lambda p: p.unlink(), "cannot be read"),
    ],
)
def test_a_key_that_is_not_safe_or_no_key_is_not_used_by_either_side(tmp_path: Path, spoil, why: str) -> None:
    pair(["d1"], tmp_path / "state", tmp_path / "keys")
    robot, manager = sides(tmp_path)
    for path in (robot, manager):
        spoil(path)
    with pytest.raises(pairing.PairingError, match=why):
        pairing.read_key(robot)
    assert heartbeat.KeyFolder(manager.parent).key("d1") is None


def test_without_a_folder_of_keys_there_is_none() -> None:
    assert heartbeat.KeyFolder(None).key("d1") is None


@given(key=st.binary(min_size=32, max_size=32), challenge=st.integers(0, 2**64 - 1))
def test_robot_and_manager_compute_the_same_answer(key: bytes, challenge: int) -> None:
    answer = pairing.response(key, challenge)
    assert answer == heartbeat.response(key, challenge)
    assert 0 <= answer < 2**64
    assert answer != pairing.response(key, challenge ^ 1)
