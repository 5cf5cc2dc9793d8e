"""The executor node: serves ExecuteTask, steps the work at each second pose, tells the fleet about the robot."""

from __future__ import annotations

from typing import Any, ClassVar

from sensor_msgs.msg import BatteryState, JointState, LaserScan
from sitefleet_interfaces.msg import AsBuilt, Factsheet, RobotState, SafetyState
from std_msgs.msg import Float64, String

from sitefleet_robot.common import qos
from sitefleet_robot.common.diagnostics import Health, Level
from sitefleet_robot.common.lifecycle import RobotLifecycleNode
from sitefleet_robot.common.parameters import Parameters
from sitefleet_robot.common.robot import state_folder
from sitefleet_robot.common.timers import every
from sitefleet_robot.motion.obstacles import LidarMount
from sitefleet_robot.motion.port import Alignment, MotionPort, MotionView
from sitefleet_robot.motion.positioning import Stance
from sitefleet_robot.tasks.attempt import Ending
from sitefleet_robot.tasks.codes import TaskOutcome
from sitefleet_robot.tasks.executor import Identity, TaskExecutor
from sitefleet_robot.tasks.goals import Goals
from sitefleet_robot.tasks.instrument import Instrument
from sitefleet_robot.tasks.journal import Journal
from sitefleet_robot.tasks.messages import as_built_of, scan_of
from sitefleet_robot.tasks.parameters import EXECUTOR_PARAMETERS, names
from sitefleet_robot.tasks.report import StateReport, Surroundings, Totals, factsheet
from sitefleet_robot.tasks.trade import Trade, trade_factory
from sitefleet_robot.tasks.values import Joint, RobotView, Scan, Wants
from sitefleet_robot.tasks.vitals import ClockService, HeartbeatAnswers

STEP = 0.095
"""s of ROS time between two steps of the work: each second pose."""
STATE_PERIOD = 0.195
"""s of ROS time between two RobotStates."""
REPEAT = 0.5
"""s of ROS time after which a joint's setpoint is sent again."""
TICK = 0.25
"""s of wall time between two looks at what must not depend on poses."""


