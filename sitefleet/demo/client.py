"""The fleet manager's HTTP API as the demo needs it, with typed answers."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from fleet_manager.api.schemas import Event, EventPage, FleetActResult, Job, Robot, RobotList
from sitefleet.cli.api_client import PREFIX, Api, press_reset
from sitefleet.cli.exit_codes import CommandError, ExitCode

DOCS = f"{PREFIX}/docs"


class SiteClient:
    """The fleet manager of `instance` at `url`, never another one that has its address.

    Every method raises CommandError: UNREACHABLE without an answer, else REFUSED.
    """

    def __init__(self, url: str, instance: str) -> None:
        self._api = Api(url, instance=instance)

    def answers(self) -> bool:
        """Whether anybody answers, in whatever health."""
        try:
            self._api.get("/health")
        except CommandError as error:
            if error.code is ExitCode.UNREACHABLE:
                return False
            raise
        return True

    def robots(self) -> list[Robot]:
        """All robots the manager has met."""
        return RobotList.model_validate(self._api.get("/robots")).items

    def job(self, job_id: str) -> Job:
        """A job and how far it is."""
        return Job.model_validate(self._api.get(f"/jobs/{job_id}"))

    def events_after(self, last_id: int) -> list[Event]:
        """Events that are newer than the one of this id."""
        return EventPage.model_validate(self._api.get("/events", after=last_id)).items

    def create_job(self, name: str, work_item_ids: Sequence[str], requested_by: str) -> Job:
        """Ask for work; it is in the manager's store when this returns."""
        body = {"name": name, "work_item_ids": list(work_item_ids), "requested_by": requested_by}
        return Job.model_validate(self._api.post("/jobs", body, {"Idempotency-Key": str(uuid.uuid4())}))

    def act(self, robot_id: str, verb: str, requested_by: str, reason: str) -> None:
        """A person's `stop`, `reset` or `resume` of one robot; a supervisor's no is REFUSED."""
        if verb == "reset":
            press_reset(self._api, robot_id, requested_by, reason)
        else:
            self._api.post(f"/robots/{robot_id}/{verb}", {"requested_by": requested_by, "reason": reason})


def stop_all(url: str, instance: str, requested_by: str, reason: str) -> FleetActResult:
    """Remote stop of every robot of this manager, over a connection of its own so that any thread may call it."""
    answer = Api(url, instance=instance).post("/stop", {"requested_by": requested_by, "reason": reason})
    return FleetActResult.model_validate(answer)
