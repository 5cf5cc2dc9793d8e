"""How long ago this command was started, as the person at the keyboard sees it."""

from __future__ import annotations

import os
import time
from pathlib import Path

_LOADED = time.monotonic()


def seconds_since_start() -> float:
    """s of wall time since this process was started, imports included (Linux; elsewhere since this module loaded)."""
    try:
        # Field 22 of proc(5)'s stat; the command's name before it may hold spaces, so count from its closing bracket.
        fields = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
        return uptime - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return time.monotonic() - _LOADED
