"""Wires to robots."""
