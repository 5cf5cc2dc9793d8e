"""A box that no plan knows stands on the way: real simulator, robot and manager find another way, or other work."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from ros_domains import session_domain

from fleet_manager.domain.geometry import Pose2, Pose3
from fleet_manager.domain.roadmap import Edge, Node, NodeKind, Roadmap
from fleet_manager.domain.site import Area, SitePackage, Storey, Zone, ZoneKind
from fleet_manager.domain.work import WorkItem, WorkTarget
from fleet_manager.site.package import site_to_yaml, write_storey
from sitefleet.cli.api_client import Api, press_reset
from sitefleet.cli.exit_codes import CommandError
from sitefleet.pairing import pair
from sitefleet.processes import Process, SiteRun, site_processes
from sitefleet.robots import RobotSpec
from sitefleet.starter import Starter

DOMAIN = session_domain(71)
STOREY = "level-1"
ROOM = Path(__file__).parents[2] / "sim" / "worlds" / "room.sdf"
PLACES = {"h": (0.6, 1.0), "a": (1.4, 1.0), "m": (3.1, 1.0), "z": (4.8, 1.0), "p": (1.4, 2.4), "q": (4.8, 2.4)}
"""In the room of 6 m by 5 m: from home h over the laydown a to z, straight over m or around over p and q."""
PALLET = "pallet:2.8:1.0:0.4:0.4:0.5:0.8"
"""On the straight way; 0.25 m of it on each side."""
KINDS = {"h": NodeKind.HOME, "a": NodeKind.LAYDOWN, "m": NodeKind.WAY}


def roadmap(pairs: str) -> Roadmap:
    """Edges by the names of their ends: "ha am mz"."""
    used = {n for pair in pairs.split() for n in pair}
    nodes = [
        Node(n, *PLACES[n], KINDS.get(n, NodeKind.STANCE), 0.6, zone_id=f"zone-{n}", heading=0.0) for n in sorted(used)
    ]
    edges = []
    for a, b in pairs.split():
        (ax, ay), (bx, by) = PLACES[a], PLACES[b]
        edges.append(Edge(a + b, a, b, ((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5, 0.6))
    return Roadmap(nodes, edges)


def load_to(node: str) -> WorkItem:
    """A load from the laydown to a node."""
    targets = []
    for index, name in enumerate(("a", node)):
        x, y = PLACES[name]
        targets.append(WorkTarget(index, name, Pose2(x, y), True, Pose3(x, y, 0.0)))
    about = {"payload": 50.0, "material": "board"}
    return WorkItem(
        f"load-{node}",
        "transport",
        f"guid-{node}",
        "board",
        f"zone-{node}",
        f"Board to {node}",
        0.1,
        about,
        (*targets,),
    )


class PalletSite:
    """The run: one hauler, a pallet, and a person who lets the robot drive."""

    def __init__(self, folder: Path, pairs: str, items: list[WorkItem], give_up_after: float = 60.0) -> None:
        self.folder = folder
        plan = roadmap(pairs)
        ring = ((0.0, 0.0), (6.0, 0.0), (6.0, 5.0), (0.0, 5.0), (0.0, 0.0))
        zones = [Zone(f"zone-{n}", f"Bay {n}", ZoneKind.SPACE, f"guid-{n}", (Area(ring),)) for n in sorted(plan.nodes)]
        storey = Storey(STOREY, "Level 1", "guid", 0.0, plan, tuple(zones), (), (), tuple(items))
        site = SitePackage("Room", "room.ifc", "0" * 64, "guid", "IFC4", (0.0, 0.0), {STOREY: storey})
        map_folder = folder / "site" / STOREY
        map_folder.mkdir(parents=True)
        (folder / "site" / "site.yaml").write_text(site_to_yaml(site), encoding="utf-8")
        write_storey(storey, map_folder)
        shutil.copy(ROOM, map_folder / "world.sdf")
        (map_folder / "map.pgm").write_bytes(b"P5\n120 100\n255\n" + b"\xfe" * 12_000)
        (map_folder / "map.yaml").write_text("image: map.pgm\nresolution: 0.05\norigin: [0.0, 0.0, 0.0]\n")
        (folder / "manager.yaml").write_text(f"detours: {{give_up_after: {give_up_after}}}\n")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.api = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api/v1", timeout=5.0, trust_env=False)
        self.asked_at = 0.0
        self.starter = Starter(self._processes(), folder / "logs", environment={"ROS_DOMAIN_ID": str(DOMAIN)})

    def _processes(self) -> list[Process]:
        run = SiteRun(
            site=self.folder / "site",
            storey=STOREY,
            robots=(RobotSpec("hauler", "hauler", "h"),),
            speed=4.0,
            seed=1,
            state_dir=self.folder / "robots",
            keys=self.folder / "keys",
            database=str(self.folder / "store.db"),
            api_port=self.port,
            sim_report=self.folder / "report.json",
            sim_options=("--obstruction", PALLET),
        )
        pair([robot.robot_id for robot in run.robots], run.state_dir, run.keys)
        table = site_processes(run)
        more = ("--settings", str(self.folder / "manager.yaml"))
        return [replace(p, arguments=(*p.arguments, *more)) if p.name == "manager" else p for p in table]

    def get(self, path: str, **params: Any) -> Any:
        answer = self.api.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def order(self, *items: str) -> None:
        answer = self.api.post("/jobs", json={"name": "loads", "work_item_ids": list(items)})
        assert answer.status_code == 201, answer.text

    def attend(self) -> None:
        """A person lets the robot drive, also after a watchdog of a busy machine."""
        if time.monotonic() - self.asked_at < 1.0:
            return
        self.asked_at = time.monotonic()
        for robot in self.get("/robots")["items"]:
            stopped = robot["safety_state"] == "stopped" and "the limit is" in robot["safety_reason"]
            if robot["safety_state"] == "hold":
                self.api.post(f"/robots/{robot['id']}/resume", json={"requested_by": "test", "reason": "test"})
            elif stopped:
                with contextlib.suppress(CommandError):  # refused while the cause lasts
                    press_reset(Api(f"http://127.0.0.1:{self.port}"), robot["id"], "test", "test")

    def states(self) -> dict[str, str]:
        return {t["work_item_id"]: t["state"] for t in self.get("/tasks")["items"]}

    def events(self, code: str) -> list[str]:
        return [e["message"] for e in self.get("/events", limit=1000)["items"] if e["data"].get("code") == code]

    def contacts(self) -> int:
        """What the simulator saw, once it has ended."""
        return int(json.loads((self.folder / "report.json").read_text())["contacts_per_robot"]["hauler"])


StartSite = Callable[..., PalletSite]


@pytest.fixture
def start_site(tmp_path: Path) -> Iterator[StartSite]:
    with ExitStack() as running:

        def start(pairs: str, items: list[WorkItem], **settings: float) -> PalletSite:
            site = PalletSite(tmp_path, pairs, items, **settings)
            running.callback(site.api.close)
            running.enter_context(site.starter)
            return site

        yield start


def until(site: PalletSite, done: Callable[[], bool], seconds: float) -> None:
    """Wait, with a person beside the robot."""
    end = time.monotonic() + seconds
    answers = False
    while time.monotonic() < end:
        deaths = site.starter.deaths()
        assert not deaths, str(deaths[0])
        try:
            answers = answers or site.api.get("/health").status_code == 200
            if answers:
                site.attend()
                if done():
                    return
        except httpx.TransportError:
            assert not answers
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s: {site.get('/tasks')}, {site.get('/robots')}")


def online(site: PalletSite) -> bool:
    return any(r["online"] and r["safety_state"] == "auto" for r in site.get("/robots")["items"])


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_the_robot_takes_the_longer_way_around_the_pallet_and_finishes(start_site: StartSite) -> None:
    site = start_site("ha am mz ap pq qz", [load_to("z")])
    until(site, lambda: online(site), 90.0)
    site.order("load-z")
    until(site, lambda: site.states().get("load-z") == "succeeded", 240.0)
    assert site.events("DETOUR") == ["hauler finds something in its way at Bay m and goes to Bay z another way"]
    site.starter.stop()
    assert site.contacts() == 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_where_there_is_no_other_way_the_load_is_deferred_and_other_work_goes_on(start_site: StartSite) -> None:
    site = start_site("ha am mz ap", [load_to("z"), load_to("p")], give_up_after=30.0)
    until(site, lambda: online(site), 90.0)
    site.order("load-z")
    until(site, lambda: bool(site.events("OBSTRUCTED")), 150.0)
    assert site.events("OBSTRUCTED") == [
        "hauler finds something in its way at Bay m and no other way to Bay z: it waits"
    ]
    site.order("load-p")
    until(site, lambda: site.states()["load-z"] == "deferred", 150.0)
    (task,) = [t for t in site.get("/tasks")["items"] if t["work_item_id"] == "load-z"]
    records = [r for r in site.get(f"/tasks/{task['id']}")["as_built"] if r["outcome"] == "deferred"]
    assert [(r["target_index"], r["reason_code"], r["reason"]) for r in records] == [
        (1, "STANCE_UNREACHABLE", "no way to Bay z: something stands in the way at Bay m")
    ]
    until(site, lambda: site.states()["load-p"] == "succeeded", 150.0)
    site.starter.stop()
    assert site.contacts() == 0
