"""Who touched whom: the record that says whether a run was free of contact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.embedded.scene import Scene

_EPISODE_GAP = 0.5
"""s without touching after which the next touch counts as another contact."""
_IGNORED, _FLOOR, _STATIC, _TOOL, _HULL, _PERSON = range(6)
_CODES = {"tyre": _IGNORED, "visual": _IGNORED, "floor": _FLOOR, "static": _STATIC, "tool": _TOOL, "hull": _HULL,
          "person": _PERSON}  # fmt: skip


@dataclass(slots=True)
class ContactRecord:
    """Contacts of one robot's part with one other thing. Times in s, place in m of the world."""

    robot: str
    part: str
    """`hull` or `tool`."""
    other: str
    count: int
    first_time: float
    last_time: float
    place: tuple[float, float, float]


class ContactMonitor:
    """Looks at the contacts of every physics step."""

    def __init__(self, scene: Scene) -> None:
        """Nothing touched yet."""
        self._code = np.array([_CODES[kind] for kind in scene.geom_kind], dtype=np.int8)
        self._owner = scene.geom_owner
        self._bumper = {geom: name for name, body in scene.robots.items() for geom in body.hull_geoms}
        self.records: dict[tuple[str, str, str], ContactRecord] = {}
        self.touched: dict[str, float] = {}
        """Time of each robot's last bumper contact."""

    def update(self, data: Any, now: float) -> None:
        """Note the contacts of the step that ended at `now`."""
        if data.ncon == 0:
            return
        pairs = data.contact.geom
        codes = self._code[pairs]
        touching = codes.min(axis=1) > _FLOOR
        if not touching.any():
            return
        for index in np.nonzero(touching)[0]:
            first, second = int(pairs[index, 0]), int(pairs[index, 1])
            place = data.contact.pos[index]
            self._note(first, second, place, now)
            self._note(second, first, place, now)

    def _note(self, geom: int, other: int, place: Any, now: float) -> None:
        code = self._code[geom]
        if code not in (_HULL, _TOOL):
            return
        if geom in self._bumper:
            self.touched[self._bumper[geom]] = now
        key = (self._owner[geom], "hull" if code == _HULL else "tool", self._owner[other])
        record = self.records.get(key)
        if record is None:
            x, y, z = (float(value) for value in place)
            self.records[key] = ContactRecord(*key, 1, now, now, (x, y, z))
            return
        if now - record.last_time > _EPISODE_GAP:
            record.count += 1
        record.last_time = now
