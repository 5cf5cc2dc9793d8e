"""Revisions of the schema, applied at start."""
