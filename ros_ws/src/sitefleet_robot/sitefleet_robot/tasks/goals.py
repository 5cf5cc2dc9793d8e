"""ExecuteTask goals: which of them wait for the attempt in hand, and how each is answered.

A goal is accepted and then left alone until its attempt ends: its handle is executed only to hand over the result.
So nothing waits inside a callback, and a single-threaded executor serves a goal of many minutes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.node import Node
from sitefleet_interfaces.action import ExecuteTask

from sitefleet_robot.tasks.attempt import Ending
from sitefleet_robot.tasks.codes import TaskOutcome
from sitefleet_robot.tasks.executor import TaskExecutor, Verdict
from sitefleet_robot.tasks.messages import as_built_of, order_of
from sitefleet_robot.tasks.values import Order, Record

RESULT_KEPT = 600
"""s that a result can be fetched again."""
SUCCESSES = (TaskOutcome.SUCCEEDED, TaskOutcome.COMPLETED_WITH_DEFERRALS)


class Goals:
    """Serves the action `execute_task` of one robot on behalf of its TaskExecutor."""

    def __init__(self, node: Node, executor: TaskExecutor) -> None:
        self._node = node
        self._executor = executor
        self._handle: Any = None
        self._server = ActionServer(
            node,
            ExecuteTask,
            "execute_task",
            execute_callback=self._without_result,
            goal_callback=self._on_goal,
            handle_accepted_callback=self._on_accepted,
            cancel_callback=self._on_cancel,
            result_timeout=RESULT_KEPT,
        )

    def close(self) -> None:
        """Destroy the server; whoever waits sees it gone."""
        self._server.destroy()

    def tell(self, records: Iterable[Record]) -> None:
        """Feedback to the goal of the attempt in hand."""
        attempt = self._executor.attempt
        if attempt is None or self._handle is None:
            return
        order = attempt.order
        self._handle.publish_feedback(
            ExecuteTask.Feedback(
                progress=float(attempt.progress),
                phase=self._executor.wants.phase,
                as_built=[as_built_of(r, order, self._executor.identity.robot_id) for r in records],
            )
        )

    def finish(self, order: Order, ending: Ending, records: Iterable[Record]) -> None:
        """The attempt in hand has ended: answer its goal."""
        handle, self._handle = self._handle, None
        if handle is not None:
            self._answer(handle, order, ending, records)

    def _on_goal(self, request: Any) -> Any:
        order = order_of(request.task)
        if self._executor.verdict(order) is Verdict.BUSY:
            attempt = self._executor.attempt
            assert attempt is not None
            self._node.get_logger().warning(f"task {order.task_id} rejected: busy with {attempt.order.task_id}")
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    def _on_accepted(self, handle: Any) -> None:
        order = order_of(handle.request.task)
        verdict = self._executor.verdict(order)
        log = self._node.get_logger()
        if verdict is Verdict.ENDED:
            log.info(f"task {order.task_id} attempt {order.attempt} has ended before: answered from the journal")
            self._answer(handle, order, *self._executor.recorded(order))
        elif verdict is Verdict.BUSY:  # another goal was faster
            self._answer(handle, order, Ending(TaskOutcome.TASK_REFUSED, "busy with another task"), ())
        elif verdict is Verdict.JOIN:
            log.info(f"task {order.task_id} attempt {order.attempt}: a new goal joins the work in hand")
            if self._handle is not None:
                self._answer(
                    self._handle, order, Ending(TaskOutcome.SUPERSEDED, "a newer goal joined this attempt"), ()
                )
            self._handle = handle
            attempt = self._executor.attempt
            assert attempt is not None
            self.tell(attempt.records.values())
        else:
            refused = self._executor.start(order)
            if refused is not None:
                log.warning(f"task {order.task_id} attempt {order.attempt} refused: {refused.message}")
                self._answer(handle, order, refused, ())
                return
            log.info(
                f"task {order.task_id} attempt {order.attempt} begins: {order.trade}, {len(order.targets)} targets"
            )
            self._handle = handle

    def _on_cancel(self, handle: Any) -> Any:
        if handle != self._handle:
            return CancelResponse.REJECT
        self._executor.cancel()
        return CancelResponse.ACCEPT

    def _answer(self, handle: Any, order: Order, ending: Ending, records: Iterable[Record]) -> None:
        robot_id = self._executor.identity.robot_id
        result = ExecuteTask.Result(
            outcome=int(ending.outcome),
            message=ending.message,
            as_built=[as_built_of(r, order, robot_id) for r in records],
        )

        def hand_over(goal: Any) -> Any:
            if goal.is_cancel_requested:
                goal.canceled()
            elif ending.outcome in SUCCESSES:
                goal.succeed()
            else:
                goal.abort()
            return result

        handle.execute(hand_over)

    def _without_result(self, handle: Any) -> Any:
        raise AssertionError("goals are executed with their result only")
