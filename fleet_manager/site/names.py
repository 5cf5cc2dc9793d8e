"""Names of a model as ids and folders: letters any file system and URL takes, unique, not too long."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

LONGEST = 60
"""Characters of an id; IFC allows names of 255, and file systems no more than that for a whole name."""

RESERVED = ("site.yaml",)
"""Names that the package itself has beside the storeys' folders."""


def slug(text: str, otherwise: str) -> str:
    """Letters, digits and dashes of a name, accents taken off; `otherwise` where nothing of it is left."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^A-Za-z0-9_.]+", "-", plain).strip("-.")[:LONGEST].rstrip("-.") or otherwise


def unique(wanted: str, taken: Iterable[str]) -> str:
    """The id itself, or with the first free number behind it."""
    used = set(taken)
    number, found = 1, wanted
    while found in used:
        number += 1
        found = f"{wanted}-{number}"
    return found


def storey_ids(names: Sequence[str]) -> list[str]:
    """An id for each storey of a model, in the order of its storeys."""
    found: list[str] = []
    for name in names:
        found.append(unique(slug(name, "storey").lower(), [*found, *RESERVED]))
    return found


def same(one: str, other: str) -> bool:
    """Whether two names are the same to a person: letter case and blanks do not count."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
