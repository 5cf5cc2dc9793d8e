"""Frames of a spool's segment: how records stand in a file so that a cut or a flipped byte costs one record only.

A frame is the mark, the payload's length and number, a CRC-32 over both and the payload, and the payload (JSON).
UTF-8 never contains the mark's bytes, so behind a damaged frame the next whole one is found.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MARK = b"\xf5\xff\xfeS"
_NUMBERS = struct.Struct("<IQ")
_CRC = struct.Struct("<I")
HEADER_BYTES = len(MARK) + _NUMBERS.size + _CRC.size


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame: where it begins and ends in the file, its number and its payload."""

    start: int
    end: int
    seq: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """Bytes that are no frame.

    `torn`: they end the file and look like a write that was cut off by a crash; otherwise something was changed.
    """

    start: int
    end: int
    torn: bool


def encode(seq: int, payload: bytes) -> bytes:
    """One frame."""
    numbers = _NUMBERS.pack(len(payload), seq)
    return b"".join((MARK, numbers, _CRC.pack(zlib.crc32(payload, zlib.crc32(numbers))), payload))


def decode(data: bytes, start: int = 0) -> Iterator[Frame | Broken]:
    """Everything from `start` on, in order; no byte is passed over in silence."""
    position = start
    while position < len(data):
        frame = _frame_at(data, position)
        if frame is None:
            end = _next_frame(data, position + 1)
            yield Broken(position, end, torn=end == len(data) and _looks_torn(data[position:]))
            position = end
        else:
            yield frame
            position = frame.end


def _frame_at(data: bytes, start: int) -> Frame | None:
    body = start + HEADER_BYTES
    if body > len(data) or not data.startswith(MARK, start):
        return None
    length, seq = _NUMBERS.unpack_from(data, start + len(MARK))
    (checksum,) = _CRC.unpack_from(data, start + len(MARK) + _NUMBERS.size)
    payload = data[body : body + length]
    numbers = data[start + len(MARK) : start + len(MARK) + _NUMBERS.size]
    if len(payload) != length or zlib.crc32(payload, zlib.crc32(numbers)) != checksum:
        return None
    return Frame(start, body + length, seq, payload)


def _next_frame(data: bytes, start: int) -> int:
    """Where the next whole frame begins; the end of the data when there is none."""
    found = data.find(MARK, start)
    while found >= 0 and _frame_at(data, found) is None:
        found = data.find(MARK, found + 1)
    return len(data) if found < 0 else found


def _looks_torn(rest: bytes) -> bool:
    """A frame begun and not finished, or blocks that a file system added and never filled (zeros)."""
    if not rest.strip(b"\0"):
        return True
    if len(rest) < HEADER_BYTES:
        return MARK.startswith(rest[: len(MARK)])
    length, _ = _NUMBERS.unpack_from(rest, len(MARK))
    return rest.startswith(MARK) and HEADER_BYTES + length > len(rest)
