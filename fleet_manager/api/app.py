"""Makes the HTTP API. It has no authentication yet: the manager binds to this machine only unless told otherwise."""

from __future__ import annotations

import json
import sys
from typing import Any

from fastapi import FastAPI

from fleet_manager.api import instance, problems
from fleet_manager.api.context import ApiContext
from fleet_manager.api.routes import control, events, jobs, robots, safety, site, tasks, zones

PREFIX = "/api/v1"
DESCRIPTION = """Work, robots and as-built records of one storey.

Units SI, positions in the map frame, times UTC. Errors are problem details (RFC 9457) with a stable `code`.
What is accepted is in the store before it is answered. A request with the header `Sitefleet-Instance` is answered only
by the manager of that `instance` (see `/health`); any other answers 421. There is no authentication yet: keep it on
this machine.
"""
API_VERSION = "1.0.0"


def create_app(context: ApiContext | None) -> FastAPI:
    """The app; without a context only its OpenAPI document can be used."""
    app = FastAPI(
        title="Sitefleet fleet manager",
        version=API_VERSION,
        description=DESCRIPTION,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=f"{PREFIX}/docs",
        redoc_url=None,
    )
    app.state.context = context
    for module in (site, robots, control, zones, safety, jobs, tasks, events):
        app.include_router(module.router, prefix=PREFIX)
    problems.install(app)
    instance.install(app, context.instance if context is not None else "")
    return app


def openapi_text() -> str:
    """The OpenAPI document as it is kept in docs/openapi.json."""
    document: dict[str, Any] = create_app(None).openapi()
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(openapi_text())
