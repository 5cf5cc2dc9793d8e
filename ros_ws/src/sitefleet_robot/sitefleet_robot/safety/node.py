"""The supervisor's node: moves messages into the core and commands out of it. `python -m sitefleet_robot.safety.node`.

It is no lifecycle node on purpose: nothing in the network may deactivate what stands between the network and the
wheels. All callbacks run in one thread.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped, Twist, TwistStamped
from nav_msgs.msg import Odometry
from rclpy.node import Node
from sensor_msgs.msg import BatteryState, Imu, LaserScan
from sitefleet_interfaces.msg import ControlCommand, PersonTracks, SafetyState, ZoneAck
from sitefleet_interfaces.msg import ZoneSet as ZoneSetMessage
from sitefleet_interfaces.srv import Mute, Reset, Resume, SetMode, Stop
from std_msgs.msg import Bool, String

from sitefleet_robot.common import qos
from sitefleet_robot.common.diagnostics import DiagnosticsPublisher, Health, Level
from sitefleet_robot.common.parameters import ParameterError, declare
from sitefleet_robot.common.robot import ROBOT_PARAMETERS, RobotShape, robot_id_of, state_folder
from sitefleet_robot.common.spin import run
from sitefleet_robot.common.timers import every
from sitefleet_robot.safety import inputs, messages
from sitefleet_robot.safety.basis import CommandBasis
from sitefleet_robot.safety.ground import ZoneSetError
from sitefleet_robot.safety.memory import Memory, MemoryStore, MemoryWriteError
from sitefleet_robot.safety.pace import Pace, go_first
from sitefleet_robot.safety.parameters import PARAMETERS, TICK, settings_of
from sitefleet_robot.safety.partners import Partners
from sitefleet_robot.safety.reporter import Reporter
from sitefleet_robot.safety.scan import Mount, ScanConverter
from sitefleet_robot.safety.standin import StandIn
from sitefleet_robot.safety.states import PROTECTIVE
from sitefleet_robot.safety.supervisor import Supervisor
from sitefleet_robot.safety.values import (
    ZERO,
    Alive,
    Answer,
    Battery,
    Bumper,
    Effect,
    Evidence,
    Failure,
    HardwareStop,
    Input,
    ModeRequest,
    Proposal,
    ResetRequest,
    ResumeRequest,
    Scan,
    StopRequest,
    Tick,
)

STATE_PERIOD = 0.2
"""s of wall time between two messages on `safety_state` when nothing changes."""
_NO_ANSWER = Answer(False, "fault", "the supervisor has an internal error; restart it")


class SafetySupervisor(Node):
    """Owns `cmd_vel` of one robot. Watchdogs run on the monotonic clock, by arrival; ROS time may stand still."""

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__("safety_supervisor", automatically_declare_parameters_from_overrides=True, **node_arguments)
        parameters = declare(self, (*ROBOT_PARAMETERS, *PARAMETERS))
        self.robot_id = robot_id_of(self, parameters)
        try:
            settings = settings_of(self.robot_id, parameters, RobotShape.of(parameters))
        except ValueError as fault:
            raise ParameterError(f"{self.get_fully_qualified_name()}: {fault}") from fault
        configuration_hash = hashlib.sha256(json.dumps(dict(parameters), sort_keys=True).encode()).hexdigest()
        folder = state_folder(self.robot_id, parameters)
        self._store = MemoryStore(folder)
        memory = self._store.load()
        self._reporter = Reporter(self, self.robot_id, folder / "events", configuration_hash, memory.event_seq)
        mount = Mount(*(parameters.real(f"lidar_{axis}") for axis in ("x", "y", "yaw")))
        self._read_scan = messages.ScanReader(ScanConverter(mount))
        self._command = self.create_publisher(Twist, "cmd_vel", qos.COMMAND)
        self._basis: CommandBasis | None = None
        if parameters.flag("publish_basis"):
            self._basis = CommandBasis(self.create_publisher(TwistStamped, "cmd_vel_stamped", qos.COMMAND))
        self._state = self.create_publisher(SafetyState, "safety_state", qos.LATCHED)
        self._zone_acks = self.create_publisher(ZoneAck, "/fleet/zone_ack", qos.RECORD)
        self._zero = messages.twist_message(ZERO)
        self._stand_in = StandIn(lambda: self._command.publish(self._zero), TICK)
        self._pace = Pace()
        self.core = Supervisor(settings, memory)
        self._saved: Memory | None = None
        self._sent = (-math.inf, ZERO)
        self._act(self.core.start)
        self._partners = Partners(self, folder, settings, self._on_partner)
        self._subscribe()
        self._serve()
        every(self, TICK, self._on_tick)
        every(self, STATE_PERIOD, self._publish_state)
        DiagnosticsPublisher(self, self._health)
        self._priority = go_first(parameters.integer("real_time_priority"))

    def on_exit(self) -> None:
        """The process leaves: the drive gets a last, explicit zero."""
        self._command.publish(self._zero)
        self._stand_in.close()
        self._reporter.close()

    def _subscribe(self) -> None:
        table: tuple[tuple[type, str, Any, Callable[[Any], Input]], ...] = (
            (TwistStamped, "cmd_vel_auto", qos.COMMAND, self._proposal_of),
            (ControlCommand, "control", qos.COMMAND, messages.control_of),
            (LaserScan, "scan", qos.SCAN, self._scan_of),
            (Odometry, "odom", qos.STREAM, messages.odometry_of),
            (PoseWithCovarianceStamped, "pose", qos.STREAM, messages.pose_of),
            (Bool, "bumper", qos.STREAM, lambda m: Bumper(m.data)),
            (Bool, "hardware_stop", qos.STREAM, lambda m: HardwareStop(m.data)),
            (Imu, "imu", qos.STREAM, inputs.attitude_of),
            (BatteryState, "battery", qos.STREAM, lambda m: Battery(m.percentage)),
            (String, "tool_fault", qos.LATCHED, inputs.tool_fault_of),
            (PersonTracks, "person_tracks", qos.COMMAND, inputs.people_of),
        )
        for kind, topic, profile, convert in table:
            self.create_subscription(kind, topic, self._taking_in(convert), profile)
        self.create_subscription(ZoneSetMessage, "zones", self._on_zones, qos.LATCHED)

    def _serve(self) -> None:
        table: tuple[tuple[type, str, Callable[[Any], Input]], ...] = (
            (Stop, "stop", lambda q: StopRequest(q.requested_by, q.reason)),
            (Reset, "reset", lambda q: ResetRequest(q.requested_by, q.reason, q.pressed)),
            (Resume, "resume", lambda q: ResumeRequest(q.requested_by, q.reason)),
            (SetMode, "set_mode", lambda q: ModeRequest(q.mode, q.requested_by, q.lease_epoch)),
        )
        for kind, name, convert in table:
            self.create_service(kind, name, self._answering(convert))
        self.create_service(Mute, "mute", self._on_mute)

    def _proposal_of(self, message: TwistStamped) -> Proposal:
        if self._basis is not None:
            self._basis.proposed(message)
        return Proposal(messages.twist_of(message.twist))

    def _scan_of(self, message: LaserScan) -> Scan:
        if self._basis is not None:
            self._basis.scanned(message.header)
        return self._read_scan(message)

    def _taking_in(self, convert: Callable[[Any], Input]) -> Callable[[Any], None]:
        def take_in(message: Any) -> None:
            self._act(lambda now: self.core.handle(convert(message), now))

        return take_in

    def _answering(self, convert: Callable[[Any], Input]) -> Callable[[Any, Any], Any]:
        def answer(request: Any, response: Any) -> Any:
            effect = self._act(lambda now: self.core.handle(convert(request), now))
            given = effect.answer or _NO_ANSWER
            response.success, response.code, response.message = given.success, given.code, given.message
            response.state = self.core.state.number
            return response

        return answer

    def _on_mute(self, request: Any, response: Any) -> Any:
        effect = self._act(lambda now: self.core.handle(inputs.mute_of(request), now))
        given = effect.answer or _NO_ANSWER
        response.success, response.code, response.message = given.success, given.code, given.message
        if given.lasts:
            end = time.time_ns() + round(1e9 * given.lasts)
            response.until.sec, response.until.nanosec = divmod(end, 10**9)
        return response

    def _on_partner(self, source: str) -> None:
        self._act(lambda now: self.core.handle(Alive(source), now))

    def _on_zones(self, message: Any) -> None:
        """Zones that cannot be used are refused aloud, and those before stay in force."""
        told = ZoneAck(robot_id=self.robot_id, version=message.version, accepted=True)
        try:
            zones = inputs.zones_of(message)
            self.core.ground.ground.check(zones)
        except ZoneSetError as fault:
            told.accepted, told.code, told.message = False, fault.code, str(fault)
        else:
            self._act(lambda now: self.core.handle(zones, now))
        self._zone_acks.publish(told)

    def _on_tick(self) -> None:
        self._pace.tick(time.monotonic())
        if self._reporter.fault != self.core.body.evidence_fault:
            self.core.handle(Evidence(self._reporter.fault), time.monotonic())
        self._act(lambda now: self.core.handle(Tick(time.time()), now), spare=True)

    def _send_command(self) -> None:
        self._sent = (time.monotonic(), self.core.command)
        command = self.core.command
        self._command.publish(self._zero if command.is_zero else messages.twist_message(command))
        if self._basis is not None:
            self._basis.sent(command, self.core.state)

    def _just_sent(self) -> bool:
        """The same command went out within this tick already, because a proposal came."""
        moment, command = self._sent
        return command == self.core.command and time.monotonic() - moment < 0.5 * TICK

    def _act(self, step: Callable[[float], Effect], spare: bool = False) -> Effect:
        """Run a step of the core and carry out its effect: the command first, everything else after it.

        `spare`: the command need not go out again if it just has.
        """
        try:
            effect = step(time.monotonic())
        # The edge of the process: whatever went wrong, the robot must stand and say so.
        except Exception as failure:
            self.get_logger().fatal(f"internal error: {type(failure).__name__}: {failure}")
            effect = self.core.handle(Failure(f"internal error: {type(failure).__name__}: {failure}"), time.monotonic())
        if effect.publish and not (spare and self._just_sent()):
            self._send_command()
        if effect.remember:
            self._remember(effect)
        for transition in effect.transitions:
            self._reporter.report(transition, self.core)
        if effect.transitions:
            self._publish_state()
        return effect

    def _remember(self, effect: Effect) -> None:
        memory = Memory(tuple(self.core.causes), self._reporter.last_seq, self.core.teleop.epoch)
        if self._saved is not None and replace(memory, event_seq=self._saved.event_seq) == self._saved:
            return
        try:
            with self._stand_in.away():
                self._store.save(memory)
        except MemoryWriteError as fault:
            # A stop that would not survive a restart is no latched stop.
            failed = self.core.handle(Failure(str(fault)), time.monotonic())
            self._send_command()
            effect.transitions.extend(failed.transitions)
        else:
            self._saved = memory

    def _publish_state(self) -> None:
        self._state.publish(messages.state_message(self.core, self.get_clock().now().to_msg()))

    def _health(self) -> Health:
        state = self.core.state
        level = Level.ERROR if state.latched else Level.WARN if state in PROTECTIVE else Level.OK
        refused = {f"refused: {code}": count for code, count in sorted(self.core.refusals.items())}
        values = {"state": state.label, "reason_code": self.core.reason.trigger.value, **refused}
        values |= {
            "heartbeats": f"{self._partners.note}; {self._partners.refused} answers refused",
            "zones": f"version {self.core.ground.ground.set.version}",
            "muted": self.core.mutings.names(),
            "loop period p99": f"{1000.0 * self._pace.percentile(0.99):.1f} ms",
            "priority": self._priority,
        }
        return Health(level, f"{state.label}: {self.core.reason.sentence}", values)


def main(args: Sequence[str] | None = None) -> int:
    """Entry point of the process."""
    return run(lambda: [SafetySupervisor()], args)


if __name__ == "__main__":
    sys.exit(main())
