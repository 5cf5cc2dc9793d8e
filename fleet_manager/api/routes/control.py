"""Control leases: who drives a robot by hand. Whenever a lease changes hands the robot holds first."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from fleet_manager.api import safety_schemas as schemas
from fleet_manager.api import safety_views as views
from fleet_manager.api.context import ApiContext, Context
from fleet_manager.api.problems import declare
from fleet_manager.api.routes.robots import RobotId, ask_one, ask_robots, refusal
from fleet_manager.api.schemas import ActRequest, RobotActResult
from fleet_manager.domain import lease as leases
from fleet_manager.domain.fleet import ActAnswer, ActOrder, SafetyAct
from fleet_manager.domain.lease import Lease
from fleet_manager.domain.robots import SafetyMode
from fleet_manager.operations import control
from fleet_manager.operations.situation import Situation

router = APIRouter(tags=["control"])
_STANDS = frozenset({SafetyMode.HOLD, SafetyMode.STOPPED, SafetyMode.FAULT, SafetyMode.BOOT})
"""States of a supervisor in which nobody drives and nothing starts by itself."""
_LEASE = declare(
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)


def _shown(context: ApiContext, lease: Lease) -> schemas.Lease:
    return views.lease(lease, context.operations.now(), context.operations.robot(lease.robot_id).lease_epoch)


def _now(context: ApiContext, robot_id: str) -> Lease:
    context.operations.robot(robot_id)
    return context.operations.lease(robot_id)


async def _change(
    context: ApiContext,
    request: Request,
    before: Lease,
    by: str,
    why: str,
    change: Callable[[Situation], Lease],
) -> Any:
    """The robot is brought to hold, then the lease changes hands. Without the robot's word nothing changes."""
    answer = await _held(context, before.robot_id, by, why)
    if answer.state not in _STANDS:
        return refusal(request, answer, ActOrder(SafetyAct.HOLD, by))

    def commit() -> Lease:
        with context.operations.desk() as world:
            return change(world)

    return _shown(context, await run_in_threadpool(commit))


async def _held(context: ApiContext, robot_id: str, by: str, why: str) -> ActAnswer:
    ((answer, _),) = await ask_robots(context, [robot_id], ActOrder(SafetyAct.HOLD, by, why))
    return answer


@router.get("/robots/{robot_id}/lease", operation_id="getLease", responses=declare(HTTPStatus.NOT_FOUND))
def get_lease(context: Context, robot_id: RobotId) -> schemas.Lease:
    """Who has the lease."""
    return _shown(context, _now(context, robot_id))


@router.post(
    "/robots/{robot_id}/lease/request", operation_id="requestLease", responses=_LEASE, response_model=schemas.Lease
)
async def request_lease(context: Context, request: Request, robot_id: RobotId, body: ActRequest) -> Any:
    """Ask for a lease that is free, stale or one's own. The robot holds; the answer has the new epoch."""
    before = _now(context, robot_id)
    leases.may_request(before, body.requested_by, context.operations.now())
    why = body.reason or "a lease is given"
    return await _change(
        context, request, before, body.requested_by, why,
        lambda world: control.grant_lease(world, robot_id, body.requested_by, before.epoch),
    )  # fmt: skip


@router.post("/robots/{robot_id}/lease/renew", operation_id="renewLease", responses=_LEASE)
def renew_lease(context: Context, robot_id: RobotId, body: schemas.EpochRequest) -> schemas.Lease:
    """A sign of the holder, once a second or so: a lease is stale after 2 s without one."""
    context.operations.robot(robot_id)
    with context.operations.desk() as world:
        lease = control.renew_lease(world, robot_id, body.requested_by, body.epoch)
    return _shown(context, lease)


@router.post(
    "/robots/{robot_id}/lease/hand-over", operation_id="handOverLease", responses=_LEASE, response_model=schemas.Lease
)
async def hand_over_lease(context: Context, request: Request, robot_id: RobotId, body: schemas.HandOver) -> Any:
    """The holder gives the lease to somebody else. The robot holds; the other one gets a new epoch."""
    before = _now(context, robot_id)
    leases.may_hand_over(before, body.requested_by, body.to, body.epoch)
    return await _change(
        context, request, before, body.requested_by, f"the lease is handed over to {body.to}",
        lambda world: control.hand_over_lease(world, robot_id, body.requested_by, body.to, body.epoch),
    )  # fmt: skip


@router.post("/robots/{robot_id}/lease/take", operation_id="takeLease", responses=_LEASE, response_model=schemas.Lease)
async def take_lease(context: Context, request: Request, robot_id: RobotId, body: schemas.ForcedTake) -> Any:
    """Take the lease from whoever has it. The robot holds; who took it and why is in the evidence log."""
    before = _now(context, robot_id)
    leases.may_take(before, body.requested_by, body.reason)
    return await _change(
        context, request, before, body.requested_by, f"the lease is taken by force: {body.reason}",
        lambda world: control.take_lease(world, robot_id, body.requested_by, body.reason, before.epoch),
    )  # fmt: skip


@router.post(
    "/robots/{robot_id}/lease/release", operation_id="releaseLease", responses=_LEASE, response_model=schemas.Lease
)
async def release_lease(context: Context, request: Request, robot_id: RobotId, body: schemas.EpochRequest) -> Any:
    """The holder needs it no more. The robot holds."""
    before = _now(context, robot_id)
    leases.must_hold(before, body.requested_by, body.epoch)
    return await _change(
        context, request, before, body.requested_by, "the lease is released",
        lambda world: control.release_lease(world, robot_id, body.requested_by, body.epoch),
    )  # fmt: skip


@router.post("/robots/{robot_id}/teleop", operation_id="teleopRobot", responses=_LEASE, response_model=RobotActResult)
async def teleop_robot(context: Context, request: Request, robot_id: RobotId, body: schemas.EpochRequest) -> Any:
    """Arm the robot for driving by hand under a lease, from hold. It moves only by commands of this epoch."""
    before = _now(context, robot_id)
    leases.renewed(before, body.requested_by, body.epoch, context.operations.now())
    order = ActOrder(SafetyAct.TELEOP, body.requested_by, body.reason, epoch=body.epoch)
    return await ask_one(context, request, robot_id, order)
