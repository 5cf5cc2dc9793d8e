"""The wall clock of the robot's processes, which can be set without touching the machine's."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

from faults.values import Unexpected
from sitefleet.processes import Process

SOURCE = Path(__file__).with_suffix(".c")
_OFFSET = struct.Struct("=q")


class WallClock:
    """`change` gives a process this clock; `step` sets it. Raises Unexpected where there is no C compiler."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("c++")
        if compiler is None:
            raise Unexpected("a step of the clock needs a C compiler")
        folder.mkdir(parents=True, exist_ok=True)
        self._library = folder / "wall_clock.so"
        words = [compiler, "-x", "c", "-O2", "-shared", "-fPIC", "-o", str(self._library), str(SOURCE), "-ldl"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Unexpected(f"{SOURCE.name} does not compile: {done.stderr}")
        self._path = folder / "clock.offset"
        self._path.write_bytes(_OFFSET.pack(0))
        with self._path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), _OFFSET.size)
        self._offset = 0

    def change(self, process: Process) -> Process:
        """The robot's processes get it; simulator and manager are other machines."""
        if process.package != "sitefleet_robot":
            return process
        more = {"LD_PRELOAD": str(self._library), "FAULTS_CLOCK": str(self._path)}
        return replace(process, environment={**process.environment, **more})

    def step(self, seconds: float) -> None:
        """Set it forward, or back."""
        self._offset += round(1e9 * seconds)
        self._page[:] = _OFFSET.pack(self._offset)

    def right(self) -> float:
        """Set it right; by how much it was off, s."""
        off, self._offset = self._offset, 0
        self._page[:] = _OFFSET.pack(0)
        return 1e-9 * off
