"""How far the tests look: ordinarily as far as a change needs, far at night (`make nightly`)."""

from __future__ import annotations

import os

NIGHTLY = os.environ.get("SITEFLEET_TESTS") == "nightly"


def thorough(ordinary: int, nightly: int) -> int:
    """How many examples, seeds or steps: the small number for every change, the large one at night."""
    return nightly if NIGHTLY else ordinary
