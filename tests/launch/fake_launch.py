"""Stand-ins for `launch` and `launch_ros` that record what launch files build; ROS' own are not on PyPI.

They accept only the arguments that today's ROS accepts where the launch files use them, so a misspelt one fails.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class LaunchDescription:
    entities: list[Any]


@dataclass
class DeclareLaunchArgument:
    name: str
    default_value: str | None = None
    description: str | None = None
    choices: Iterable[str] | None = None


@dataclass
class OpaqueFunction:
    function: Callable[[Any], list[Any] | None]


@dataclass
class LaunchConfiguration:
    name: str

    def perform(self, context: dict[str, str]) -> str:
        return context[self.name]


@dataclass
class PathJoinSubstitution:
    parts: list[Any]


@dataclass
class FindPackageShare:
    package: str


@dataclass
class PythonLaunchDescriptionSource:
    location: Any


@dataclass
class IncludeLaunchDescription:
    source: PythonLaunchDescriptionSource
    launch_arguments: Iterable[tuple[str, str]] = ()

    def __post_init__(self) -> None:
        self.launch_arguments = dict(self.launch_arguments)


@dataclass
class AppendEnvironmentVariable:
    name: str
    value: str


@dataclass
class ParameterValue:
    value: Any
    value_type: type | None = None


@dataclass(kw_only=True)
class Node:
    package: str
    executable: str
    name: str | None = None
    namespace: str = ""
    arguments: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)
    additional_env: dict[str, str] = field(default_factory=dict)
    output: str = "log"
    emulate_tty: bool = False

    def plain_parameters(self) -> dict[str, Any]:
        given = next((entry for entry in self.parameters if isinstance(entry, dict)), {})
        return {name: value.value if isinstance(value, ParameterValue) else value for name, value in given.items()}


MODULES: dict[str, tuple[type, ...]] = {
    "launch": (LaunchDescription,),
    "launch.actions": (
        AppendEnvironmentVariable,
        DeclareLaunchArgument,
        IncludeLaunchDescription,
        OpaqueFunction,
    ),
    "launch.launch_description_sources": (PythonLaunchDescriptionSource,),
    "launch.substitutions": (LaunchConfiguration, PathJoinSubstitution),
    "launch_ros": (),
    "launch_ros.actions": (Node,),
    "launch_ros.parameter_descriptions": (ParameterValue,),
    "launch_ros.substitutions": (FindPackageShare,),
}


def install(set_module: Callable[[dict[str, Any], str, Any], None]) -> None:
    """Put the stand-ins where `import launch` finds them; `set_module` is monkeypatch.setitem."""
    for name, classes in MODULES.items():
        module = types.ModuleType(name)
        for each in classes:
            setattr(module, each.__name__, each)
        set_module(sys.modules, name, module)


def run_launch_file(file: Path, **given: str) -> list[Any]:
    """The actions a launch file builds for these arguments; an unknown or missing argument is an error."""
    scope: dict[str, Any] = {"__name__": file.stem, "__file__": str(file)}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), scope)
    description = scope["generate_launch_description"]()
    context: dict[str, str] = {}
    for argument in (entity for entity in description.entities if isinstance(entity, DeclareLaunchArgument)):
        value = given.pop(argument.name, argument.default_value)
        if value is None:
            raise LookupError(f"{file.name}: argument {argument.name} is required")
        context[argument.name] = value
    if given:
        raise LookupError(f"{file.name}: no argument {', '.join(given)}")
    actions: list[Any] = []
    for opaque in (entity for entity in description.entities if isinstance(entity, OpaqueFunction)):
        actions += opaque.function(context) or []
    return actions
