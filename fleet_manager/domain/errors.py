"""Errors that a person or program gets back, each with a stable code."""

from __future__ import annotations

from enum import Enum


class ErrorKind(Enum):
    """What sort of no it is; the API maps it to a status."""

    NOT_FOUND = "not found"
    CONFLICT = "conflict"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"


class RequestRefusedError(Exception):
    """A request cannot be met. `code` is stable; the message says what to do next."""

    def __init__(self, kind: ErrorKind, code: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
        self.message = message


def not_found(what: str, name: str) -> RequestRefusedError:
    """There is no such thing; the code is e.g. TASK_NOT_FOUND."""
    code = f"{what.upper().replace(' ', '_')}_NOT_FOUND"
    return RequestRefusedError(ErrorKind.NOT_FOUND, code, f"there is no {what} {name!r}")


def conflict(code: str, message: str) -> RequestRefusedError:
    """The state of things forbids it now."""
    return RequestRefusedError(ErrorKind.CONFLICT, code, message)


def invalid(code: str, message: str) -> RequestRefusedError:
    """The request itself is wrong."""
    return RequestRefusedError(ErrorKind.INVALID, code, message)
