"""Simulation: SDF models and worlds, the embedded simulator, instruments and people."""
