"""Makes a sample of the incident report: `python docs/make_incident_sample.py FOLDER [--picture]`.

Real processes do it: simulator, one robot, its recorder with camera, and the fleet manager. A scripted person steps in
front of the moving robot and is tracked as a perfect tracker would do it; then somebody acknowledges and closes the
event over the API. With `--picture` Chromium draws the page for the documentation.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import rclpy
from geometry_msgs.msg import Twist
from make_pictures import PICTURES, photograph
from nav_msgs.msg import Odometry
from rclpy.executors import SingleThreadedExecutor
from sitefleet_interfaces.msg import PersonTrack, PersonTracks

from fleet_manager.site import import_site
from fleet_manager.site.options import ImportOptions
from sitefleet.pairing import pair
from sitefleet.processes import Process, SiteRun, site_processes
from sitefleet.robots import choose_robots, home_places
from sitefleet.starter import Starter

ROBOT, PERSON = "hauler", "person_1"
START = (2.9, -17.9)
"""m: where the person waits, beside the robot's way."""
WALK = 1.3
"""m/s, towards a place ahead of the robot."""
NEAR = 4.5
"""m between robot and person at which the person sets off."""
AHEAD = 1.1
"""m ahead of the robot that the person makes for."""


class Crossing:
    """The person, and the tracker that sees it."""

    def __init__(self, node: Any) -> None:
        self.robot: Any = None
        self.person: Any = None
        self.walking = False
        self.speed = 0.0
        self._node = node
        self._feet = node.create_publisher(Twist, f"/people/{PERSON}/cmd_vel", 1)
        self._tracks = node.create_publisher(PersonTracks, f"/{ROBOT}/person_tracks", 1)
        node.create_subscription(Odometry, f"/{ROBOT}/ground_truth", self._on_robot, 1)
        node.create_subscription(Odometry, f"/people/{PERSON}/ground_truth", self._on_person, 1)

    def _on_robot(self, message: Any) -> None:
        self.robot, self.speed = message.pose.pose, message.twist.twist.linear.x

    def _on_person(self, message: Any) -> None:
        self.person = message.pose.pose
        track = PersonTrack(track_id=PERSON, source="simulated tracker", confidence=1.0)
        track.position.x, track.position.y = self.person.position.x, self.person.position.y
        yaw = _yaw(self.person)
        forward = message.twist.twist.linear
        track.velocity.x = forward.x * math.cos(yaw) - forward.y * math.sin(yaw)
        track.velocity.y = forward.x * math.sin(yaw) + forward.y * math.cos(yaw)
        track.position_covariance = [0.0025, 0.0, 0.0, 0.0, 0.0025, 0.0, 0.0, 0.0, 0.0025]
        track.last_seen = message.header.stamp
        tracks = PersonTracks(tracks=[track])
        tracks.header.stamp, tracks.header.frame_id = message.header.stamp, "map"
        self._tracks.publish(tracks)
        self._feet.publish(self._step(yaw))

    def _step(self, yaw: float) -> Twist:
        """Wait until the robot comes, then go to where it will be."""
        twist = Twist()
        if self.robot is None:
            return twist
        heading = _yaw(self.robot)
        x = self.robot.position.x + AHEAD * math.cos(heading) - self.person.position.x
        y = self.robot.position.y + AHEAD * math.sin(heading) - self.person.position.y
        self.walking = self.walking or (math.hypot(x, y) < NEAR and self.speed > 0.2)
        if self.walking and math.hypot(x, y) > 0.15:
            turn = math.atan2(y, x) - yaw
            twist.linear.x, twist.linear.y = WALK * math.cos(turn), WALK * math.sin(turn)
        return twist


def _yaw(pose: Any) -> float:
    return 2.0 * math.atan2(pose.orientation.z, pose.orientation.w)


def processes(run: SiteRun) -> list[Process]:
    """The table's processes; the recorder also records the camera."""
    return [
        replace(p, parameters={**p.parameters, "record_camera": True}) if p.module.endswith("evidence.node") else p
        for p in site_processes(run)
    ]


