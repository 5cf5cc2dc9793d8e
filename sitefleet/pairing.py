"""Pairing keys: one for each robot, on the robot's disk and in the manager's folder, readable by their owner only.

The robot's supervisor challenges its executor and the manager twice a second; only who has the key can answer.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

KEY_BYTES = 32
ROBOT_FILE = "heartbeat.key"


class PairingFailed(Exception):
    """Robot and manager cannot be paired; the message says why and what to do."""


def pair(robot_ids: Iterable[str], state_dir: Path, keys: Path) -> None:
    """See to it that each robot (folder `state_dir/<id>`) and the manager (`keys/<id>.key`) have the same key.

    A key that one side has already goes to the other; without any, a new one is made. Keys are never replaced.

    Raises:
        PairingFailed: the two sides have different keys, or a file cannot be read or written.
    """
    for robot_id in robot_ids:
        robot_side, manager_side = state_dir / robot_id / ROBOT_FILE, keys / f"{robot_id}.key"
        try:
            known = [p.read_text(encoding="ascii").strip() for p in (robot_side, manager_side) if p.exists()]
            if len(set(known)) > 1:
                raise PairingFailed(
                    f"{robot_side} and {manager_side} are different keys; remove the wrong one, and the other "
                    "side gets a copy at the next start"
                )
            key = known[0] if known else secrets.token_hex(KEY_BYTES)
            for path in (robot_side, manager_side):
                if not path.exists():
                    _write(path, key)
        except (OSError, UnicodeDecodeError) as error:
            raise PairingFailed(f"{robot_id} cannot be paired with the manager: {error}") from error


def _write(path: Path, key: str) -> None:
    """As a whole or not at all, and never readable by others, not even for a moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, f"{key}\n".encode("ascii"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(draft, path)
