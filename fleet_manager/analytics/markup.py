"""HTML and SVG elements that escape what is put into them."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

VOID = frozenset({"meta", "input", "br", "link"})


class Markup(str):
    """Text that is markup already and is not escaped again."""

    __slots__ = ()


Child = str | Markup | None | Iterable["Child"]


def tag(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """One element. `class_` becomes class, `_` in other names becomes `-`; None and False leave an attribute out."""
    shown = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        label = key.rstrip("_").replace("_", "-")
        shown.append(f" {label}" if value is True else f' {label}="{escape(number(value))}"')
    opening = f"<{name}{''.join(shown)}>"
    return Markup(opening if name in VOID else f"{opening}{join(children)}</{name}>")


def join(children: Child) -> Markup:
    """Children one after another, plain text escaped."""
    if children is None:
        return Markup("")
    if isinstance(children, Markup):
        return children
    if isinstance(children, str):
        return Markup(escape(children, quote=False))
    return Markup("".join(join(child) for child in children))


def number(value: str | float) -> str:
    """Numbers without needless digits (1/100 is below a pixel), text as it is."""
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"


def points(path: Iterable[tuple[float, float]]) -> str:
    """An SVG `points` list."""
    return " ".join(f"{number(x)},{number(y)}" for x, y in path)
