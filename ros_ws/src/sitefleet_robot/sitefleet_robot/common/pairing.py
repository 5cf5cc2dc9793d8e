"""Pairing of a robot's supervisor with those that must be alive: a shared key, challenge and response.

The key file holds 32 random bytes as hex digits and is readable by its owner only. A response is the first 8 bytes of
SHA-256(key, challenge); the challenge goes in, and the response comes out, as 8 bytes, big endian.
"""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

KEY_BYTES = 32
KEY_FILE = "heartbeat.key"
"""In the robot's state folder."""


class PairingError(Exception):
    """There is no usable key; the message says why and what to do."""


def read_key(path: Path) -> bytes:
    """The key in a file. Raises PairingError, also when others may read it."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise PairingError(f"the pairing key cannot be read: {error}; `sitefleet robot` makes one") from error
    if mode & 0o077:
        raise PairingError(f"{path} may be read by others (mode {mode:04o}); set it to 0600")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise PairingError(f"{path} is not a key of {KEY_BYTES} bytes in hex digits")
    return key


def response(key: bytes, challenge: int) -> int:
    """The right answer to a challenge (0 to 2**64 - 1)."""
    return int.from_bytes(hashlib.sha256(key + challenge.to_bytes(8, "big")).digest()[:8], "big")
