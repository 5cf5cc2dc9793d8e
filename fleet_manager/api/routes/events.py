"""What happened, in order."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from fleet_manager.api import schemas, views
from fleet_manager.api.context import Context

router = APIRouter(tags=["events"])


@router.get("/events", operation_id="listEvents")
def list_events(
    context: Context,
    after: Annotated[int, Query(ge=0, description="number of the last event already known")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="events at most")] = 100,
) -> schemas.EventPage:
    """Events after a known one, oldest first. Ask again with `after` set to `last_id`."""
    events = context.queries.events(after, limit)
    return schemas.EventPage(items=[views.event(e) for e in events], last_id=events[-1].id if events else after)
