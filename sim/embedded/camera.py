"""RGB-D camera, rendered only when asked. Without a way to render it stays off and says so once."""

from __future__ import annotations

import ctypes.util
import logging
import os
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.sdf.types import CameraSpec

log = logging.getLogger(__name__)


def choose_renderer() -> str:
    """Set MUJOCO_GL before MuJoCo is imported: EGL, else OSMesa, else none. Returns the choice."""
    if "MUJOCO_GL" not in os.environ:
        choice = "disable"
        if ctypes.util.find_library("EGL"):
            choice = "egl"
        elif ctypes.util.find_library("OSMesa"):
            choice = "osmesa"
        os.environ["MUJOCO_GL"] = choice
    return os.environ["MUJOCO_GL"]


class CameraRenderer:
    """One rendering context for all cameras. Make and use it in one thread."""

    def __init__(self, model: Any) -> None:
        """No context yet: it is made at the first picture."""
        self._model = model
        self._renderers: dict[tuple[int, int], Any] = {}
        self._option: Any = None
        self.off_reason = ""

    def render(
        self, data: Any, camera: str, spec: CameraSpec
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]] | None:
        """Colour (h, w, 3) and depth along the optical axis in m (h, w), inf beyond `far`; None when off."""
        if self.off_reason:
            return None
        renderer = self._renderer(spec.width, spec.height)
        if renderer is None:
            return None
        renderer.update_scene(data, camera=camera, scene_option=self._option)
        colour = renderer.render()
        renderer.enable_depth_rendering()
        depth = renderer.render()
        renderer.disable_depth_rendering()
        depth[depth > spec.far] = np.inf
        return colour, depth

    def _renderer(self, width: int, height: int) -> Any:
        if (width, height) in self._renderers:
            return self._renderers[width, height]
        import mujoco

        from sim.embedded.shapes import GROUP_VISUAL

        try:
            renderer = mujoco.Renderer(self._model, height=height, width=width)
        except Exception as error:  # rendering back ends raise whatever their library raises
            self.off_reason = f"{type(error).__name__}: {error}"
            log.warning(
                "cameras are off, nothing to render with (MUJOCO_GL=%s): %s. "
                "Install libegl1 with libgl1-mesa-dri, or libosmesa6.",
                os.environ.get("MUJOCO_GL", ""),
                self.off_reason,
            )
            return None
        option = mujoco.MjvOption()
        option.geomgroup[:] = 0
        option.geomgroup[GROUP_VISUAL] = 1
        self._option = option
        self._renderers[width, height] = renderer
        return renderer

    def close(self) -> None:
        """Give the contexts back."""
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()
