"""Answers to a supervisor's heartbeat challenges: only who has the robot's pairing key, and is alive, can answer.

Key files hold 32 random bytes as hex digits, readable by their owner only; `sitefleet` makes them for both sides.
"""

from __future__ import annotations

import hashlib
import logging
import stat
from pathlib import Path

_LOG = logging.getLogger(__name__)
KEY_BYTES = 32
SOURCE = "manager"


class KeyFolder:
    """Pairing keys by robot, `<robot_id>.key`; read when they are first needed, and again while there is none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._keys: dict[str, bytes] = {}
        self._said: set[str] = set()

    def key(self, robot_id: str) -> bytes | None:
        """The robot's key; None, and said once, if it is missing or not kept safe."""
        if robot_id not in self._keys and self._folder is not None:
            try:
                self._keys[robot_id] = read_key(self._folder / f"{robot_id}.key")
            except (OSError, ValueError) as error:
                if robot_id not in self._said:
                    _LOG.error("heartbeats of %s are not answered: %s", robot_id, error)
                    self._said.add(robot_id)
        return self._keys.get(robot_id)


def read_key(path: Path) -> bytes:
    """The key in a file. Raises OSError, or ValueError for one that others may read or that is no key."""
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ValueError(f"{path} may be read by others; set its mode to 0600")
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path} is not a key of {KEY_BYTES} bytes in hex digits")
    return key


def response(key: bytes, challenge: int) -> int:
    """First 8 bytes of SHA-256(key, challenge); the challenge goes in, and the answer comes out, big endian."""
    return int.from_bytes(hashlib.sha256(key + challenge.to_bytes(8, "big")).digest()[:8], "big")
