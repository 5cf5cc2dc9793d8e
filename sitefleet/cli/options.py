"""Arguments and options that several sub-commands share, so that they read and mean the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

SiteFolder: TypeAlias = Annotated[
    Path, typer.Argument(help="Site package, made by `sitefleet site import`.", exists=True, file_okay=False)
]
Storey: TypeAlias = Annotated[str | None, typer.Option(help="Storey of the site; not needed when it has only one.")]
RunFolder: TypeAlias = Annotated[Path, typer.Option("--run", help="Folder for logs, robots' disks and the store.")]
Keys: TypeAlias = Annotated[
    Path, typer.Option("--keys", help="Folder of the manager's copies of the robots' pairing keys.")
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Url: TypeAlias = Annotated[str, typer.Option(envvar="SITEFLEET_URL", help="Address of the fleet manager.")]
