"""Where files that are not Python modules lie: launch files and parameters, simulation models, the bridge table.

There are three layouts: a checkout (also an editable install), a pip installation, and a colcon install space.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "sitefleet"


class ResourceMissing(FileNotFoundError):
    """A file that belongs to the installation is not there; the message names the places that were searched."""


def checkout() -> Path | None:
    """The root of the checkout this module runs from, or None when it is installed."""
    root = Path(__file__).resolve().parents[1]
    return root if (root / "launch").is_dir() and (root / "package.xml").is_file() else None


def _share_folders() -> Iterator[Path]:
    root = checkout()
    if root is not None:
        yield root
    prefixes = [Path(entry) for entry in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if entry]
    for prefix in (*prefixes, Path(sys.prefix)):
        yield prefix / "share" / PACKAGE


def share(relative: str) -> Path:
    """A file or folder of share/sitefleet, for example `launch/params/driller.yaml`.

    Raises:
        ResourceMissing: it is in none of the places an installation can have.
    """
    places = [folder / relative for folder in _share_folders()]
    for place in places:
        if place.exists():
            return place
    raise ResourceMissing(f"{relative} is not installed; looked in " + ", ".join(str(place) for place in places))


def sim(relative: str = "") -> Path:
    """A file or folder of the simulation package, for example `models/driller/model.sdf`."""
    spec = find_spec("sim")
    if spec is None or spec.origin is None:
        raise ResourceMissing("the Python package `sim` is not installed")
    place = Path(spec.origin).parent / relative
    if not place.exists():
        raise ResourceMissing(f"{place} does not exist")
    return place
