"""Where the models, worlds and the bridge table are, and how names in a world are written."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent
MODELS = ROOT / "models"
WORLDS = ROOT / "worlds"
BRIDGE = ROOT / "bridge.yaml"
PERSON = "person"

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*\Z")


def model_file(model: str) -> Path:
    """SDF file of a model. Raises ValueError with the known names."""
    path = MODELS / model / "model.sdf"
    if not path.is_file():
        known = ", ".join(sorted(entry.name for entry in MODELS.iterdir() if (entry / "model.sdf").is_file()))
        raise ValueError(f"there is no model {model!r}; known models: {known}")
    return path


def checked_name(name: str) -> str:
    """A name that can stand in ROS and Gazebo topics. Raises ValueError."""
    if not _NAME.match(name):
        raise ValueError(f"{name!r} cannot be a robot's or person's name: letters, digits and _ after a letter")
    return name
