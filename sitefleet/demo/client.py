"""The fleet manager's HTTP API as the demo needs it: typed answers, typed failures."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, TypeVar

import httpx

from fleet_manager.api.schemas import Event, EventPage, FleetActResult, Health, Job, Robot, RobotList, Schema
from sitefleet.demo.errors import DemoError

PREFIX = "/api/v1"
SHORT = 5.0
"""s that an answer may take; requests that wait for robots get longer."""
Answer = TypeVar("Answer", bound=Schema)


class ApiError(DemoError):
    """The API refused or failed; the message carries its own words."""


class ApiUnreachable(ApiError):
    """Nobody answers at the API's address."""


class SiteClient:
    """One connection to a fleet manager. Not for use by two threads at once; `stop_all` opens its own."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._http = httpx.Client(base_url=base_url + PREFIX, timeout=SHORT, trust_env=False)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def health(self) -> Health:
        """Whether the manager works."""
        return self._get("/health", Health)

    def robots(self) -> list[Robot]:
        """All robots the manager has met."""
        return self._get("/robots", RobotList).items

    def job(self, job_id: str) -> Job:
        """A job and how far it is."""
        return self._get(f"/jobs/{job_id}", Job)

    def events_after(self, last_id: int) -> list[Event]:
        """Events that are newer than the one of this id."""
        return self._get("/events", EventPage, params={"after": last_id}).items

    def create_job(self, name: str, work_item_ids: Sequence[str], requested_by: str) -> Job:
        """Ask for work; asking again after a lost answer makes no second job."""
        body = {"name": name, "work_item_ids": list(work_item_ids), "requested_by": requested_by}
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return self._post("/jobs", Job, body, headers)

    def resume(self, robot_id: str, requested_by: str, reason: str) -> None:
        """Let a robot drive by itself.

        Raises:
            ApiError: the robot's supervisor refused; the message is the supervisor's.
        """
        self._act(f"/robots/{robot_id}/resume", requested_by, reason)

    def _act(self, path: str, requested_by: str, reason: str) -> dict[str, Any]:
        answer = self._send("POST", path, json={"requested_by": requested_by, "reason": reason}, timeout=SHORT)
        body: dict[str, Any] = answer.json()
        if not body.get("success", True):
            raise ApiError(f"{path}: {body.get('code')}: {body.get('message')}")
        return body

    def _get(self, path: str, kind: type[Answer], params: dict[str, Any] | None = None) -> Answer:
        return kind.model_validate(self._send("GET", path, params=params).json())

    def _post(self, path: str, kind: type[Answer], body: dict[str, Any], headers: dict[str, str]) -> Answer:
        return kind.model_validate(self._send("POST", path, json=body, headers=headers).json())

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        return send(self._http, method, path, **request)


def send(http: httpx.Client, method: str, path: str, **request: Any) -> httpx.Response:
    """One request; problem details of a refusal become the error's message."""
    try:
        response = http.request(method, path, **request)
    except httpx.TransportError as error:
        raise ApiUnreachable(f"no answer from the fleet manager to {method} {path}: {error}") from error
    if response.is_success:
        return response
    try:
        problem = response.json()
        detail = f"{problem['code']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        detail = response.text[:300]
    raise ApiError(f"{method} {path} was answered with {response.status_code}: {detail}")


def stop_all(base_url: str, requested_by: str, reason: str, timeout: float = SHORT) -> FleetActResult:
    """Remote stop of every robot, over a connection of its own so that any thread may call it."""
    with httpx.Client(base_url=base_url + PREFIX, timeout=timeout, trust_env=False) as http:
        answer = send(http, "POST", "/stop", json={"requested_by": requested_by, "reason": reason})
        return FleetActResult.model_validate(answer.json())
