"""A site package that is replaced as a whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fleet_manager.site.errors import NotASitePackage, OutputInUse, OutputNotWritable
from fleet_manager.site.package import strangers


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A new folder beside `out` that takes its place when the block ends well, and vanishes when it does not.

    Raises OutputNotWritable: no rights, no space, or `out` is something that must not be replaced; OutputInUse.
    """
    try:
        out = out.resolve()  # where it is a link, what it points at is replaced
        here = Path.cwd()
    except (OSError, RuntimeError) as error:  # a link to itself, or the current folder is gone
        raise OutputNotWritable(out, str(error)) from error
    if out == here or out in here.parents:
        # Whoever stands in it would stand in a folder that is gone.
        raise OutputNotWritable(out, "it is the current folder, or holds it")
    fresh, old = (out.with_name(f".{out.name}.{end}") for end in ("new", "old"))
    done = False
    made: list[Path] = []
    try:
        made = _make_parents(out)
        with _locked(out):
            try:
                _recover(out, old)
                for folder in (out, fresh, old):
                    _check(folder, fresh)
                shutil.rmtree(fresh, ignore_errors=True)  # of an import that was killed
                shutil.rmtree(old, ignore_errors=True)
                fresh.mkdir()
                yield fresh
                _exchange(fresh, out, old)
                done = True
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise OutputNotWritable(out, error.strerror or str(error)) from error
    finally:
        if not done:
            _remove_empty(made)


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Nobody else imports into `out`. The lock ends with the process that holds it, however that ends."""
    path = out.with_name(f".{out.name}.lock")
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise OutputInUse(out) from error
        try:
            if os.fstat(descriptor).st_ino == os.stat(path).st_ino:
                break
        except FileNotFoundError:
            pass
        os.close(descriptor)  # whoever had it has just taken the file away
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _check(folder: Path, unfinished: Path) -> None:
    """Raises OutputNotWritable if the folder is anything but a site package, or nothing."""
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise OutputNotWritable(folder, "it exists and is not a folder")
    try:
        found = strangers(folder, finished=folder != unfinished)
    except NotASitePackage as error:
        raise OutputNotWritable(folder, f"it exists and is not a site package ({error.why})") from error
    if found:
        listed = ", ".join(found[:3]) + (" ..." if len(found) > 3 else "")
        raise OutputNotWritable(folder, f"it holds something that is not part of a site package: {listed}")


def _make_parents(out: Path) -> list[Path]:
    """Make what is missing above `out`; returns what was made, innermost first."""
    missing = [p for p in out.parents if not p.exists()]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        _remove_empty(missing)
        raise
    return missing


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


def _recover(out: Path, old: Path) -> None:
    """Put the old package back if an import was killed in the moment between taking it away and replacing it."""
    if old.is_dir() and not os.path.lexists(out):
        os.replace(old, out)


def _exchange(fresh: Path, out: Path, old: Path) -> None:
    """Put the new folder in place; whatever happens in between, the old one is back."""
    if out.exists():
        os.replace(out, old)
    try:
        os.replace(fresh, out)
    except BaseException:
        if old.exists():
            os.replace(old, out)
        raise
    shutil.rmtree(old, ignore_errors=True)
