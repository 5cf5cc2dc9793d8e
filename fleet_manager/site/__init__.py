"""Building model (IFC) to site package, and site packages from disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_manager.domain.site import SitePackage, Storey
from fleet_manager.site.errors import SiteImportError
from fleet_manager.site.package import load_site, load_storey

if TYPE_CHECKING:
    from fleet_manager.site.options import ImportOptions

__all__ = ["SiteImportError", "SitePackage", "import_site", "import_storey", "load_site", "load_storey"]


def import_storey(
    model: Path,
    storey: str | None,
    out: Path,
    options: ImportOptions | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> tuple[SitePackage, Storey]:
    """Import one storey; see fleet_manager.site.importer. The IFC library is loaded only now: readers do without."""
    from fleet_manager.site import importer

    return importer.import_storey(model, storey, out, options, progress or (lambda _what, _share: None))


def import_site(model: Path, storey: str | None, out: Path, options: ImportOptions | None = None) -> SitePackage:
    """Import one storey, for the package it is in."""
    return import_storey(model, storey, out, options)[0]
