"""Writes requirements.lock: every package of a development machine, pinned, for Python 3.10 to 3.13.

Run by `make lock`. What is wanted stands in the text files beside this one, and in the build
requirements of sitefleet_interfaces; this file knows no package of its own. Needs
Python 3.11 or newer, and uv.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import tomllib

ROOT = Path(__file__).resolve().parents[1]
INTERFACES = ROOT / "ros_ws/src/sitefleet_interfaces/pyproject.toml"
LOCK = ROOT / "requirements.lock"
WANTED = tuple(f"requirements/{name}.txt" for name in ("runtime", "ros", "postgresql", "dev"))
OLDEST_PYTHON = "3.10"
HEADER = """\
# Written by `make lock`; do not edit. Every package of a development machine, Python 3.10 to 3.13, Linux x86-64.
"""


def main() -> None:
    """Resolve and write the file; further arguments go to the resolver (for example --upgrade)."""
    build = tomllib.loads(INTERFACES.read_text(encoding="utf-8"))["build-system"]["requires"]
    command = [
        "uv", "pip", "compile", "--quiet", *WANTED, "-", "--universal", "--python-version", OLDEST_PYTHON,
        "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links",
        "--output-file", str(LOCK), *sys.argv[1:],
    ]  # fmt: skip
    subprocess.run(command, cwd=ROOT, input="\n".join(build), text=True, check=True)
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    LOCK.write_text(HEADER + "\n".join(line for line in lines if not line.startswith("#")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
