"""Robots: what they do, and a person's stop, reset and resume of one or all.

The stop asks every known robot before it does anything else, takes no lock, and is written down afterwards.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from concurrent.futures import Future
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from fleet_manager.api import schemas, views
from fleet_manager.api.context import ApiContext, Context
from fleet_manager.api.problems import declare, problem
from fleet_manager.domain.fleet import ActAnswer, ActOrder, SafetyAct

ANSWER_LIMIT = 0.5
"""s to wait for robots' answers."""
_LOG = logging.getLogger(__name__)
router = APIRouter(tags=["robots"])
RobotId = Annotated[str, Path(description="the robot's id, which is also its namespace")]
_ACT_PROBLEMS = declare(
    HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT
)
_SOME_FAILED: dict[int | str, dict[str, Any]] = {
    207: {"model": schemas.FleetActResult, "description": "Some robots refused, did not answer or are offline"}
}


@router.get("/robots", operation_id="listRobots")
def list_robots(context: Context) -> schemas.RobotList:
    """Every robot the manager has met, also those that are offline."""
    operations = context.operations
    return schemas.RobotList(items=[views.robot(v, operations) for v in operations.robots()])


@router.get("/robots/{robot_id}", operation_id="getRobot", responses=declare(HTTPStatus.NOT_FOUND))
def get_robot(context: Context, robot_id: RobotId) -> schemas.Robot:
    """One robot."""
    return views.robot(context.operations.robot(robot_id), context.operations)


async def ask_robots(
    context: ApiContext, robot_ids: Iterable[str], order: ActOrder
) -> list[tuple[ActAnswer, float | None]]:
    """Ask all at once, wait once, write down; with each answer the s it took."""
    answers = await answers_of(context, robot_ids, order)
    try:
        await run_in_threadpool(
            context.operations.note_act, order.act, order.requested_by, order.reason, [a for a, _ in answers]
        )
    except Exception:  # whoever pressed stop must read the robots' answers even when the store is broken
        _LOG.exception("%s by %s could not be written down: %s", order.act.value, order.requested_by, answers)
    return answers


async def answers_of(
    context: ApiContext, robot_ids: Iterable[str], order: ActOrder
) -> list[tuple[ActAnswer, float | None]]:
    """Ask all at once and wait once; with each answer the s it took."""
    began = time.perf_counter()
    took: dict[str, float] = {}

    def answered(robot_id: str) -> Any:
        def note(_: Future[ActAnswer]) -> None:
            took[robot_id] = time.perf_counter() - began

        return note

    asked: dict[str, Future[ActAnswer]] = {}
    for robot_id in robot_ids:
        asked[robot_id] = context.operations.ask(robot_id, order)
        asked[robot_id].add_done_callback(answered(robot_id))
    if asked:
        await asyncio.wait([asyncio.wrap_future(f) for f in asked.values()], timeout=ANSWER_LIMIT)
    answers = []
    for robot_id, future in asked.items():
        if future.done() and not future.cancelled():
            answers.append((future.result(), took.get(robot_id)))
        else:
            text = f"no answer within {ANSWER_LIMIT:g} s; it may have acted all the same"
            answers.append((ActAnswer(robot_id, False, "NO_ANSWER", text), None))
    return answers


def _result(answer: ActAnswer, took: float | None) -> schemas.RobotActResult:
    return schemas.RobotActResult(
        robot_id=answer.robot_id,
        success=answer.success,
        code=answer.code,
        message=answer.message,
        safety_state=answer.state.name.lower() if answer.state is not None else None,
        answered_after=took,
    )


async def ask_one(context: ApiContext, request: Request, robot_id: str, order: ActOrder) -> Any:
    """Ask one robot: its answer, or a problem."""
    context.operations.robot(robot_id)
    ((answer, took),) = await ask_robots(context, [robot_id], order)
    return _result(answer, took) if answer.success else refusal(request, answer, order)


def refusal(request: Request, answer: ActAnswer, order: ActOrder) -> JSONResponse:
    """A robot's no as a problem."""
    status = {"OFFLINE": HTTPStatus.SERVICE_UNAVAILABLE, "NO_ANSWER": HTTPStatus.GATEWAY_TIMEOUT}
    detail = f"{answer.robot_id} did not {order.act.value.replace('_', ' ')}: {answer.message or answer.code}"
    return problem(request, status.get(answer.code, HTTPStatus.CONFLICT), answer.code, detail)


async def _all(context: ApiContext, response: Response, act: SafetyAct, body: schemas.ActRequest) -> Any:
    began = time.perf_counter()
    views_ = context.operations.robots()
    order = ActOrder(act, body.requested_by, body.reason)
    answers = await ask_robots(context, [v.robot_id for v in views_], order)
    online = {v.robot_id for v in views_ if v.online}
    result = schemas.FleetActResult(
        results=[_result(answer, took) for answer, took in answers],
        offline=[a.robot_id for a, _ in answers if not a.success and (a.code == "OFFLINE" or a.robot_id not in online)],
        success=all(answer.success for answer, _ in answers),
        elapsed=time.perf_counter() - began,
    )
    if not result.success:
        response.status_code = HTTPStatus.MULTI_STATUS
    return result


def _add_acts(act: SafetyAct, one: str, every: str | None) -> None:
    """The route of an act on one robot and, where there is one, on all."""

    async def act_on_one(context: Context, request: Request, robot_id: RobotId, body: schemas.ActRequest) -> Any:
        return await ask_one(context, request, robot_id, ActOrder(act, body.requested_by, body.reason))

    router.add_api_route(
        f"/robots/{{robot_id}}/{act.value}",
        act_on_one,
        methods=["POST"],
        operation_id=f"{act.value}Robot",
        summary=f"{act.value.title()} one robot",
        description=one,
        response_model=schemas.RobotActResult,
        responses=_ACT_PROBLEMS,
    )
    if every is None:
        return

    async def act_on_all(context: Context, response: Response, body: schemas.ActRequest) -> Any:
        return await _all(context, response, act, body)

    router.add_api_route(
        f"/{act.value}",
        act_on_all,
        methods=["POST"],
        operation_id=f"{act.value}All",
        summary=f"{act.value.title()} all robots",
        description=every,
        response_model=schemas.FleetActResult,
        responses=_SOME_FAILED,
    )


_add_acts(
    SafetyAct.STOP,
    "Remote stop: the robot stops and stays stopped until it is reset and resumed. Not a certified emergency stop.",
    "Remote stop of every known robot at once. Those that could not be reached are named in `offline`.",
)
_add_acts(
    SafetyAct.HOLD, "Let the robot hold: it stands until somebody resumes. Unlike a stop this latches nothing.", None
)


@router.post("/robots/{robot_id}/reset", operation_id="resetRobot", responses=_ACT_PROBLEMS)
async def reset_robot(
    context: Context, request: Request, robot_id: RobotId, body: schemas.ResetRequest
) -> schemas.RobotActResult:
    """Press and release the reset of a latched stop whose cause is gone. It acts when it is released after 350 ms to
    2 s: the robot goes to hold, and never moves because of it. Held for less or longer it is refused.
    """
    act = SafetyAct.RESET_PRESS if body.pressed else SafetyAct.RESET_RELEASE
    answer: Any = await ask_one(context, request, robot_id, ActOrder(act, body.requested_by, body.reason))
    return answer  # type: ignore[no-any-return]


_add_acts(
    SafetyAct.RESUME,
    "Let the robot drive itself again, from hold.",
    "Let every robot that is in hold drive itself again. Robots that are stopped need a reset first.",
)
