"""The kinds of sites that faults need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from faults.disk import SmallDisk
from faults.processes import Site
from faults.relay_process import RelayProcess
from faults.session import Session, own_domain
from faults.wall_clock import WallClock

BASE = frozenset({"simulator", "safety", "evidence", "manager"})


def robot(folder: Path, seed: int, used: list[int]) -> Session:
    """Simulator, supervisor, recorder and fleet manager; the benchmark stands for autonomy."""
    domain = own_domain(used)
    site = Site(folder, domain, BASE, person=False, seed=seed, tapped=True)
    return Session(site, domain, seed, person=False, autonomy=True)


def people(folder: Path, seed: int, used: list[int]) -> Session:
    """The same with a person."""
    domain = own_domain(used)
    return Session(Site(folder, domain, BASE, person=True, seed=seed), domain, seed, person=True, autonomy=True)


def clock(folder: Path, seed: int, used: list[int]) -> Session:
    """The robot's processes have a wall clock of their own."""
    domain = own_domain(used)
    wall = WallClock(folder / "clock")
    site = Site(folder / "site", domain, BASE, person=False, seed=seed, change=wall.change)
    session = Session(site, domain, seed, person=False, autonomy=True)
    session.clock = wall
    return session


def disk(folder: Path, seed: int, used: list[int]) -> Session:
    """The robot's state is on a small disk of its own."""
    domain = own_domain(used)
    small = SmallDisk(folder / "disk")
    site = Site(folder / "site", domain, BASE, person=False, seed=seed, state_dir=folder / "disk")
    session = Session(site, domain, seed, person=False, autonomy=True)
    session.disk = small
    return session


def link(folder: Path, seed: int, used: list[int]) -> Session:
    """Manager and operator in one ROS domain, the robot in another, and a link between them."""
    here, there = own_domain(used), own_domain(used)
    site = Site(folder, here, BASE, person=False, seed=seed, domains={"manager": there})
    session = Session(site, here, seed, person=False, autonomy=True)
    session.link = RelayProcess(there, here, seed, folder / "logs" / "relay.log")
    return session


def autonomy(folder: Path, seed: int, used: list[int]) -> Session:
    """The real autonomy drives, with the instruments that it finds its place by."""
    domain = own_domain(used)
    site = Site(folder, domain, BASE | {"autonomy", "instruments"}, person=False, seed=seed)
    return Session(site, domain, seed, person=False, autonomy=False)


SITES: dict[str, Callable[[Path, int, list[int]], Session]] = {
    make.__name__: make for make in (robot, people, clock, disk, link, autonomy)
}
