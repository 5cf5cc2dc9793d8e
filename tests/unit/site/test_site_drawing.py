"""Pictures of a storey carry the model's names, whatever letters and signs those are made of."""

from __future__ import annotations

from pathlib import Path

import pytest
from site_models import ModelBuilder, two_rooms

from fleet_manager.domain.site import Storey
from fleet_manager.site import import_site
from fleet_manager.site.draw import draw_storey
from fleet_manager.site.lettering import as_it_is, readable

UNWRITTEN = "\U00012000\U00012001"
"""Cuneiform: no font of a drawing has it."""


@pytest.fixture(scope="module")
def storey(tmp_path_factory: pytest.TempPathFactory) -> Storey:
    folder = tmp_path_factory.mktemp("names")
    builder = ModelBuilder()
    ground = builder.storey(f"$E_0$ & <{UNWRITTEN}>", 0.0)
    two_rooms(builder, storey=ground, spaces=False)
    builder.space(ground, "$x_1$", f"Küche\n{UNWRITTEN}", [(0, 0), (4.95, 0), (4.95, 5), (0, 5)])
    builder.space(ground, "$^$", "", [(5.05, 0), (8, 0), (8, 5), (5.05, 5)])
    site = import_site(builder.write(folder / "model.ifc"), None, folder / "site")
    return next(iter(site.storeys.values()))


def test_an_svg_has_the_names_as_they_are(storey: Storey, tmp_path: Path) -> None:
    draw_storey(storey, tmp_path / "plan.svg", storey.name)
    text = (tmp_path / "plan.svg").read_text(encoding="utf-8")
    assert f"Küche {UNWRITTEN}" in text and "$x_1$" in text and "$^$" in text
    assert f"$E_0$ &amp; &lt;{UNWRITTEN}&gt;" in text


def test_a_png_is_drawn_without_a_warning(storey: Storey, tmp_path: Path) -> None:
    draw_storey(storey, tmp_path / "plan.png", storey.name)
    assert (tmp_path / "plan.png").read_bytes().startswith(b"\x89PNG")


def test_what_no_font_can_write_is_replaced_in_pixels_only() -> None:
    assert readable("Küche  1\n2", "id") == "Küche 1 2"
    assert readable(UNWRITTEN, "id") == "id"
    assert as_it_is(UNWRITTEN, "id") == UNWRITTEN and as_it_is(" \n", "id") == "id"
