"""`sitefleet jobs`: make jobs, look at them, pause, resume, cancel and retry them, over the manager's HTTP API."""

from __future__ import annotations

import getpass
import json
import time
import uuid
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from sitefleet.cli.api_client import DEFAULT_URL, Api
from sitefleet.cli.exit_codes import CommandError, ExitCode
from sitefleet.cli.options import Json, Url

app = typer.Typer(no_args_is_help=True)

ENDED = frozenset({"succeeded", "deferred", "failed", "canceled"})
WATCH_PERIOD = 1.0  # s

JobId = Annotated[str, typer.Argument(help="Id of the job, as `sitefleet jobs list` shows it.")]


@app.callback()
def jobs() -> None:
    """Talk to a running fleet manager. Its address: --url, or SITEFLEET_URL.

    Example: sitefleet jobs create "Ceiling anchors, Level 1" --trade drill --watch
    """


@app.command("list")
def list_jobs(url: Url = DEFAULT_URL, as_json: Json = False) -> None:
    """List all jobs, newest first."""
    items = Api(url).get("/jobs")["items"]
    if as_json:
        typer.echo(json.dumps(items))
        return
    table = Table("id", "name", "state", "done", "deferred", "open", "of")
    for job in items:
        counts = job["targets"]
        figures = (str(counts[key]) for key in ("done", "deferred", "open", "total"))
        table.add_row(job["id"], job["name"], job["state"], *figures)
    Console().print(table if items else "no jobs yet; make one with `sitefleet jobs create`")


@app.command()
def show(job_id: JobId, url: Url = DEFAULT_URL, as_json: Json = False) -> None:
    """Show one job and its tasks; their ids are in --json."""
    api = Api(url)
    job = api.get(f"/jobs/{job_id}")
    tasks = api.get("/tasks", job_id=job_id)["items"]
    if as_json:
        typer.echo(json.dumps({**job, "task_list": tasks}))
        return
    console = Console()
    console.print(_line(job), highlight=False)
    table = Table("trade", "title", "state", "robot", "attempt", "done", "of", "message")
    for task in tasks:
        counts = task["targets"]
        table.add_row(
            task["trade"],
            task["title"],
            task["state"],
            task["robot_id"] or "",
            str(task["attempt"]),
            str(counts["done"]),
            str(counts["total"]),
            task["message"],
        )
    console.print(table)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="A name that says what the job is for.")],
    items: Annotated[list[str] | None, typer.Option("--item", help="Work item id; may be repeated.")] = None,
    trades: Annotated[list[str] | None, typer.Option("--trade", help="drill, transport, inspect; repeatable.")] = None,
    zones: Annotated[list[str] | None, typer.Option("--zone", help="Zone id; may be repeated.")] = None,
    priority: Annotated[int, typer.Option(min=0, max=100, help="Higher goes first.")] = 50,
    watch: Annotated[bool, typer.Option("--watch", help="Wait until it has ended; the exit code tells how.")] = False,
    url: Url = DEFAULT_URL,
    as_json: Json = False,
) -> None:
    """Make a job of the site's work items; the filters narrow one another, none takes everything.

    Example: sitefleet jobs create "Drops for the kitchen" --trade transport --zone 0BTBFw6f90Nfh9rP1dlXr2
    """
    api = Api(url)
    body = {
        "name": name,
        "work_item_ids": items or [],
        "trades": trades or [],
        "zones": zones or [],
        "priority": priority,
        "requested_by": getpass.getuser(),
    }
    # A key of its own, so that a repetition below the HTTP layer makes no second job.
    job = api.post("/jobs", body, {"Idempotency-Key": str(uuid.uuid4())})
    _finish(api, job, watch, as_json)


@app.command()
def watch(job_id: JobId, url: Url = DEFAULT_URL, as_json: Json = False) -> None:
    """Wait until a job has ended. Exit code 0 when all of it was done, 1 when something was not."""
    api = Api(url)
    _finish(api, api.get(f"/jobs/{job_id}"), True, as_json)


@app.command()
def pause(job_id: JobId, reason: str = "", url: Url = DEFAULT_URL, as_json: Json = False) -> None:
    """Pause a job: robots end the step in hand, then wait."""
    _act("pause", job_id, reason, url, as_json)


@app.command()
def resume(job_id: JobId, reason: str = "", url: Url = DEFAULT_URL, as_json: Json = False) -> None:
    """Go on with a paused job."""
    _act("resume", job_id, reason, url, as_json)


@app.command()
def cancel(job_id: JobId, reason: str = "", url: Url = DEFAULT_URL, as_json: Json = False) -> None:
    """Cancel a job: robots end the step in hand, what was built stays recorded."""
    _act("cancel", job_id, reason, url, as_json)


@app.command()
def retry(job_id: JobId, reason: str = "", url: Url = DEFAULT_URL, as_json: Json = False) -> None:
    """Try again what a job left open or deferred; what is done is not done twice."""
    _act("retry", job_id, reason, url, as_json)


def _act(verb: str, job_id: str, reason: str, url: str, as_json: bool) -> None:
    api = Api(url)
    _finish(
        api, api.post(f"/jobs/{job_id}/{verb}", {"requested_by": getpass.getuser(), "reason": reason}), False, as_json
    )


def _finish(api: Api, job: dict[str, Any], watching: bool, as_json: bool) -> None:
    """Print the job, at every change when watching; a watched job that was not all done is exit code 1."""
    console = Console()
    shown = ""
    while True:
        if not as_json and _line(job) != shown:
            shown = _line(job)
            console.print(shown, highlight=False)
        if not watching or job["state"] in ENDED:
            break
        time.sleep(WATCH_PERIOD)
        job = api.get(f"/jobs/{job['id']}")
    if as_json:
        typer.echo(json.dumps(job))
    if watching and job["state"] != "succeeded":
        raise CommandError(f"job {job['id']} ended as {job['state']}", ExitCode.FAILED)


def _line(job: dict[str, Any]) -> str:
    counts = job["targets"]
    return (
        f"{job['id']}  {job['name']}: {job['state']}, {counts['done']} of {counts['total']} targets done, "
        f"{counts['deferred']} deferred, {counts['open']} open"
    )
