"""What the routes work with; made once by whoever starts the API."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request

from fleet_manager.api.schemas import Site, SitePlan
from fleet_manager.operations.core import Operations
from fleet_manager.store.queries import Queries


@dataclass
class Pulse:
    """Life signs of the operations loop; monotonic s."""

    started: float = field(default_factory=time.monotonic)
    last_tick: float = float("-inf")
    last_error: str = ""
    """Of the last cycle; empty if it went well."""


@dataclass(frozen=True)
class ApiContext:
    """Everything a route may ask."""

    operations: Operations
    queries: Queries
    site: Site
    plan: SitePlan
    pulse: Pulse
    version: str
    instance: str = ""
    """Which running manager this is; a request that names another one is not answered (see api/instance.py)."""
    clock: Callable[[], float] = time.monotonic


def _context(request: Request) -> ApiContext:
    return cast(ApiContext, request.app.state.context)


Context = Annotated[ApiContext, Depends(_context)]
"""Annotation of a route's parameter."""
