"""Real processes: spool, courier and manager are killed at random moments; each event is in the log once."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from ros_domains import session_domain

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from managed_site import ManagedSite

from fleet_manager.safety_log.heads import Signer
from fleet_manager.safety_log.log import EvidenceLog
from fleet_manager.safety_log.verify import verify
from fleet_manager.safety_log.witness import Witness
from fleet_manager.store.engine import open_engine

HERE = Path(__file__).parent
ROBOT = "r1"
KILLS = int(os.environ.get("SITEFLEET_KILLS", "24"))

DOMAIN = session_domain(71)


class RobotSide:
    """What writes events to the robot's disk, and the courier that delivers them."""

    def __init__(self, site: ManagedSite) -> None:
        self.site, self.state = site, site.folder / "robot"
        self.writer = self.start_writer()
        self.courier = self.start_courier()

    def start_writer(self) -> subprocess.Popen[bytes]:
        script = [str(HERE / "evidence_supervisor.py"), str(self.state / "events"), "0.05"]
        with (self.site.folder / "said.log").open("ab") as said:
            process = subprocess.Popen([sys.executable, "-u", *script], env=self.site.env, stdout=said)
        self.site.processes.append(process)
        return process

    def start_courier(self) -> subprocess.Popen[bytes]:
        parameters = {"robot_id": ROBOT, "state_dir": str(self.state), "record": False}
        words = [w for name, value in parameters.items() for w in ("-p", f"{name}:={json.dumps(value)}")]
        module = ["-m", "sitefleet_robot.evidence.node", "--ros-args", "-r", f"__ns:=/{ROBOT}", *words]
        return self.site._start("courier", *module)

    def kill(self, name: str) -> None:
        process = getattr(self, name)
        assert process.poll() is None, f"{name} ended by itself\n{self.site.log(name)}"
        process.send_signal(signal.SIGKILL)
        process.wait(5.0)
        setattr(self, name, getattr(self, f"start_{name}")())

    def said(self) -> list[str]:
        """Ids of events that were on the robot's disk before anybody could be killed."""
        text = (self.site.folder / "said.log").read_text()
        return [line for line in text.split("\n")[:-1] if len(line) == 36]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ManagedSite]:
    site = ManagedSite(tmp_path, DOMAIN)
    yield site
    site.close()


def logged(site: ManagedSite) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(site.folder / "evidence.db", timeout=10.0)) as file:
        query = "SELECT seq, event_id FROM evidence_entry WHERE robot_id = ? ORDER BY leaf_index"
        return [(int(seq), str(event_id)) for seq, event_id in file.execute(query, [ROBOT])]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_events_are_in_the_log_each_once_and_without_gaps_whoever_is_killed(site: ManagedSite) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    chance = random.Random(seed)
    print(f"seed {seed}")
    site.start_manager()
    robot = RobotSide(site)
    kills: Counter[str] = Counter()
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.1, 2.0))
        name = chance.choice(["manager", "courier", "writer"])
        kills[name] += 1
        if name == "manager":
            site.kill_manager()
            time.sleep(chance.uniform(0.0, 1.0))
            # Not waited for: it is killed while it starts, too.
            site.manager = site.start_manager_process(site.port)
        else:
            robot.kill(name)
    robot.writer.send_signal(signal.SIGKILL)
    robot.writer.wait(5.0)
    said = set(robot.said())
    site.until(lambda: said <= {event_id for _, event_id in logged(site)}, 120.0)
    time.sleep(2.0)  # what is still on its way must change nothing
    found = logged(site)
    numbers = sorted(seq for seq, _ in found)
    print(f"{len(found)} events, kills {dict(kills)}")
    assert numbers == list(range(1, len(found) + 1)), "each once, no gaps"
    assert len({event_id for _, event_id in found}) == len(found)
    with closing(sqlite3.connect(site.folder / "store.db")) as store:
        query = "SELECT source_event_id FROM events WHERE source_event_id IS NOT NULL"
        assert Counter(i for (i,) in store.execute(query)) == Counter(i for _, i in found)
    check_tree(site, len(found))


def check_tree(site: ManagedSite, events: int) -> None:
    """The log opens, and every hash and signed head in it is right."""
    assert site.manager is not None
    site.manager.terminate()
    site.manager.wait(15.0)
    engine = open_engine(str(site.folder / "evidence.db"))
    signer = Signer.load_or_create(site.folder / "evidence.key")
    log = EvidenceLog(engine, signer, Witness(site.folder / "evidence.witness"))
    head = log.head()
    assert head.size == log.size >= events and signer.verifier.genuine(head)
    assert verify(engine, signer.verifier, Witness(site.folder / "evidence.witness")).sound
    engine.dispose()
