"""Mutings of protective fields, and people's word on safety events."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool

from fleet_manager.api import safety_schemas as schemas
from fleet_manager.api import safety_views as views
from fleet_manager.api.context import ApiContext, Context
from fleet_manager.api.problems import declare
from fleet_manager.api.routes.robots import RobotId, answers_of, refusal
from fleet_manager.api.schemas import ActRequest
from fleet_manager.domain.errors import not_found
from fleet_manager.domain.fleet import ActAnswer, ActOrder, MuteOrder, SafetyAct
from fleet_manager.domain.muting import Muting
from fleet_manager.operations import control

router = APIRouter(tags=["safety"])
MutingId = Annotated[str, Path(description="the muting's id")]
EventId = Annotated[str, Path(description="the robot's id of the event")]
_MUTING = declare(
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)


@router.get("/robots/{robot_id}/mutings", operation_id="listMutings", responses=declare(HTTPStatus.NOT_FOUND))
def list_mutings(context: Context, robot_id: RobotId) -> schemas.MutingList:
    """Mutings of a robot, newest first."""
    context.operations.robot(robot_id)
    return schemas.MutingList(items=[views.muting(m) for m in reversed(context.queries.mutings(robot_id))])


@router.post(
    "/robots/{robot_id}/mutings", operation_id="requestMuting", status_code=HTTPStatus.CREATED, responses=_MUTING
)
def request_muting(context: Context, robot_id: RobotId, body: schemas.MutingRequest) -> schemas.Muting:
    """Ask for a protective field to be muted. Nothing happens before somebody else co-signs, within ten minutes."""
    context.operations.robot(robot_id)
    muting = Muting(
        id=uuid.uuid4().hex[:12],
        robot_id=robot_id,
        field=body.field,
        reason=body.reason,
        duration=body.duration,
        requested_by=body.requested_by,
        requested_at=context.operations.utc(),
    )
    with context.operations.desk() as world:
        return views.muting(control.request_muting(world, muting))


@router.post(
    "/robots/{robot_id}/mutings/{muting_id}/co-sign",
    operation_id="coSignMuting",
    responses=_MUTING,
    response_model=schemas.Muting,
)
async def co_sign_muting(
    context: Context, request: Request, robot_id: RobotId, muting_id: MutingId, body: ActRequest
) -> Any:
    """The second person's signature: the robot mutes the field now, for the time that was asked for."""

    def check() -> Muting:
        with context.operations.desk() as world:
            return control.check_co_sign(world, robot_id, muting_id, body.requested_by)

    muting = await run_in_threadpool(check)
    mute = MuteOrder(muting.field, body.requested_by, muting.duration)
    order = ActOrder(SafetyAct.MUTE, muting.requested_by, muting.reason, mute=mute)
    ((answer, _),) = await answers_of(context, [robot_id], order)

    def note() -> Muting:
        with context.operations.desk() as world:
            return control.muting_answered(world, robot_id, muting_id, body.requested_by, answer)

    after = await run_in_threadpool(note)
    return views.muting(after) if answer.success else refusal(request, answer, order)


@router.post(
    "/robots/{robot_id}/mutings/{muting_id}/end",
    operation_id="endMuting",
    responses=_MUTING,
    response_model=schemas.Muting,
)
async def end_muting(
    context: Context, request: Request, robot_id: RobotId, muting_id: MutingId, body: ActRequest
) -> Any:
    """End a muting before its time. Anybody may."""

    def look() -> Muting:
        with context.operations.desk() as world:
            return control.open_muting(world, robot_id, muting_id)

    muting = await run_in_threadpool(look)
    answer = await _unmuted(context, muting, body) if muting.co_signed_by else None
    if answer is not None and not answer.success:
        return refusal(request, answer, ActOrder(SafetyAct.MUTE, body.requested_by))

    def note() -> Muting:
        with context.operations.desk() as world:
            return control.muting_ended(world, robot_id, muting_id, body.requested_by)

    return views.muting(await run_in_threadpool(note))


async def _unmuted(context: ApiContext, muting: Muting, body: ActRequest) -> ActAnswer:
    mute = MuteOrder(muting.field, muting.co_signed_by, 0.0)
    reason = body.reason or f"ended by {body.requested_by}"
    order = ActOrder(SafetyAct.MUTE, muting.requested_by, reason, mute=mute)
    ((answer, _),) = await answers_of(context, [muting.robot_id], order)
    return answer


@router.get("/safety-events", operation_id="listSafetyEvents")
def list_safety_events(
    context: Context,
    after: Annotated[int, Query(ge=0, description="number of the last event already known")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="events at most")] = 100,
    robot_id: Annotated[str | None, Query(description="only of this robot")] = None,
) -> schemas.SafetyEventPage:
    """What robots' supervisors reported, oldest first, with what people said to it."""
    events = context.queries.safety_events(after, limit, robot_id)
    reviews = context.queries.reviews([e.source_event_id or "" for e in events])
    items = [views.safety_event(e, reviews.get(e.source_event_id or "", [])) for e in events]
    return schemas.SafetyEventPage(items=items, last_id=events[-1].id if events else after)


def _review(context: ApiContext, event_id: str, by: str, remark: str, *, close: bool) -> schemas.SafetyEvent:
    event = context.queries.safety_event(event_id)
    if event is None:
        raise not_found("safety event", event_id)
    with context.operations.desk() as world:
        control.review_event(
            world,
            event_id,
            event.robot_id or "",
            str(event.data.get("class", "")),
            by=by,
            remark=remark,
            close=close,
        )
    return views.safety_event(event, context.queries.reviews([event_id]).get(event_id, []))


@router.post(
    "/safety-events/{event_id}/acknowledge",
    operation_id="acknowledgeSafetyEvent",
    responses=declare(HTTPStatus.NOT_FOUND),
)
def acknowledge_event(context: Context, event_id: EventId, body: schemas.Review) -> schemas.SafetyEvent:
    """Say that a person has taken note of the event. It becomes a record of its own in the evidence log."""
    return _review(context, event_id, body.requested_by, body.reason, close=False)


@router.post(
    "/safety-events/{event_id}/close",
    operation_id="closeSafetyEvent",
    responses=declare(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def close_event(context: Context, event_id: EventId, body: schemas.Closing) -> schemas.SafetyEvent:
    """Close the event with a remark. It becomes a record of its own in the evidence log; nothing is edited."""
    return _review(context, event_id, body.requested_by, body.reason, close=True)
