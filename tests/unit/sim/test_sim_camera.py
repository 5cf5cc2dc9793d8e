"""The RGB-D camera: geometry of its depth, and what happens without a way to render."""

from __future__ import annotations

import logging
import os

import numpy as np
import pytest

from sim.embedded.camera import CameraRenderer


@pytest.fixture
def picture(make_simulation):
    simulation = make_simulation({"r": ("hauler", 3.0, 2.5, 0.0)}, world="room.sdf")
    simulation.run(0.2)
    made = simulation.picture("r")
    if made is None:
        pytest.skip(f"nothing to render with here: {simulation.renderer.off_reason}")
    return made


def test_depth_is_the_distance_along_the_optical_axis(picture):
    _, depth = picture
    assert depth.shape == (240, 320)
    # The wall's face is at x = 6, the camera at 3.28, tilted by 0.05 rad: the picture's middle row meets the wall.
    exact = (6.0 - 3.28) / np.cos(0.05)
    assert depth[120, 160] == pytest.approx(exact, rel=0.01)


def test_colours_are_those_of_the_sdf(picture):
    colour, _ = picture
    assert colour.shape == (240, 320, 3)
    wall = colour[100, 160].astype(int)
    assert wall[0] >= wall[1] >= wall[2] > 40


def test_without_a_renderer_the_camera_is_off_and_says_so_once(monkeypatch, caplog, make_simulation):
    import mujoco

    def broken(*_args, **_kwargs):
        raise RuntimeError("no display")

    monkeypatch.setattr(mujoco, "Renderer", broken, raising=False)
    simulation = make_simulation({"r": ("hauler", 0.0, 0.0, 0.0)})
    with caplog.at_level(logging.WARNING):
        assert simulation.picture("r") is None
        assert simulation.picture("r") is None
    assert [record.message.count("cameras are off") for record in caplog.records] == [1]
    assert "no display" in simulation.renderer.off_reason


def test_a_choice_of_the_user_is_kept(monkeypatch):
    from sim.embedded.camera import choose_renderer

    monkeypatch.setitem(os.environ, "MUJOCO_GL", "osmesa")
    assert choose_renderer() == "osmesa"
    assert CameraRenderer(None).off_reason == ""
