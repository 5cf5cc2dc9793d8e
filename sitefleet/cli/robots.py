"""`sitefleet robots`: look at the fleet, and a person's acts on it: remote stop, reset, resume."""

from __future__ import annotations

import getpass
import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from sitefleet.cli.api_client import DEFAULT_URL, Api, press_reset
from sitefleet.cli.exit_codes import CommandError, ExitCode
from sitefleet.cli.options import Json, Url

app = typer.Typer(no_args_is_help=True)

RobotId = Annotated[str, typer.Argument(help="Id of the robot, as `sitefleet robots list` shows it.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the event.")]


@app.callback()
def robots() -> None:
    """Look at the fleet of a running manager, and stop, reset or resume robots. Its address: --url, or SITEFLEET_URL.

    Example: sitefleet robots resume driller_1 --reason "area is clear"
    """


@app.command("list")
def list_robots(url: Url = DEFAULT_URL, as_json: Json = False) -> None:
    """List every robot the manager has met, also those that are offline."""
    items = Api(url).get("/robots")["items"]
    if as_json:
        typer.echo(json.dumps(items))
        return
    table = Table("robot", "model", "online", "safety", "activity", "task", "battery", "x", "y")
    for robot in items:
        table.add_row(
            robot["id"],
            robot["model"],
            "yes" if robot["online"] else "no",
            f"{robot['safety_state']}: {robot['safety_reason']}" if robot["safety_reason"] else robot["safety_state"],
            robot["activity"],
            robot["task_id"] or "",
            f"{robot['battery']:.0%}",
            f"{robot['pose']['x']:.2f}",
            f"{robot['pose']['y']:.2f}",
        )
    Console().print(table if items else "no robots yet")


@app.command()
def stop(
    robot_id: Annotated[str | None, typer.Argument(help="Id of the robot; none: all of them.")] = None,
    reason: Reason = "",
    url: Url = DEFAULT_URL,
    as_json: Json = False,
) -> None:
    """Remote stop of one robot, or of all. It latches: leaving it takes a reset, and then a resume.

    This is no emergency stop: it needs the network. Exit code 1 when a robot did not confirm.
    """
    _report(_act(url, f"/robots/{robot_id}/stop" if robot_id else "/stop", reason), as_json)


@app.command()
def reset(robot_id: RobotId, reason: Reason = "", url: Url = DEFAULT_URL, as_json: Json = False) -> None:
    """Press and release the reset of a latched stop whose cause is gone. The robot is on hold then; nothing moves."""
    _report(press_reset(Api(url), robot_id, getpass.getuser(), reason), as_json)


@app.command()
def hold(robot_id: RobotId, reason: Reason = "", url: Url = DEFAULT_URL, as_json: Json = False) -> None:
    """Let a robot hold: it stands until it is resumed. Unlike a stop this latches nothing."""
    _report(_act(url, f"/robots/{robot_id}/hold", reason), as_json)


@app.command()
def resume(robot_id: RobotId, reason: Reason = "", url: Url = DEFAULT_URL, as_json: Json = False) -> None:
    """Let a robot that is on hold drive by itself. Look first: this may start motion."""
    _report(_act(url, f"/robots/{robot_id}/resume", reason), as_json)


def _act(url: str, path: str, reason: str) -> Any:
    return Api(url).post(path, {"requested_by": getpass.getuser(), "reason": reason})


def _report(answer: Any, as_json: bool) -> None:
    """One line a robot; a robot that did not confirm makes exit code 1."""
    results = answer.get("results", [answer])
    if as_json:
        typer.echo(json.dumps(answer))
    else:
        for result in results:
            done = "done" if result["success"] else f"NOT DONE ({result['code']})"
            typer.echo(f"{result['robot_id']}: {done}: {result['message']}")
    failed = [result["robot_id"] for result in results if not result["success"]]
    if failed:
        raise CommandError(f"not confirmed by {', '.join(failed)}", ExitCode.FAILED)
