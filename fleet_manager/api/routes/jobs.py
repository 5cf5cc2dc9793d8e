"""Jobs: accept work, and pause, resume, cancel or retry all of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Path, Response

from fleet_manager.api import schemas, views
from fleet_manager.api.context import ApiContext, Context
from fleet_manager.api.problems import declare
from fleet_manager.domain.errors import not_found
from fleet_manager.operations.requests import JobOrder

router = APIRouter(tags=["jobs"])
JobId = Annotated[str, Path(description="the job's id")]
_CHANGES = {
    "pause": "Pause every unfinished task: robots end the step in hand, what is done stays done.",
    "resume": "Let paused tasks go on, as new attempts at what is still open.",
    "cancel": "Give the unfinished tasks up. What is done stays done.",
    "retry": "Try failed, canceled and deferred targets of ended tasks again.",
}


def _job(context: ApiContext, job_id: str) -> schemas.Job:
    summary = context.queries.job(job_id)
    if summary is None:
        raise not_found("job", job_id)
    return views.job(summary)


@router.post(
    "/jobs",
    operation_id="createJob",
    status_code=HTTPStatus.CREATED,
    responses={
        200: {"model": schemas.Job, "description": "The job this idempotency key has made before"},
        **declare(HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
    },
)
def create_job(
    context: Context,
    response: Response,
    body: schemas.JobRequest,
    idempotency_key: Annotated[
        str | None,
        Header(min_length=1, max_length=200, description="a request sent again with the same key makes no second job"),
    ] = None,
) -> schemas.Job:
    """Accept work. When this answers, the job is on the disk. No work item is ever in two unfinished jobs, and
    targets that earlier jobs have built are not built again.
    """
    order = JobOrder(
        name=body.name,
        requested_by=body.requested_by,
        work_item_ids=tuple(body.work_item_ids),
        trades=tuple(body.trades),
        zones=tuple(body.zones),
        priority=body.priority,
    )
    job, new = context.operations.create_job(order, idempotency_key)
    response.status_code = HTTPStatus.CREATED if new else HTTPStatus.OK
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return _job(context, job.id)


@router.get("/jobs", operation_id="listJobs")
def list_jobs(context: Context) -> schemas.JobList:
    """Jobs with their progress, newest first."""
    return schemas.JobList(items=[views.job(s) for s in context.queries.jobs()])


@router.get("/jobs/{job_id}", operation_id="getJob", responses=declare(HTTPStatus.NOT_FOUND))
def get_job(context: Context, job_id: JobId) -> schemas.Job:
    """One job with its progress."""
    return _job(context, job_id)


def _add_change(name: str, description: str) -> None:
    def change(context: Context, job_id: JobId, body: schemas.ActRequest) -> schemas.Job:
        context.operations.change_job(job_id, name, body.requested_by, body.reason)
        return _job(context, job_id)

    router.add_api_route(
        f"/jobs/{{job_id}}/{name}",
        change,
        methods=["POST"],
        operation_id=f"{name}Job",
        summary=f"{name.title()} a job",
        description=description,
        response_model=schemas.Job,
        responses=declare(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    )


for _name, _description in _CHANGES.items():
    _add_change(_name, _description)
