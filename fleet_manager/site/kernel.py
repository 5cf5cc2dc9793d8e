"""The geometry kernel in a process of its own: a body it cannot digest costs one element, not the import.

The kernel is native code. Damaged models make it crash, or never return, and no exception tells of that.
"""

from __future__ import annotations

import json
import os
import pickle
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from fleet_manager.site.errors import DamagedModel, ImportFailed
from fleet_manager.site.kernel_process import HEADER, Body

STALLED = 90.0
"""s without a finished body after which the kernel is given up."""
STALLED_ON_ONE = 30.0
"""s for a single element, when elements are worked out one by one."""
MOST_FAILURES = 8
"""Elements that may crash or stall the kernel before the model counts as damaged."""
COMMAND = (sys.executable, "-m", "fleet_manager.site.kernel_process")
ROOT = Path(__file__).parents[2]


def triangulate(path: Path, ids: Sequence[int], contexts: Sequence[int]) -> tuple[dict[int, Body], dict[int, str]]:
    """Bodies by step id, and for elements that made the kernel fail what they did to it.

    Elements without a body are in neither. Raises DamagedModel where too many fail, ImportFailed if no kernel starts.
    """
    bodies: dict[int, Body] = {}
    failed: dict[int, str] = {}
    left = list(ids)
    careful = False  # all at once first; one by one to find who is to blame
    while left:
        culprit, ended = _run(path, left, contexts, careful, bodies)
        if ended == "":
            return bodies, failed
        left = [i for i in left if i not in bodies]
        if careful:
            if culprit is None:
                raise ImportFailed("Read the storey", f"the geometry kernel {ended} before its first element")
            if culprit in bodies:  # it had sent all it had
                continue
            failed[culprit] = f"the geometry kernel {ended} on it"
            left = left[left.index(culprit) + 1 :]  # what came before has no body
            if len(failed) >= MOST_FAILURES:
                raise DamagedModel(path, f"the geometry kernel fails on {len(failed)} or more elements: {ended}")
        careful = True
    return bodies, failed


def _run(
    path: Path, ids: Sequence[int], contexts: Sequence[int], careful: bool, bodies: dict[int, Body]
) -> tuple[int | None, str]:
    """Collect bodies from one process; returns the element it was at, and what became of it ("" for a good end)."""
    current: int | None = None
    with _process() as process:
        assert process.stdin is not None and process.stdout is not None
        order = {"path": str(path), "ids": list(ids), "contexts": list(contexts), "careful": careful}
        try:
            process.stdin.write(json.dumps(order).encode())
            process.stdin.close()
        except BrokenPipeError:
            return None, "ended"
        for message in _messages(process.stdout, STALLED_ON_ONE if careful else STALLED):
            kind, number, body = message
            if kind == "body":
                bodies[number] = body
            elif kind == "begin":
                current = number
            elif kind == "stalled":
                return current, "did not return"
            elif kind == "done":
                return None, ""
        return current, "crashed"


@contextmanager
def _process() -> Iterator[subprocess.Popen[bytes]]:
    search = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH", "")) if p)
    process = subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": search},
    )
    try:
        yield process
    finally:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()
        process.wait()


def _messages(pipe: IO[bytes], patience: float) -> Iterator[tuple[str, int, Any]]:
    """What the process sends; ends when it does, or after "stalled" when it says nothing for too long (s)."""
    buffer = bytearray()
    descriptor = pipe.fileno()
    while True:
        ready, _, _ = select.select([descriptor], [], [], patience)
        if not ready:
            yield "stalled", 0, None
            return
        chunk = os.read(descriptor, 1 << 20)
        if not chunk:
            return
        buffer += chunk
        while len(buffer) >= HEADER.size:
            (length,) = HEADER.unpack_from(buffer)
            if len(buffer) < HEADER.size + length:
                break
            payload = bytes(buffer[HEADER.size : HEADER.size + length])
            del buffer[: HEADER.size + length]
            yield pickle.loads(payload)
