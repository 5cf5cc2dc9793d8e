"""Why something is not used or not granted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """A stable code and a sentence for a person."""

    code: str
    sentence: str
