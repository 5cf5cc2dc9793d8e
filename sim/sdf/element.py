"""An XML element that knows its file, path and line, so that every refusal can name them."""

from __future__ import annotations

import math
from typing import Any

from sim.sdf.errors import SdfError
from sim.sdf.transform import Transform


class Element:
    """Thin wrapper of an lxml element with typed access. Every reader of it raises SdfError with the place."""

    __slots__ = ("node", "path", "source")

    def __init__(self, node: Any, source: str, path: str) -> None:
        """`path` is the element's own path from the root."""
        self.node = node
        self.source = source
        self.path = path

    @property
    def tag(self) -> str:
        """Element name."""
        return str(self.node.tag)

    @property
    def line(self) -> int | None:
        """Line in the file, from 1."""
        line: int | None = self.node.sourceline
        return line

    @property
    def text(self) -> str:
        """Text without the white space around it."""
        return (self.node.text or "").strip()

    def error(self, problem: str) -> SdfError:
        """The error to raise for a problem here."""
        return SdfError(self.source, self.path, self.line, problem)

    def _wrap(self, node: Any) -> Element:
        name = node.get("name")
        return Element(node, self.source, f"{self.path}/{node.tag}[{name}]" if name else f"{self.path}/{node.tag}")

    def children(self) -> list[Element]:
        """All child elements (comments and processing instructions left out)."""
        return [self._wrap(node) for node in self.node if isinstance(node.tag, str)]

    def all(self, tag: str) -> list[Element]:
        """All children of that name."""
        return [self._wrap(node) for node in self.node.iterchildren(tag)]

    def first(self, tag: str) -> Element | None:
        """First child of that name, or None."""
        node = self.node.find(tag)
        return None if node is None else self._wrap(node)

    def only(self, tag: str) -> Element:
        """The one child of that name."""
        found = self.all(tag)
        if len(found) != 1:
            raise self.error(f"expected one <{tag}>, found {len(found)}")
        return found[0]

    def attribute(self, name: str) -> str:
        """An attribute that must be there."""
        value = self.node.get(name)
        if not value:
            raise self.error(f"<{self.tag}> needs the attribute {name!r}")
        return str(value)

    def numbers(self, count: int) -> tuple[float, ...]:
        """Exactly `count` finite numbers of the element's text."""
        try:
            values = tuple(float(word) for word in self.text.split())
        except ValueError as error:
            raise self.error(f"{self.text!r} is not a list of numbers") from error
        if len(values) != count or not all(math.isfinite(value) for value in values):
            raise self.error(f"expected {count} finite numbers, found {self.text!r}")
        return values

    def number(self, tag: str, default: float) -> float:
        """One finite number in a child, or the default."""
        child = self.first(tag)
        return default if child is None else child.numbers(1)[0]

    def positive(self, tag: str) -> float:
        """One number above zero in a child that must be there."""
        child = self.only(tag)
        value = child.numbers(1)[0]
        if value <= 0.0:
            raise child.error(f"expected a number above zero, found {value}")
        return value

    def vector3(self, tag: str, default: tuple[float, float, float]) -> tuple[float, float, float]:
        """Three numbers in a child, or the default."""
        child = self.first(tag)
        if child is None:
            return default
        x, y, z = child.numbers(3)
        return x, y, z

    def boolean(self, tag: str, default: bool) -> bool:
        """A truth value in a child, or the default."""
        child = self.first(tag)
        if child is None:
            return default
        if child.text not in ("true", "false", "1", "0"):
            raise child.error(f"expected true or false, found {child.text!r}")
        return child.text in ("true", "1")

    def word(self, tag: str, default: str = "") -> str:
        """Text of a child, or the default."""
        child = self.first(tag)
        return default if child is None else child.text

    def pose(self) -> Transform | None:
        """The `<pose>` of this element, or None. Its `relative_to` is for `frames` to resolve."""
        child = self.first("pose")
        if child is None:
            return None
        if (
            child.node.get("rotation_format", "euler_rpy") != "euler_rpy"
            or child.node.get("degrees", "false") != "false"
        ):
            raise child.error("only rotation_format euler_rpy in radians is supported")
        return Transform.from_pose(*child.numbers(6))

    @property
    def relative_to(self) -> str:
        """Frame that the pose is given in, empty for the default."""
        child = self.first("pose")
        return "" if child is None else str(child.node.get("relative_to", ""))
