"""Imports of small models, each into a folder of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from site_models import ModelBuilder

from fleet_manager.domain.site import Storey
from fleet_manager.site import import_site
from fleet_manager.site.options import ImportOptions

Imported = Callable[..., Storey]


@pytest.fixture
def imported(tmp_path: Path) -> Imported:
    """Write a model and import one storey; the package is in tmp_path / "site"."""

    def run(builder: ModelBuilder, storey: str = "Ground", **options: Any) -> Storey:
        model = builder.write(tmp_path / "model.ifc")
        site = import_site(model, storey, tmp_path / "site", ImportOptions(**options))
        return next(s for s in site.storeys.values() if s.name == storey)

    return run
