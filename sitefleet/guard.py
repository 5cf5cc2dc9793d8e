"""Ends the processes of a starter that died. Run as a script of its own; standard library only.

The starter writes one process group id a line to this script's standard input and keeps it open. When the starter
ends in whatever way, also by SIGKILL, the kernel closes the pipe, and whatever still runs of those groups is stopped.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

# Seconds that a group gets after each signal before the next, harder one.
LADDER = ((signal.SIGINT, 3.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 1.0))
POLL = 0.05


def alive(group: int) -> bool:
    """Whether any process of the group is left. A group that is not ours is none of ours."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end_groups(groups: Iterable[int]) -> None:
    """Climb the ladder of signals until no group is left."""
    left = [group for group in groups if alive(group)]
    for number, patience in LADDER:
        for group in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)
        deadline = time.monotonic() + patience
        while left and time.monotonic() < deadline:
            time.sleep(POLL)
            left = [group for group in left if alive(group)]
        if not left:
            return


def main() -> None:
    """Read group ids until the pipe closes; `-ID` takes one back that has ended in order."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line)
        if group > 0:
            groups.add(group)
        else:
            groups.discard(-group)
    end_groups(groups)


if __name__ == "__main__":
    main()
