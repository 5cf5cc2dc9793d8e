"""Tasks, their attempts and as-built records."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from fleet_manager.api import schemas, views
from fleet_manager.api.context import ApiContext, Context
from fleet_manager.api.problems import declare
from fleet_manager.domain.errors import not_found
from fleet_manager.domain.work import TaskState

router = APIRouter(tags=["tasks"])
TaskId = Annotated[str, Path(description="the task's id")]
OfJob = Annotated[str | None, Query(description="only of this job")]
_CHANGES = {
    "pause": "Pause the task: its robot ends the step in hand, what is done stays done.",
    "resume": "Let the paused task go on, as a new attempt at what is still open.",
    "cancel": "Give the task up. What is done stays done.",
    "retry": "Try the open and deferred targets of an ended task again, by any robot.",
}


def _detail(context: ApiContext, task_id: str) -> schemas.TaskDetail:
    stored = context.queries.task(task_id)
    if stored is None:
        raise not_found("task", task_id)
    queries = context.queries
    return views.task_detail(stored, queries.attempts(task_id), queries.as_built(task_id=task_id))


@router.get("/tasks", operation_id="listTasks")
def list_tasks(
    context: Context,
    job_id: OfJob = None,
    state: Annotated[list[TaskState] | None, Query(description="only in these states")] = None,
) -> schemas.TaskList:
    """Tasks in the order of their jobs."""
    stored = context.queries.tasks(job_id, [s.value for s in state or ()])
    return schemas.TaskList(items=[views.task(t) for t in stored])


@router.get("/tasks/{task_id}", operation_id="getTask", responses=declare(HTTPStatus.NOT_FOUND))
def get_task(context: Context, task_id: TaskId) -> schemas.TaskDetail:
    """One task with its work item, attempts and as-built records."""
    return _detail(context, task_id)


@router.get("/as-built", operation_id="listAsBuilt")
def list_as_built(context: Context, job_id: OfJob = None) -> schemas.AsBuiltList:
    """As-built records in the order they were stored."""
    return schemas.AsBuiltList(items=[views.as_built(r) for r in context.queries.as_built(job_id)])


def _add_change(name: str, description: str) -> None:
    def change(context: Context, task_id: TaskId, body: schemas.ActRequest) -> schemas.TaskDetail:
        context.operations.change_task(task_id, name, body.requested_by, body.reason)
        return _detail(context, task_id)

    router.add_api_route(
        f"/tasks/{{task_id}}/{name}",
        change,
        methods=["POST"],
        operation_id=f"{name}Task",
        summary=f"{name.title()} a task",
        description=description,
        response_model=schemas.TaskDetail,
        responses=declare(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    )


for _name, _description in _CHANGES.items():
    _add_change(_name, _description)


@router.post(
    "/tasks/{task_id}/targets/{target_index}/decide",
    operation_id="decideTarget",
    responses=declare(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def decide_target(
    context: Context, task_id: TaskId, target_index: int, body: schemas.TargetDecision
) -> schemas.TaskDetail:
    """Say what became of a held target: one that a robot out of reach may or may not have built. Look first."""
    built = body.decision == "built"
    context.operations.decide_target(task_id, target_index, built, body.requested_by, body.reason)
    return _detail(context, task_id)
