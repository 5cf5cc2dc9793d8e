"""The `sitefleet` command: the table of processes, the starter that runs it, and the doctor."""

from sitefleet.version import version

__version__ = version()
