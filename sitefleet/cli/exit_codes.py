"""Exit codes of the `sitefleet` command, the same for every sub-command. Scripts may rely on them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """0 to 6 by meaning; a shell adds 130 for Ctrl-C."""

    OK = 0
    FAILED = 1  # the run ended without its work done, or a process died
    USAGE = 2  # wrong options or arguments
    BAD_INPUT = 3  # a model, site package or choice of robots that cannot be used
    MISSING = 4  # something of the installation is missing; `sitefleet doctor` says what
    UNREACHABLE = 5  # the fleet manager does not answer
    REFUSED = 6  # the fleet manager answered no; the message says why
    INTERRUPTED = 130  # Ctrl-C


class CommandError(Exception):
    """Ends the command with one clear message on standard error and an exit code."""

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.code = code
