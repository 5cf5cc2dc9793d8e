"""Requests that are meant for one running manager reach no other.

Ports are found free and taken a moment later, managers end and others begin at the same address: who stops robots or
orders work there must be able to say which manager is meant (421 Misdirected Request, RFC 9110, 15.5.20).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import FastAPI, Request, Response

from fleet_manager.api.problems import problem

HEADER = "Sitefleet-Instance"


def install(app: FastAPI, instance: str) -> None:
    """Requests whose header names another instance are refused before anything of them is done."""

    @app.middleware("http")
    async def meant_for_us(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        wanted = request.headers.get(HEADER)
        if wanted is None or wanted == instance:
            return await go_on(request)
        text = (
            f"this is the fleet manager {instance}, not {wanted}: another one has taken its address; nothing was done"
        )
        return problem(request, HTTPStatus.MISDIRECTED_REQUEST, "OTHER_MANAGER", text)
