"""A name space of its own for mounts, so that a small disk is seen by the benchmark and what it starts alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

_MARK = "FAULTS_OWN_MOUNTS"


def own_mounts() -> None:
    """Begin this process anew in one, as root or, where the kernel lets anybody, as everybody else.

    Raises SystemExit where that is not possible.
    """
    if _MARK in os.environ:
        return
    unshare = shutil.which("unshare")
    words = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    if unshare is None or subprocess.run([unshare, *words, "true"], check=False).returncode != 0:
        raise SystemExit("full-disk needs `unshare` and the right to mount; leave it out with --faults")
    os.environ[_MARK] = "1"
    os.execv(unshare, [unshare, *words, sys.executable, *sys.argv])
