"""What can be wrong with the evidence log when it is used."""

from __future__ import annotations


class EvidenceLogError(Exception):
    """The log cannot be read or written; the text says why."""


class ConflictingRecordError(EvidenceLogError):
    """A record of this id is in the log already, with other content."""


class TamperedLogError(EvidenceLogError):
    """The log is not what was vouched for; nothing is added to it before somebody has looked."""
