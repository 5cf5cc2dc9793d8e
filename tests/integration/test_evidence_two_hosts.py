"""Robot and site on two machines: two network namespaces, joined by one cable."""

import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from ros_domains import session_domain

from sitefleet_robot.common.spool import Spool, SpoolReader

HERE = Path(__file__).parent

DOMAIN = session_domain(60)


def ip(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=False)


@pytest.fixture
def hosts():
    """Names of two namespaces that reach each other, also by multicast."""
    names = [f"sitefleet{os.getpid() % 10_000}{side}" for side in "ab"]
    try:
        made = [ip("netns", "add", name) for name in names]
        made.append(ip("link", "add", names[0], "type", "veth", "peer", "name", names[1]))
        for number, name in enumerate(names, start=1):
            inside = ("netns", "exec", name, "ip")
            made.append(ip("link", "set", name, "netns", name))
            made.append(ip(*inside, "addr", "add", f"10.77.0.{number}/24", "dev", name))
            made += [ip(*inside, "link", "set", device, "up") for device in (name, "lo")]
            made.append(ip(*inside, "route", "add", "224.0.0.0/4", "dev", name))
        faults = [each.stderr.strip() for each in made if each.returncode]
        if faults:
            pytest.skip(f"no network namespaces may be made here: {faults[0]}")
        yield names
    except FileNotFoundError:
        pytest.skip("no command ip (Debian: iproute2)")
    finally:
        for name in names:
            ip("netns", "delete", name)


def test_events_and_acknowledgements_cross_the_network(hosts, tmp_path):
    state, stored = tmp_path / "state", tmp_path / "stored"
    ids = [str(uuid.uuid4()) for _ in range(3)]
    with Spool(state / "events") as spool:
        for event_id in ids:
            spool.append({"event_id": event_id, "robot_id": "r1"})
    courier = ["-m", "sitefleet_robot.evidence.node", "--ros-args", "-r", "__ns:=/r1", "-p", f"state_dir:={state}"]
    site = [str(HERE / "evidence_site.py"), str(stored)]
    environment = os.environ | {"ROS_DOMAIN_ID": str(DOMAIN), "ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"}
    processes = [
        subprocess.Popen(
            ["ip", "netns", "exec", host, sys.executable, *words], env=environment, stdout=subprocess.DEVNULL
        )
        for host, words in zip(hosts, (courier, site), strict=True)
    ]
    try:
        acknowledged = SpoolReader(state / "evidence" / "acknowledged_events")
        done: set[int] = set()
        deadline = time.monotonic() + 60.0
        while done != {1, 2, 3}:
            assert time.monotonic() < deadline, f"acknowledged: {done}"
            assert all(process.poll() is None for process in processes)
            time.sleep(0.1)
            done |= {number for entry in acknowledged.read() for number in entry.record["done"]}
    finally:
        for process in processes:
            process.kill()
            process.wait(10)
    assert set(stored.read_text().split()) >= set(ids)
