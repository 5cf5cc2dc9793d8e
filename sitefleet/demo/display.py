"""Where the demo's view goes: a live screen on a terminal, plain lines elsewhere."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.live import Live

from sitefleet.demo.lines import LineWriter
from sitefleet.demo.live import screen
from sitefleet.demo.view import View

log = logging.getLogger(__name__)


class Display(Protocol):
    """Shows views until it is closed."""

    def __enter__(self) -> Display:
        """Begin to draw."""
        ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave the terminal as it was."""
        ...

    def show(self, view: View) -> None:
        """Draw the view, or what is new of it."""
        ...


class LineDisplay:
    """Plain lines on the console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._writer = LineWriter()

    def __enter__(self) -> LineDisplay:
        """Nothing to prepare."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Nothing to put back."""

    def show(self, view: View) -> None:
        """Print the lines that are due."""
        for line in self._writer.lines(view):
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)
            log.info("%s", line)


class LiveDisplay:
    """A screen that renews itself; what it shows also goes to the log as lines."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=8, transient=False)
        self._writer = LineWriter()

    def __enter__(self) -> LiveDisplay:
        """Take over the lower part of the terminal."""
        self._live.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave the last view on the terminal."""
        self._live.__exit__(kind, error, at)

    def show(self, view: View) -> None:
        """Draw the view."""
        self._live.update(screen(view))
        for line in self._writer.lines(view):
            log.info("%s", line)


def display_for(console: Console, headless: bool) -> Display:
    """Live on a terminal, lines when headless or piped."""
    return LineDisplay(console) if headless or not console.is_terminal else LiveDisplay(console)
