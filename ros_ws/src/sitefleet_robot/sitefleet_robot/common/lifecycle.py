"""Base of a robot's lifecycle nodes: checked parameters, robot id, diagnostics, start by itself.

A subclass names its parameters in `PARAMETERS`, makes its publishers and subscriptions in `on_configure`, starts
moving values in `on_activate`, and undoes both in `on_cleanup` and `on_deactivate`. Callbacks that must not act
while the node is inactive ask `self.active`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from sitefleet_robot.common.diagnostics import DiagnosticsPublisher, Health, Level
from sitefleet_robot.common.parameters import ParameterSpec, declare
from sitefleet_robot.common.robot import ROBOT_PARAMETERS, RobotShape, robot_id_of

AUTOSTART = ParameterSpec("autostart", True, "Configure and activate the node by itself when it starts")


_ERROR = TransitionCallbackReturn.ERROR


class LifecycleError(RuntimeError):
    """A node could not be configured or activated at its start."""


class RobotLifecycleNode(LifecycleNode):
    """A lifecycle node of one robot; its namespace is the robot's id.

    `params` are the checked parameters, `shape` the robot's measures. Raises ParameterError and
    RobotIdentityError when it is made wrongly.
    """

    PARAMETERS: ClassVar[Sequence[ParameterSpec]] = ()

    def __init__(self, node_name: str, **node_arguments: Any) -> None:
        super().__init__(node_name, automatically_declare_parameters_from_overrides=True, **node_arguments)
        self.active = False
        self.params = declare(self, (AUTOSTART, *ROBOT_PARAMETERS, *self.PARAMETERS))
        self.robot_id = robot_id_of(self, self.params)
        self.shape = RobotShape.of(self.params)
        self.failure: Exception | None = None
        self._diagnostics = DiagnosticsPublisher(self, self.health)

    def health(self) -> Health:
        """What the node tells about itself once a second; override it and say more."""
        return Health(Level.OK, "active") if self.active else Health(Level.WARN, "inactive")

    def autostart(self) -> None:
        """Configure and activate if the parameter `autostart` says so. Raises LifecycleError."""
        if not self.params.flag("autostart"):
            return
        for name, trigger in (("configure", self.trigger_configure), ("activate", self.trigger_activate)):
            if trigger() is not TransitionCallbackReturn.SUCCESS:
                raise LifecycleError(f"{self.get_fully_qualified_name()}: cannot {name}") from self.failure

    def configure(self) -> None:
        """Make publishers, subscriptions and services; override it."""

    def activate(self) -> None:
        """Start to act; override it. `self.active` is already true."""

    def deactivate(self) -> None:
        """Stop to act; override it. `self.active` is already false."""

    def cleanup(self) -> None:
        """Destroy what `configure` made; override it."""

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition: calls `configure`."""
        return super().on_configure(state) if self._done("configure", self.configure) else _ERROR

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition: calls `activate`."""
        result = super().on_activate(state)
        self.active = True
        return result if self._done("activate", self.activate) else _ERROR

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition: calls `deactivate`."""
        self.active = False
        return super().on_deactivate(state) if self._done("deactivate", self.deactivate) else _ERROR

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition: calls `cleanup`."""
        return super().on_cleanup(state) if self._done("clean up", self.cleanup) else _ERROR

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition: the node ends; nothing acts any more."""
        self.active = False
        return super().on_shutdown(state)

    def _done(self, name: str, action: Callable[[], None]) -> bool:
        try:
            action()
        # The edge of the node: rclpy would swallow the exception without a word.
        except Exception as failure:
            self.failure = failure
            self.active = False
            self.get_logger().error(f"cannot {name}: {type(failure).__name__}: {failure}")
            return False
        return True
