"""Any one change of any one value in the database is found and located; no mixture of changes passes."""

from __future__ import annotations

import random
import sqlite3
from typing import Any

import pytest

from fleet_manager.safety_log.findings import Fault

COLUMNS = {
    "evidence_entry": ("event_id", "robot_id", "seq", "subject", "event_class", "t_ns", "data", "leaf_hash"),
    "evidence_node": ("hash",),
    "evidence_head": ("log_id", "timestamp", "root", "signature"),
}


def other(value: object, source: random.Random) -> object:
    """A value that differs in one bit, one character or by one."""
    if isinstance(value, bytes):
        place = source.randrange(len(value))
        return value[:place] + bytes([value[place] ^ 1 << source.randrange(8)]) + value[place + 1 :]
    return value + 1 if isinstance(value, int) else f"{value}x"


def one_change(files: Any, source: random.Random) -> tuple[str, str, int]:
    """Change one value of one row; table, column and rowid-like place of it."""
    table = source.choices(list(COLUMNS), weights=[6, 2, 2])[0]
    column = source.choice(COLUMNS[table])
    key = {"evidence_entry": "leaf_index", "evidence_node": "level * 1000 + position", "evidence_head": "size"}[table]
    connection = sqlite3.connect(files.database)
    rows = connection.execute(f"SELECT {key}, {column} FROM {table} ORDER BY 1").fetchall()
    connection.close()
    place, value = source.choice(rows)
    files.behind_its_back((f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (other(value, source), place)))
    return table, column, place


@pytest.mark.parametrize("seed", range(40))
def test_one_changed_value_is_found_and_located(filled: Any, seed: int) -> None:
    table, column, place = one_change(filled, random.Random(seed))
    findings = [f for f in filled.verify().findings if f.serious]
    assert findings, (table, column, place)
    if table == "evidence_entry":
        assert {(f.first, f.last) for f in findings} == {(place, place + 1)}, findings
    elif table == "evidence_node":
        level, position = divmod(place, 1000)
        assert {(f.first, f.last) for f in findings} == {(position << level, (position + 1) << level)}, findings
    else:
        assert {f.last for f in findings} == {place}, findings
    assert not filled.verify(with_witness=False).sound


@pytest.mark.parametrize("seed", range(8))
def test_no_mixture_of_deeds_passes_and_no_record_is_lost_unnamed(filled: Any, seed: int) -> None:
    """Edits, removals and swaps at random, then every hash made again: each record that is not as it was is named."""
    source = random.Random(1000 + seed)
    victims = source.sample(range(20), 6)
    edited, removed, swapped = victims[:2], victims[2:4], victims[4:]
    statements: list[tuple[str, tuple[object, ...]]] = [
        ("UPDATE evidence_entry SET data = ? WHERE leaf_index = ?", (other(filled.data_of(n), source), n))
        for n in edited
    ]
    statements += [("DELETE FROM evidence_entry WHERE leaf_index = ?", (n,)) for n in removed]
    one, two = swapped
    for target, origin in ((999, one), (one, two), (two, 999)):
        statements.append(("UPDATE evidence_entry SET leaf_index = ? WHERE leaf_index = ?", (target, origin)))
    filled.behind_its_back(*statements)
    named: set[int] = set()
    filled.remake_hashes()
    for finding in filled.verify().findings:
        if finding.fault is not Fault.TREE_CHANGED:
            named |= set(range(finding.first, finding.last))
    assert set(victims) <= named
    assert named <= set(victims), "and nothing that is as it was is accused"
