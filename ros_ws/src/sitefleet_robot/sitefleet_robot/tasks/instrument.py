"""Asks the site's instrument for points of the robot, one request at a time, without waiting."""

from __future__ import annotations

import time
from typing import Any

from rclpy.node import Node
from sitefleet_interfaces.srv import MeasurePoint

from sitefleet_robot.tasks.values import Measurement, MeasureRequest

ANSWER_LIMIT = 3.0
"""s of wall time after which a request counts as unanswered."""


class Instrument:
    """Client of `/instruments/measure_point`; `answer` is the newest answer."""

    def __init__(self, node: Node, robot_id: str) -> None:
        self._node = node
        self._robot_id = robot_id
        self._client = node.create_client(MeasurePoint, "/instruments/measure_point")
        self._asked: MeasureRequest | None = None
        self._future: Any = None
        self._since = 0.0
        self.answer: Measurement | None = None

    def ask(self, request: MeasureRequest | None) -> None:
        """Make the wanted request if it is new; look whether the one under way takes too long."""
        if request is None:
            return
        if request != self._asked:
            self._drop()
            self._asked, self._since = request, time.monotonic()
            if not self._client.service_is_ready():
                return  # the limit below turns this into an answer
            self._send(request)
        elif self._future is None and (self.answer is None or self.answer.serial != request.serial):
            if self._client.service_is_ready():
                self._send(request)
            elif time.monotonic() - self._since > ANSWER_LIMIT:
                self._fail(request, "no instrument serves /instruments/measure_point")
        elif self._future is not None and time.monotonic() - self._since > ANSWER_LIMIT:
            self._drop()
            self._fail(request, f"no answer within {ANSWER_LIMIT:.0f} s")

    def forget(self) -> None:
        """A new attempt counts its requests anew."""
        self._drop()
        self._asked, self.answer = None, None

    def _drop(self) -> None:
        if self._future is not None:
            self._client.remove_pending_request(self._future)
            self._future = None

    def close(self) -> None:
        """Destroy the client."""
        self._node.destroy_client(self._client)

    def _send(self, request: MeasureRequest) -> None:
        self._future = self._client.call_async(MeasurePoint.Request(robot_id=self._robot_id, frame_id=request.frame))
        self._future.add_done_callback(lambda future: self._on_answer(future, request))

    def _on_answer(self, future: Any, request: MeasureRequest) -> None:
        if future is not self._future or future.cancelled():
            return  # asked for something else meanwhile
        self._future = None
        response = future.result()
        self.answer = Measurement(
            request.serial,
            response.success,
            response.message,
            response.position.x,
            response.position.y,
            response.position.z,
            response.standard_deviation,
            response.instrument,
        )

    def _fail(self, request: MeasureRequest, message: str) -> None:
        self.answer = Measurement(request.serial, False, message)
