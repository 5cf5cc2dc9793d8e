"""All faults, in the order they are run, and the sites they need."""

from __future__ import annotations

from faults import (
    bad_link,
    clock,
    cut,
    disk,
    forged,
    kill_autonomy,
    kills,
    lidar,
    localisation,
    operators,
    reset,
    stepping_in,
)
from faults.fault import Fault

FAULTS: tuple[Fault, ...] = (
    *stepping_in.FAULTS,
    *cut.FAULTS,
    *lidar.FAULTS,
    *localisation.FAULTS,
    *reset.FAULTS,
    *operators.FAULTS,
    *forged.FAULTS,
    *kills.FAULTS,
    *kill_autonomy.FAULTS,
    *bad_link.FAULTS,
    *clock.FAULTS,
    *disk.FAULTS,
)