class ExecutorNode(RobotLifecycleNode):
    """Works with the tool and, through `MotionPort`, with the drive of its process."""

    PARAMETERS: ClassVar = EXECUTOR_PARAMETERS

    def __init__(self, motion: MotionPort, cruise_speed: float, **node_arguments: Any) -> None:
        super().__init__("executor", **node_arguments)
        self._motion = motion
        self._folder = state_folder(self.robot_id, self.params)
        self._trade_params = Parameters({**self.params, "state_dir": str(self._folder)})
        p = self.params
        self._mount = LidarMount(p.real("lidar_x"), p.real("lidar_y"), p.real("lidar_yaw"))
        self._identity = Identity(self.robot_id, p.text("map_id"), names(p.text("trades")))
        for trade in self._identity.trades:
            trade_factory(trade)  # an unknown one ends the process here
        self._factsheet = factsheet(self.robot_id, p, self.shape, cruise_speed)
        self._around = Surroundings()
        self._totals = Totals()
        self._report = StateReport(self.robot_id, p.text("map_id"))
        self._joints: dict[str, Joint] = {}
        self._scan: Scan | None = None
        self._alignment: Alignment | None = None
        self._stance: Stance | None = None
        self._sent: dict[str, float] = {}
        self._stepped = self._reported = self._commanded = -1.0
        self._held = False

    def configure(self) -> None:
        """Journal, publishers, subscriptions, the action server."""
        self.work = TaskExecutor(self._identity, Journal(self._folder / "journal"), self._make_trade)
        self._state_publisher = self.create_publisher(RobotState, "/fleet/robot_state", qos.STREAM)
        self._record_publisher = self.create_publisher(AsBuilt, "/fleet/as_built", qos.RECORD)
        self._factsheet_publisher = self.create_publisher(Factsheet, "/fleet/factsheet", qos.FACTSHEET)
        self._tool_publisher = self.create_publisher(String, "tool_fault", qos.LATCHED)
        self._tool_fault = ""
        self._joint_publishers = {
            name: self.create_publisher(Float64, f"{name}_cmd", qos.STREAM)
            for name in names(self.params.text("tool_joints"))
        }
        self._subscriptions_made = [
            self.create_subscription(BatteryState, "battery", self._on_battery, qos.STREAM),
            self.create_subscription(SafetyState, "safety_state", self._on_safety, qos.LATCHED),
        ]
        if self._joint_publishers:
            self._subscriptions_made.append(
                self.create_subscription(JointState, "joint_states", self._on_joints, qos.STREAM)
            )
        self._scan_subscription: Any = None
        self._instrument = Instrument(self, self.robot_id)
        self._goals = Goals(self, self.work)
        self._vitals = (HeartbeatAnswers(self, self._folder), ClockService(self))
        self._timer = every(self, TICK, self._tick)
        self._motion.on_step(self._on_step)
        self._motion.lock_drive("tool out")

    def activate(self) -> None:
        """Introduce the robot."""
        self._factsheet_publisher.publish(self._factsheet)

    def cleanup(self) -> None:
        """Undo `configure`."""
        self._timer.close()
        self._goals.close()
        for sign in self._vitals:
            sign.close()
        self._instrument.close()
        for subscription in (*self._subscriptions_made, self._scan_subscription):
            if subscription is not None:
                self.destroy_subscription(subscription)
        for publisher in (
            self._state_publisher,
            self._record_publisher,
            self._factsheet_publisher,
            self._tool_publisher,
            *self._joint_publishers.values(),
        ):
            self.destroy_publisher(publisher)

    def health(self) -> Health:
        """What the executor is doing."""
        if not self.active:
            return Health(Level.WARN, "inactive")
        attempt = self.work.attempt
        values = {"task": attempt.order.task_id if attempt else "", "phase": self.work.wants.phase}
        if self.work.errors:
            return Health(Level.ERROR, ", ".join(self.work.errors), values)
        return Health(Level.OK, "working" if attempt else "idle", values)

    # input -----------------------------------------------------------------------------------------------------

    def _make_trade(self, name: str, wants: Wants) -> Trade:
        return trade_factory(name)(self._trade_params, wants)

    def _on_battery(self, message: Any) -> None:
        self._around.battery = float(message.percentage)
        self._around.charging = message.power_supply_status == BatteryState.POWER_SUPPLY_STATUS_CHARGING

    def _on_safety(self, message: Any) -> None:
        self._around.safety_state, self._around.safety_reason = message.state, message.reason

    def _on_joints(self, message: Any) -> None:
        for name, position, velocity in zip(message.name, message.position, message.velocity, strict=False):
            self._joints[name] = Joint(position, velocity)

    def _on_scan(self, message: Any) -> None:
        view = self._motion.view()
        if view is not None:
            self._scan = scan_of(message, view.pose, self._mount)

    # work ------------------------------------------------------------------------------------------------------

    def _on_step(self, view: MotionView) -> None:
        """Each pose: work at each second one, report at each fourth and at changes."""
        if not self.active:
            return
        self._totals.add(view, self.work.attempt is not None)
        if not 0.0 <= view.stamp - self._stepped < STEP:
            self._stepped = view.stamp
            self._work(view)
        elif view.obstructed or view.node_id != self._report.message.node_id:
            self._tell(view)
        if not 0.0 <= view.stamp - self._reported < STATE_PERIOD:
            self._publish_state(view)

    def _work(self, view: MotionView) -> None:
        if self._around.safety_state == SafetyState.AUTO:
            if self._held:
                self._sent.clear()  # whatever held the joints is void
            self._held = False
            record = self.work.step(self._see(view))
            if record is not None:
                attempt = self.work.attempt
                assert attempt is not None
                self._record_publisher.publish(as_built_of(record, attempt.order, self.robot_id))
                self._goals.tell(attempt.records.values())
            self._align()
            self._instrument.ask(self.work.wants.measure)
            self._command_joints(view.stamp)
            self._listen_to_scan()
        else:
            self._hold(view)
        self._tell_supervisor()
        self._motion.lock_drive(self.work.drive_lock)
        self._close()
        self._tell(view)

    def _tell_supervisor(self) -> None:
        """A tool that is out and cannot be withdrawn is the supervisor's matter, too."""
        fault = ", ".join(self.work.errors)
        if fault != self._tool_fault:
            self._tool_fault = fault
            self._tool_publisher.publish(String(data=fault))

    def _see(self, view: MotionView) -> RobotView:
        alignment = self._alignment
        return RobotView(
            now=0.0,
            stamp=view.stamp,
            pose=view.pose,
            node_id=view.node_id,
            at_base_end=view.at_base_end,
            moving=view.moving,
            obstructed=view.obstructed,
            obstruction=view.obstruction,
            joints=self._joints,
            alignment=alignment.status if alignment else None,
            alignment_reason=alignment.reason if alignment else "",
            measurement=self._instrument.answer,
            scan=self._scan,
        )

    def _align(self) -> None:
        stance = self.work.wants.align
        if stance is self._stance:
            return
        self._stance = stance
        if stance is None:
            self._motion.cancel_alignment()
            self._alignment = None
        else:
            self._alignment = self._motion.align(stance)

    def _command_joints(self, stamp: float) -> None:
        again = not 0.0 <= stamp - self._commanded < REPEAT
        if again:
            self._commanded = stamp
        for name, setpoint in self.work.wants.joints.items():
            publisher = self._joint_publishers.get(name)
            if publisher is not None and (again or self._sent.get(name) != setpoint):
                self._sent[name] = setpoint
                publisher.publish(Float64(data=float(setpoint)))

    def _hold(self, view: MotionView) -> None:
        """Not in AUTO: every joint stays where it is."""
        if not self._held:
            self._held = True
            for name in self._sent:
                if name in self._joints:
                    self._joint_publishers[name].publish(Float64(data=self._joints[name].position))
        self.work.hold(view.pose)
        if self._around.safety_state == SafetyState.FAULT and self.work.attempt is not None:
            self.work.end(Ending(TaskOutcome.SAFETY_STOP, f"safety supervisor fault: {self._around.safety_reason}"))

    def _listen_to_scan(self) -> None:
        """Scans are only taken from the network while a trade wants them."""
        if self.work.wants.scan and self._scan_subscription is None:
            self._scan_subscription = self.create_subscription(LaserScan, "scan", self._on_scan, qos.SCAN)
        elif not self.work.wants.scan and self._scan_subscription is not None:
            self.destroy_subscription(self._scan_subscription)
            self._scan_subscription = self._scan = None

    def _close(self) -> None:
        """Answer the goal of an attempt that has ended."""
        ended = self.work.close()
        if ended is None:
            return
        attempt, ending = ended
        self.get_logger().info(f"task {attempt.order.task_id} ended: {ending.outcome.name}, {ending.message}")
        self._align()
        self._listen_to_scan()
        self._instrument.forget()
        records = [attempt.records[t.index] for t in attempt.order.targets if t.index in attempt.records]
        self._goals.finish(attempt.order, ending, records)

    def _tick(self) -> None:
        """Wall time: a task does not wait forever for poses."""
        if not self.active or self.work.attempt is None:
            return
        if self._motion.pose_age() > self.params.real("pose_time_limit"):
            self.work.end(Ending(TaskOutcome.LOCALISATION_LOST, f"no pose for {self._motion.pose_age():.0f} s"))
            self._close()

    # report ----------------------------------------------------------------------------------------------------

    def _tell(self, view: MotionView) -> None:
        if self._report.changed(view, self.work, self._around):
            self._publish_state(view)

    def _publish_state(self, view: MotionView) -> None:
        self._reported = view.stamp
        self._state_publisher.publish(self._report.fill(view, self.work, self._around, self._totals))
