"""The process that works out bodies: reads its order on standard input, sends bodies as they are done.

Runs as `python -m fleet_manager.site.kernel_process`; see kernel.py for who starts it.
"""

from __future__ import annotations

import ctypes
import json
import os
import pickle
import resource
import signal
import struct
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Body: TypeAlias = tuple[NDArray[np.float64], NDArray[np.int64]]
"""Vertices (n, 3) in m in the model's world frame, and triangles (m, 3)."""
PR_SET_PDEATHSIG = 1
"""Linux: send this process a signal when the one that started it ends (prctl(2))."""
HEADER = struct.Struct("<Q")
"""Length of the message that follows, bytes."""


def main() -> None:
    """One order, then the end."""
    # A kernel that hangs notices nothing; whoever started it may be gone by then.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # The bodies go where standard output went; whatever the kernel prints does not get in between.
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def send(kind: str, number: int = 0, body: Body | None = None) -> None:
        payload = pickle.dumps((kind, number, body), protocol=5)
        message = memoryview(HEADER.pack(len(payload)) + payload)
        while message:
            message = message[out.write(message) :]

    from fleet_manager.site.step_file import parse, read_step

    order = json.load(sys.stdin)
    path = Path(order["path"])
    file = parse(path, read_step(path))
    if order["careful"]:
        for number in order["ids"]:
            send("begin", number)
            for found, body in bodies(file, [number], order["contexts"], 1):
                send("body", found, body)
    else:
        for found, body in bodies(file, order["ids"], order["contexts"], min(4, os.cpu_count() or 1)):
            send("body", found, body)
    send("done")


def bodies(file: Any, ids: Sequence[int], contexts: Sequence[int], threads: int) -> Iterator[tuple[int, Body]]:
    """Triangles of elements, openings not subtracted."""
    import ifcopenshell.geom

    settings = ifcopenshell.geom.settings()
    settings.set("use-world-coords", True)
    settings.set("disable-opening-subtractions", True)
    settings.set("no-normals", True)
    settings.set("apply-default-materials", False)
    settings.set("context-ids", list(contexts))
    wanted = [file.by_id(i) for i in ids]
    iterator = ifcopenshell.geom.iterator(settings, file, threads, include=wanted)
    if not iterator.initialize():
        return
    while True:
        shape = iterator.get()
        vertices = np.asarray(shape.geometry.verts, dtype=np.float64).reshape(-1, 3)
        faces = np.asarray(shape.geometry.faces, dtype=np.int64).reshape(-1, 3)
        yield shape.id, (vertices, faces)
        if not iterator.next():
            return


if __name__ == "__main__":
    main()
