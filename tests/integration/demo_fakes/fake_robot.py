"""A robot's process with a child of its own. Arguments: NAME, DIARY, and `stubborn` to ignore polite signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

NAME, DIARY, STUBBORN = sys.argv[1], Path(sys.argv[2]), "stubborn" in sys.argv


def diary(line: str) -> None:
    with DIARY.open("a", encoding="utf-8") as file:
        file.write(f"{time.time():.3f} {line}\n")


def leave(*_: object) -> None:
    diary(f"{NAME} ends")
    child.wait()  # the signal went to the whole group
    os._exit(0)


child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN if STUBBORN else leave)
diary(f"pid {os.getpid()} {NAME}")
diary(f"pid {child.pid} child of {NAME}")
while True:
    time.sleep(1.0)
