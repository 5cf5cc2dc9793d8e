"""Sitefleet fleet manager: building model to work, work to robots, robots to as-built."""
