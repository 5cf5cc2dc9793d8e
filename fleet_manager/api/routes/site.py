"""The storey, its plan, its catalogue of work, and the manager's health."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from fleet_manager.api import schemas, views
from fleet_manager.api.context import Context

STALE_LOOP = 2.0
"""s without a completed cycle of operations: degraded."""
router = APIRouter(tags=["site"])


@router.get("/health", operation_id="getHealth")
def get_health(context: Context) -> schemas.Health:
    """Whether the manager works. `degraded` names what does not; requests are still answered."""
    age = context.clock() - context.pulse.last_tick
    problems = [f"operations loop: {context.pulse.last_error}"] if context.pulse.last_error else []
    if context.operations.evidence.fault:
        problems.append(f"evidence log: {context.operations.evidence.fault}")
    if age > STALE_LOOP:
        problems.append(f"no cycle of operations for {STALE_LOOP:g} s or more")
    robots = context.operations.robots()
    return schemas.Health(
        status="degraded" if problems else "ok",
        version=context.version,
        instance=context.instance,
        site=context.site.name,
        storey=context.site.storey,
        uptime=context.clock() - context.pulse.started,
        last_tick_age=min(age, 1e9),
        robots_online=sum(r.online for r in robots),
        robots_known=len(robots),
        problems=problems,
    )


@router.get("/site", operation_id="getSite")
def get_site(context: Context) -> schemas.Site:
    """Name, map and size of the storey."""
    return context.site


@router.get("/site/plan", operation_id="getSitePlan")
def get_site_plan(context: Context) -> schemas.SitePlan:
    """Floor plan and zones as GeoJSON in the map frame (m, not degrees)."""
    return context.plan


@router.get("/work-items", operation_id="listWorkItems")
def list_work_items(
    context: Context,
    trade: Annotated[list[str] | None, Query(description="only these trades")] = None,
    zone: Annotated[list[str] | None, Query(description="only these zones")] = None,
) -> schemas.WorkItemList:
    """Work the building model asks for, with its targets."""
    items = context.operations.storey.work_items.values()
    chosen = [w for w in items if (not trade or w.trade in trade) and (not zone or w.zone_id in zone)]
    return schemas.WorkItemList(items=[views.work_item(w) for w in chosen])
