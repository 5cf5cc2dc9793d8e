"""What can stop a demo, said to the person who started it."""

from __future__ import annotations

from sitefleet.cli.exit_codes import CommandError, ExitCode
from sitefleet.starter import Death


class DemoError(CommandError):
    """The demo cannot go on; the message says why and what to do."""


class DemoArgumentError(DemoError):
    """The command line asks for something that is not there."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ExitCode.USAGE)


class ProcessDied(DemoError):
    """A process of the run ended unasked."""

    def __init__(self, death: Death) -> None:
        super().__init__(str(death), ExitCode.FAILED)
        self.death = death


class TooSlow(DemoError):
    """Something did not happen within its time; the message names it."""
