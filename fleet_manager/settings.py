"""Settings of the fleet manager: one model, from the command line and a YAML file; an unknown one is an error."""

from __future__ import annotations

import argparse
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fleet_manager.operations.limits import Limits
from fleet_manager.traffic.settings import TrafficSettings


class SettingsError(Exception):
    """Settings that cannot be used; the message names them."""


class LimitSettings(BaseModel):
    """Limits of operations, s of wall time unless said otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lost_after: float = Field(default=3.0, gt=0.2, le=60, description="without a state of a robot it is lost")
    give_up_lost_after: float = Field(
        default=20.0, ge=1, le=86_400, description="a robot lost for so long gives its open targets to others"
    )
    give_up_stopped_after: float = Field(
        default=60.0, ge=1, le=86_400, description="a robot stopped for so long gives its open targets to others"
    )
    repeat_after: float = Field(
        default=3.0, ge=0.2, le=60, description="a goal or cancel without an answer is sent again"
    )
    max_failures: int = Field(default=3, ge=1, le=100, description="failed attempts before a task ends as failed")
    refusal_grace: float = Field(
        default=20.0, ge=0, le=86_400, description="a task no known robot can do waits so long for another robot"
    )
    charge_until: float = Field(default=0.8, gt=0, le=1, description="battery (0..1) that ends charging")
    remember_state_every: float = Field(default=5.0, ge=0.1, le=600, description="between writes of a robot's state")
    allocate_every: float = Field(default=1.0, ge=0.1, le=60, description="between allocations when nothing changes")
    push_zones_every: float = Field(
        default=1.0, ge=0.1, le=60, description="zones that a robot has not acknowledged are sent again"
    )
    startup_grace: float = Field(default=3.0, ge=0, le=60, description="wait for known robots before routes are given")

    def limits(self) -> Limits:
        """As operations take them."""
        return Limits(**self.model_dump())


class DetourSettings(BaseModel):
    """What to do where something that no plan knows stands in a robot's way, s of ROS time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reroute_after: float = Field(
        default=8.0, ge=1, le=3600, description="a robot obstructed for so long goes another way, if there is one"
    )
    closed_for: float = Field(
        default=45.0, ge=1, le=86_400, description="a place found blocked is kept out of plans for so long"
    )
    give_up_after: float = Field(
        default=60.0, ge=1, le=86_400, description="work that blocked places keep a robot from so long is deferred"
    )

    def traffic(self) -> TrafficSettings:
        """As traffic takes them."""
        return TrafficSettings(**self.model_dump())


class ManagerSettings(BaseModel):
    """What a fleet manager is started with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    site: Path = Field(description="folder of the site package")
    storey: str = Field(min_length=1, description="storey, by its name or folder")
    database: str = Field(
        default="sitefleet.db", min_length=1, description="file of the SQLite store, or a database URL"
    )
    evidence: str = Field(
        default="",
        description="file or database URL of the evidence log; empty: evidence.db beside an SQLite store, "
        "or the store's own database",
    )
    evidence_key: Path | None = Field(
        default=None, description="key that signs the evidence log's heads; made if absent, beside the log by default"
    )
    witness: Path | None = Field(
        default=None,
        description="second place for signed heads of the evidence log, better on another disk; beside it by default",
    )
    keys: Path | None = Field(
        default=None, description="folder of the robots' pairing keys; without one no heartbeat is answered"
    )
    host: str = Field(
        default="127.0.0.1",
        description="address to listen at; there is no authentication yet, so keep it on this machine",
    )
    port: int = Field(default=8080, ge=0, le=65_535, description="port to listen at, 0: any free one")
    instance: str = Field(
        default_factory=lambda: uuid.uuid4().hex,
        pattern="^[A-Za-z0-9._-]{1,64}$",
        description="name of this running manager; requests that name another one are refused (default: random)",
    )
    tick_hz: float = Field(default=10.0, ge=1, le=100, description="cycles of operations a second")
    log_level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="least level that is logged"
    )
    limits: LimitSettings = LimitSettings()
    detours: DetourSettings = DetourSettings()


def read_settings(arguments: Sequence[str]) -> ManagerSettings:
    """From command line arguments; what stands there goes before the file named by --settings.

    Raises SettingsError. Exits with help or usage as argparse does.
    """
    parser = argparse.ArgumentParser(
        prog="fleet_manager", description="Fleet manager: jobs, robots and as-built records of one storey."
    )
    parser.add_argument("--settings", type=Path, help="YAML file with any of these settings, `limits` and `detours`")
    for name, field in ManagerSettings.model_fields.items():
        if name not in {"limits", "detours"}:
            fixed = field.default_factory is None and not field.is_required()
            default = f" (default {field.default})" if fixed else ""
            parser.add_argument(f"--{name.replace('_', '-')}", dest=name, help=f"{field.description}{default}")
    given = vars(parser.parse_args(arguments))
    values = _read_file(given.pop("settings"))
    values.update((k, v) for k, v in given.items() if v is not None)
    try:
        return ManagerSettings.model_validate(values)
    except ValidationError as error:
        lines = [f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors()]
        raise SettingsError("\n".join(lines)) from error


def _read_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise SettingsError(f"{path} is not a mapping of settings")
    return values
