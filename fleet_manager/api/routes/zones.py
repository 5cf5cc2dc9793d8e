"""Zones and permits: made, changed and ended by people, and how far each robot is with them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Response

from fleet_manager.api import safety_schemas as schemas
from fleet_manager.api import safety_views as views
from fleet_manager.api.context import ApiContext, Context
from fleet_manager.api.problems import declare
from fleet_manager.api.schemas import ActRequest
from fleet_manager.operations import zone_requests

router = APIRouter(tags=["zones and permits"])
ZoneId = Annotated[str, Path(description="the zone's id")]
PermitId = Annotated[str, Path(description="the permit's id")]
_CHANGES = {
    "suspend": "Suspend the permit: robots in its zones stop within a second, no task is sent there.",
    "reinstate": "Let a suspended permit count again, within its window.",
    "revoke": "Revoke the permit, for good.",
}
_NEW = declare(HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
_KNOWN = declare(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)


@router.get("/zones", operation_id="listZones")
def list_zones(context: Context) -> schemas.ZoneList:
    """Zones with their version, and which robot has acknowledged which."""
    operations = context.operations
    now = operations.utc()
    rules, acks = operations.rules(), operations.zone_acks()
    return schemas.ZoneList(
        version=rules.version,
        items=[views.zone(z, now) for z in rules.zones],
        robots=[views.robot_zones(v, acks.get(v.robot_id), rules.version) for v in operations.robots()],
    )


@router.post("/zones", operation_id="createZone", status_code=HTTPStatus.CREATED, responses=_NEW)
def create_zone(context: Context, response: Response, body: schemas.NewZone) -> schemas.Zone:
    """A new zone. It counts for the manager at once, and for each robot as soon as it acknowledges the version."""
    response.headers["Location"] = f"/api/v1/zones/{body.id}"
    return _put_zone(context, body.id, body, new=True)


@router.put("/zones/{zone_id}", operation_id="changeZone", responses=_KNOWN)
def change_zone(context: Context, zone_id: ZoneId, body: schemas.ZoneBody) -> schemas.Zone:
    """Replace all of a zone but its id."""
    return _put_zone(context, zone_id, body, new=False)


def _put_zone(context: ApiContext, zone_id: str, body: schemas.ZoneBody, *, new: bool) -> schemas.Zone:
    zone = views.zone_from(zone_id, body)
    with context.operations.desk() as world:
        made = zone_requests.put_zone(world, zone, by=body.requested_by, reason=body.reason, new=new)
    return views.zone(made, context.operations.utc())


@router.post("/zones/{zone_id}/end", operation_id="endZone", responses=_KNOWN)
def end_zone(context: Context, zone_id: ZoneId, body: ActRequest) -> schemas.Zone:
    """The zone does not count any more, for good."""
    with context.operations.desk() as world:
        made = zone_requests.end_zone(world, zone_id, by=body.requested_by, reason=body.reason)
    return views.zone(made, context.operations.utc())


@router.get("/permits", operation_id="listPermits")
def list_permits(context: Context) -> schemas.PermitList:
    """Permits by id, also those that are over."""
    return views.permits(context.operations.rules(), context.operations.utc())


@router.post("/permits", operation_id="createPermit", status_code=HTTPStatus.CREATED, responses=_NEW)
def create_permit(context: Context, response: Response, body: schemas.NewPermit) -> schemas.Permit:
    """Issue a permit."""
    response.headers["Location"] = f"/api/v1/permits/{body.id}"
    return _put_permit(context, body.id, body, new=True)


@router.put("/permits/{permit_id}", operation_id="changePermit", responses=_KNOWN)
def change_permit(context: Context, permit_id: PermitId, body: schemas.PermitBody) -> schemas.Permit:
    """Replace all of a permit but its id and state."""
    return _put_permit(context, permit_id, body, new=False)


def _put_permit(context: ApiContext, permit_id: str, body: schemas.PermitBody, *, new: bool) -> schemas.Permit:
    permit = views.permit_from(permit_id, body)
    with context.operations.desk() as world:
        made = zone_requests.put_permit(world, permit, by=body.requested_by, reason=body.reason, new=new)
    return views.permit(made, context.operations.utc())


def _add_change(name: str, description: str) -> None:
    def change(context: Context, permit_id: PermitId, body: ActRequest) -> schemas.Permit:
        with context.operations.desk() as world:
            made = zone_requests.change_permit(world, permit_id, name, by=body.requested_by, reason=body.reason)
        return views.permit(made, context.operations.utc())

    router.add_api_route(
        f"/permits/{{permit_id}}/{name}",
        change,
        methods=["POST"],
        operation_id=f"{name}Permit",
        summary=f"{name.title()} a permit",
        description=description,
        response_model=schemas.Permit,
        responses=_KNOWN,
    )


for _name, _description in _CHANGES.items():
    _add_change(_name, _description)
