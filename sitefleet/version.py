"""The version of this installation: the one that setup.py took from package.xml."""

from __future__ import annotations

from importlib import metadata
from xml.etree import ElementTree

from sitefleet.resources import checkout

UNKNOWN = "0.0.0+unknown"


def version() -> str:
    """The checkout's version when run from one, else the installed distribution's."""
    root = checkout()
    if root is not None:
        return ElementTree.parse(root / "package.xml").findtext("version") or UNKNOWN
    try:
        return metadata.version("sitefleet")
    except metadata.PackageNotFoundError:
        return UNKNOWN
