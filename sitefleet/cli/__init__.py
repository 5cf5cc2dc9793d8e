"""The `sitefleet` command line."""
