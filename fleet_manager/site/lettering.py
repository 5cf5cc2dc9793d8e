"""Letters of a drawing: names as they are where a font has their letters, and what stands for them elsewhere."""

from __future__ import annotations

from functools import cache

from matplotlib.font_manager import FontProperties, findfont, fontManager
from matplotlib.ft2font import FT2Font

WANTED = (
    "DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "WenQuanYi Zen Hei", "Microsoft YaHei",
    "PingFang SC", "SimHei", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Thai", "Noto Sans Devanagari",
)  # fmt: skip


@cache
def families() -> tuple[str, ...]:
    """Those of the wanted fonts that are installed, in the order in which letters are looked for."""
    installed = {f.name for f in fontManager.ttflist}
    return tuple(f for f in WANTED if f in installed)


@cache
def _letters() -> frozenset[int]:
    found: set[int] = set()
    for family in families():
        found.update(FT2Font(findfont(FontProperties(family=family))).get_charmap())
    return frozenset(found)


def readable(text: str, otherwise: str) -> str:
    """The text on one line, or what stands for it where no installed font has its letters."""
    line = " ".join(text.split())
    return line if all(ord(c) in _letters() for c in line) else otherwise


def as_it_is(text: str, otherwise: str) -> str:
    """The text on one line, whatever its letters; what stands for it where there is none."""
    return " ".join(text.split()) or otherwise
