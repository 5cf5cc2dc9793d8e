"""`sitefleet version`."""

from __future__ import annotations

import json
import platform
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def show(as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """Print the version of Sitefleet, and of the Python it runs on with --json."""
    from sitefleet.version import version

    if as_json:
        typer.echo(json.dumps({"sitefleet": version(), "python": platform.python_version()}))
    else:
        typer.echo(version())
