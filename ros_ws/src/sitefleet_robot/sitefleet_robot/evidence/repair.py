"""Makes a whole MCAP file of one whose writing was cut off: everything up to the last whole record is kept."""

from __future__ import annotations

import io
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcap.data_stream import ReadDataStream, RecordBuilder
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Chunk, Header, Message, MessageIndex, Metadata
from mcap.stream_reader import CRCValidationError, breakup_chunk
from mcap.writer import MCAP0_MAGIC
from zstandard import ZstdError

_HEAD = struct.Struct("<BQ")
_DATA_END = _HEAD.pack(Opcode.DATA_END, 4) + bytes(4)
_FOOTER = _HEAD.pack(Opcode.FOOTER, 20) + bytes(20)
"""Without a summary: readers then scan the file, which the format provides for."""
_RECORDS: dict[int, Any] = {
    Opcode.HEADER: Header,
    Opcode.CHUNK: Chunk,
    Opcode.MESSAGE_INDEX: MessageIndex,
    Opcode.METADATA: Metadata,
}
"""What a recording consists of, before its end."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What a cut-off file still held: bytes kept, messages in whole chunks, and its metadata in order."""

    bytes: int
    messages: int
    notes: tuple[tuple[str, dict[str, str]], ...]


def close_part(path: Path) -> Saved:
    """Cut `path` behind its last whole record, end it as the format wants it, and sync it.

    Raises OSError of the disk. A file that holds no messages is left for the caller to remove.
    """
    with path.open("r+b") as file:
        end, saved = _whole(file.read())
        file.truncate(end)
        file.seek(end)
        file.write(_DATA_END + _FOOTER + MCAP0_MAGIC)
        file.flush()
        os.fsync(file.fileno())
    return saved


def _whole(data: bytes) -> tuple[int, Saved]:
    """Where the last whole record of the data section ends, and what is before it."""
    position = len(MCAP0_MAGIC)
    messages = 0
    notes: list[tuple[str, dict[str, str]]] = []
    if not data.startswith(MCAP0_MAGIC):
        return 0, Saved(0, 0, ())
    while position + _HEAD.size <= len(data):
        opcode, length = _HEAD.unpack_from(data, position)
        end = position + _HEAD.size + length
        if end > len(data) or opcode not in _RECORDS:
            break
        try:
            record = _RECORDS[opcode].read(ReadDataStream(io.BytesIO(data[position + _HEAD.size : end])))
            if _encoded(record) != data[position:end]:
                break  # lengths inside of it do not add up
            if isinstance(record, Chunk):
                messages += sum(isinstance(r, Message) for r in breakup_chunk(record, validate_crc=True))
            elif isinstance(record, Metadata):
                notes.append((record.name, dict(record.metadata)))
        # Whatever a parser says of bytes that were not written whole: here the file ends.
        except (McapError, ZstdError, CRCValidationError, ValueError, struct.error):
            break
        position = end
    return position, Saved(position, messages, tuple(notes))


def _encoded(record: Any) -> bytes:
    builder = RecordBuilder()
    record.write(builder)
    data: bytes = builder.end()
    return data
