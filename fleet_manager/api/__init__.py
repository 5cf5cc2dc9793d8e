"""HTTP API of the fleet manager."""
