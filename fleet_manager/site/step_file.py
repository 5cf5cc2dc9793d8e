"""The bytes of a model: from an .ifc file as it is, or out of an .ifczip."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import ifcopenshell

from fleet_manager.site.errors import ModelNotFound, NotAnIfcFile, TruncatedModel

LARGEST = 4 * 1024**3
"""Bytes an .ifczip may unpack to."""
ZIP = b"PK\x03\x04"


def read_step(path: Path) -> bytes:
    """Content of the model as STEP text. Raises ModelNotFound, NotAnIfcFile, TruncatedModel."""
    if path.exists() and not path.is_file():
        raise ModelNotFound(path, "it is not a file")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ModelNotFound(path, error.strerror or str(error)) from error
    return _unzipped(path, raw) if raw.startswith(ZIP) else raw


def parse(path: Path, raw: bytes) -> Any:
    """The model of these bytes, which were read from `path`. Raises whatever the parser raises."""
    with path.open("rb") as file:
        packed = file.read(len(ZIP)) == ZIP
    if packed:
        return ifcopenshell.file.from_string(raw.decode("utf-8", errors="replace"))
    return ifcopenshell.open(str(path))


def _unzipped(path: Path, raw: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            models = [i for i in archive.infolist() if i.filename.lower().endswith((".ifc", ".ifcxml"))]
            if len(models) != 1:
                raise NotAnIfcFile(path, f"it is an archive with {len(models)} models in it")
            if models[0].file_size > LARGEST:
                raise NotAnIfcFile(path, f"unpacked it would have {models[0].file_size / 1e9:.0f} GB")
            return archive.read(models[0])
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise TruncatedModel(path, f"it cannot be unpacked ({error})") from error
    except (RuntimeError, NotImplementedError) as error:  # a password, or a compression nobody uses
        raise NotAnIfcFile(path, f"it cannot be unpacked ({error})") from error