def main() -> None:
    """Run the scene, then write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--picture", action="store_true")
    parser.add_argument(
        "--speed", type=float, default=0.5, help="simulated seconds a second; not 1: then watchdogs are lax"
    )
    parser.add_argument("--port", type=int, default=18_431)
    given = parser.parse_args()
    folder: Path = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("ROS_DOMAIN_ID", "67")
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    model = Path(__file__).resolve().parents[1] / "models/duplex.ifc"
    site = import_site(model, "Level 1", folder / "site", ImportOptions(anchor_spacing=3.0))
    storey = next(iter(site.storeys.values()))
    homes = list(home_places(folder / "site" / storey.id / "roadmap.geojson"))
    run = SiteRun(
        site=folder / "site",
        storey=storey.id,
        robots=choose_robots([f"{ROBOT}:hauler"], homes),
        speed=given.speed,
        state_dir=folder / "robots",
        keys=folder / "keys",
        database=f"sqlite:///{folder / 'sitefleet.db'}",
        api_port=given.port,
        sim_report=folder / "simulator.json",
        sim_options=("--person", f"{PERSON}:{START[0]}:{START[1]}"),
    )
    pair([ROBOT], run.state_dir, run.keys)
    event_id = _scene(run, folder)
    command = [sys.executable, "-m", "sitefleet", "log", "report", event_id, "--log", str(folder)]
    subprocess.run([*command, "--out", str(folder / "incident.html")], check=True)
    if given.picture:
        photograph(folder / "incident.html", PICTURES / "incident-report.png", 1240, 4200)


def _scene(run: SiteRun, folder: Path) -> str:
    """Until the event has its recording and its reviews; its id."""
    rclpy.init()
    node = rclpy.create_node("sample")
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    crossing = Crossing(node)
    base = f"http://127.0.0.1:{run.api_port}/api/v1"
    api = httpx.Client(base_url=base, timeout=20.0, trust_env=False)
    with Starter(processes(run), folder / "logs") as starter:

        def until(what: str, condition: Any, seconds: float) -> Any:
            end, looked = time.monotonic() + seconds, 0.0
            while time.monotonic() < end:
                executor.spin_once(timeout_sec=0.05)
                for death in starter.deaths():
                    raise SystemExit(str(death))
                if time.monotonic() - looked > 0.5:
                    looked = time.monotonic()
                    try:
                        found = condition()
                    except httpx.TransportError:
                        found = None
                    if found:
                        print(what, flush=True)
                        return found
            raise SystemExit(f"not within {seconds:.0f} s: {what}")

        def say(verb: str, **body: str) -> Any:
            return api.post(verb, json={"requested_by": "Lam Ka Yan, site supervisor", **body})

        def events(*classes: str) -> list[dict[str, Any]]:
            items = api.get("/safety-events", params={"limit": 1000}).json()["items"]
            return [e for e in items if e["event_class"] in classes]

        until("robot ready", lambda: api.get(f"/robots/{ROBOT}").status_code == 200, 240)
        until("robot drives by itself", lambda: say(f"/robots/{ROBOT}/resume", reason="start").status_code == 200, 120)
        api.post("/jobs", json={"name": "Plasterboard", "trades": ["transport"], "requested_by": "Lam Ka Yan",
                                "work_item_ids": [], "zones": [], "priority": 50})  # fmt: skip
        stops = ("PROTECTIVE_STOP", "CONTACT", "NEAR_MISS")

        def on_its_way() -> bool:
            """A busy machine may have stopped the robot for a late message: a person looks, resets and resumes."""
            if crossing.walking:
                return True
            robot = api.get(f"/robots/{ROBOT}").json()
            if robot["safety_state"] == "stopped":
                say(f"/robots/{ROBOT}/reset", reason="a late message on a busy machine")
            elif robot["safety_state"] == "hold":
                say(f"/robots/{ROBOT}/resume", reason="start")
            return False

        until("the person sets off", on_its_way, 400)
        event = until("the robot stopped", lambda: next((e for e in events(*stops) if e["severity"] >= 1), None), 120)
        print(event, flush=True)
        say(f"/safety-events/{event['event_id']}/acknowledge", reason="On my way to the place.")
        uri = f"/safety-events/{event['event_id']}/close"
        recorded = folder / "robots" / ROBOT / "evidence" / "recordings"
        until("the recording is there", lambda: any(recorded.glob("*.mcap")), 240)
        time.sleep(3.0)
        say(uri, reason="Carpenter stepped out of the doorway without looking; not hurt. Barrier set up, crew briefed.")
        until("the log has it all", lambda: _logged(folder, event["event_id"]), 60)
        say("/stop", reason="end of the sample")
    rclpy.shutdown()
    return str(event["event_id"])


def _logged(folder: Path, event_id: str) -> bool:
    from fleet_manager.safety_log.reader import LogReader, open_to_read

    with open_to_read(str(folder / "evidence.db")) as engine:
        found = [s.data.decode() for s in LogReader(engine).records()]
    return any(f"recording of event {event_id}" in r for r in found) and any(
        f"closing of event {event_id}" in r for r in found
    )


if __name__ == "__main__":
    main()
