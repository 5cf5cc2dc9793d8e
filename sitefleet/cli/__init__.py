"""The `sitefleet` command line: one module a sub-command, imported only when it is used.

A sub-command is added by adding its module with an `app: typer.Typer` and one line to COMMANDS.
"""

from __future__ import annotations

import importlib
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from sitefleet.cli.exit_codes import CommandError, ExitCode

# name: (module, one line of help)
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("sitefleet.cli.demo", "Import a building model and let simulated robots do its work, start to end."),
    "site": ("sitefleet.cli.site", "Turn a building model into a site package, and look at one."),
    "sim": ("sitefleet.cli.sim", "Run the embedded simulator for a site, with robots parked at home."),
    "robot": ("sitefleet.cli.robot", "Run the processes of one robot: safety supervisor and autonomy."),
    "manager": ("sitefleet.cli.manager", "Run the fleet manager with its HTTP API."),
    "jobs": ("sitefleet.cli.jobs", "Talk to a running manager: make jobs, watch, pause, resume, cancel, retry."),
    "robots": ("sitefleet.cli.robots", "Look at the fleet of a running manager; remote stop, reset, resume."),
    "report": ("sitefleet.cli.report", "Write the report of a run folder again."),
    "log": ("sitefleet.cli.log", "Check the evidence log, prove and export records, report an incident."),
    "doctor": ("sitefleet.cli.doctor", "Tell which ROS was found, what is missing, and what to do about it."),
    "version": ("sitefleet.cli.version", "Print the version."),
}

EPILOG = """
[b]A first look[/b]: sitefleet demo

[b]Step by step[/b]: sitefleet site import MODEL.ifc --storey NAME --out site

Then, in a terminal each: sitefleet sim site | sitefleet robot site d1:driller | sitefleet manager site

And then: sitefleet robots resume d1, and sitefleet jobs create "ceiling anchors" --trade drill

[b]Something does not work[/b]: sitefleet doctor

[b]Exit codes[/b]: 0 done; 1 work left undone, or a process died; 2 wrong options; 3 input that cannot be used;
4 something is not installed; 5 the manager does not answer; 6 the manager refused; 130 Ctrl-C
"""
COMPLETION_OPTIONS = frozenset({"install_completion", "show_completion"})


class LazyGroup(TyperGroup):
    """Knows its commands by name and help, and imports a command's module only to run it or to show its help."""

    listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        """The names in the table's order."""
        return list(COMMANDS)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Help of the whole command: from the table alone, so that it is quick."""
        self.listing = True
        super().format_help(ctx, formatter)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name; None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, summary = COMMANDS[cmd_name]
        if self.listing:
            return TyperCommand(cmd_name, help=summary)
        command = typer.main.get_command(importlib.import_module(module).app)
        command.name = cmd_name
        # A sub-command is an app of its own only for the sake of lazy imports; completion belongs to the whole.
        command.params = [option for option in command.params if option.name not in COMPLETION_OPTIONS]
        return command


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, epilog=EPILOG, rich_markup_mode="rich")


def _print_version(wanted: bool) -> None:
    if wanted:
        from sitefleet.version import version

        typer.echo(version())
        raise typer.Exit


@app.callback()
def root(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Sitefleet: from the building model to as-built records, with a fleet of construction robots on ROS 2."""


def main() -> None:
    """The console script: known errors end with one line and their exit code, never with a traceback."""
    try:
        app(prog_name="sitefleet")
    except CommandError as error:
        typer.secho(f"error: {error}", err=True, fg=typer.colors.RED)
        sys.exit(error.code)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
