"""A folder that is replaced as a whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fleet_manager.site.errors import OutputNotWritable


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A new folder beside `out` that takes its place when the block ends well, and vanishes when it does not.

    Raises OutputNotWritable: no rights, no space, or `out` is something that must not be replaced.
    """
    out = out.resolve()  # where it is a link, what it points at is replaced
    _check(out)
    made = _make_parents(out)
    try:
        fresh = Path(tempfile.mkdtemp(prefix=f".{out.name[:40]}.", dir=out.parent))
        fresh.chmod(0o755)
    except OSError as error:
        _remove_empty(made)
        raise _not_writable(out, error) from error
    done = False
    try:
        yield fresh
        _exchange(fresh, out)
        done = True
    except OSError as error:
        raise _not_writable(out, error) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        if not done:
            _remove_empty(made)


def _check(out: Path) -> None:
    if out.exists() and not (out.is_dir() and ((out / "site.yaml").is_file() or not any(out.iterdir()))):
        raise OutputNotWritable(out, "it exists and is not a site package")
    if out == Path.cwd() or out in Path.cwd().parents:
        # Whoever stands in it would stand in a folder that is gone.
        raise OutputNotWritable(out, "it is the current folder")


def _make_parents(out: Path) -> list[Path]:
    """Make what is missing above `out`; returns what was made, innermost first."""
    missing = [p for p in out.parents if not p.exists()]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _remove_empty(missing)
        raise _not_writable(out, error) from error
    return missing


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


def _exchange(fresh: Path, out: Path) -> None:
    """Put the new folder in place; whatever happens in between, the old one is back."""
    old = fresh.with_name(fresh.name + ".old")
    if out.exists():
        os.replace(out, old)
    try:
        os.replace(fresh, out)
    except BaseException:
        if old.exists():
            os.replace(old, out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _not_writable(out: Path, error: OSError) -> OutputNotWritable:
    return OutputNotWritable(out, error.strerror or str(error))
