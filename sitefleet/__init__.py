"""The `sitefleet` command: the table of processes, the starter that runs it, and the doctor."""
