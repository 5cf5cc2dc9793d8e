"""`python -m sitefleet` is the `sitefleet` command."""

from sitefleet.cli import main

main()
