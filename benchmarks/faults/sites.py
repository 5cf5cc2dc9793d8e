"""The kinds of sites that faults need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from faults.processes import Site
from faults.session import Session, own_domain

BASE = frozenset({"simulator", "safety", "evidence", "manager"})


def robot(folder: Path, seed: int, used: list[int]) -> Session:
    """Simulator, supervisor, recorder and fleet manager; the benchmark stands for autonomy."""
    domain = own_domain(used)
    return Session(Site(folder, domain, BASE, person=False, seed=seed), domain, seed, person=False, autonomy=True)


def people(folder: Path, seed: int, used: list[int]) -> Session:
    """The same with a person."""
    domain = own_domain(used)
    return Session(Site(folder, domain, BASE, person=True, seed=seed), domain, seed, person=True, autonomy=True)


SITES: dict[str, Callable[[Path, int, list[int]], Session]] = {"robot": robot, "people": people}
