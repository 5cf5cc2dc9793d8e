"""Message definitions with everything they are made of, as MCAP's encoding `ros2msg` wants them.

They are read from the `.msg` files that every ROS package installs, so a recording explains itself for good.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_SEPARATOR = "=" * 80
_BUILT_IN = {
    "bool", "byte", "char", "float32", "float64", "string", "wstring",
    "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
}  # fmt: skip
_FIELD = re.compile(r"^\s*([A-Za-z][\w/]*)(<=\d+)?(\[[^\]]*\])?\s+\w+")


class DefinitionMissingError(RuntimeError):
    """A message's definition file is not installed."""


def message_class(type_name: str) -> Any:
    """The Python class of `package/msg/Name`.

    Raises:
        DefinitionMissingError: there is none.
    """
    package, _, name = type_name.split("/")
    try:
        return getattr(importlib.import_module(f"{package}.msg"), name)
    except (ImportError, AttributeError) as fault:
        raise DefinitionMissingError(f"the message {type_name} is not installed") from fault


def definition(type_name: str) -> str:
    """The definition of `package/msg/Name`, followed by those of all messages in it. Raises DefinitionMissingError."""
    texts: dict[str, str] = {}
    waiting = [type_name]
    while waiting:
        current = waiting.pop(0)
        if current not in texts:
            texts[current] = _file_of(current).read_text(encoding="utf-8")
            waiting += _parts_of(texts[current], current.split("/")[0])
    first = texts.pop(type_name)
    others = (f"{_SEPARATOR}\nMSG: {_short(name)}\n{text}" for name, text in texts.items())
    return "\n".join((first, *others))


def _file_of(type_name: str) -> Path:
    """Looked for from the Python package upwards: the same in a ROS installation, a workspace and the wheels."""
    package, _, name = type_name.split("/")
    relative = Path("share") / package / "msg" / f"{name}.msg"
    try:
        module = importlib.import_module(package)
    except ImportError as fault:
        raise DefinitionMissingError(f"the message {type_name} is not installed") from fault
    for folder in (parent for place in module.__path__ for parent in Path(place).resolve().parents):
        if (folder / relative).is_file():
            return folder / relative
    raise DefinitionMissingError(f"no definition {relative} is installed beside the Python package {package}")


def _parts_of(text: str, package: str) -> Iterator[str]:
    """Full names of the messages that a definition's fields and constants name."""
    for line in text.splitlines():
        match = _FIELD.match(line.partition("#")[0])
        if match is None or match[1] in _BUILT_IN:
            continue
        words = match[1].split("/")
        yield f"{words[0] if len(words) > 1 else package}/msg/{words[-1]}"


def _short(type_name: str) -> str:
    package, _, name = type_name.split("/")
    return f"{package}/{name}"
