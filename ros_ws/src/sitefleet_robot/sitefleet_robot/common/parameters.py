"""Parameters of a node from one table: default, range, unit and help text in one place.

A value out of its range, of a wrong type, or a name that the table does not have stops the node at its start with
an error that names it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node

ParameterValue = bool | int | float | str

_FOREIGN_PREFIXES = ("use_sim_time", "start_type_description_service", "qos_overrides.")
"""Parameters that rclpy itself declares on a node."""


class ParameterError(ValueError):
    """A parameter of a node is unknown, of a wrong type or out of its range."""


@dataclass(frozen=True)
class ParameterSpec:
    """One parameter. `unit` is an SI unit or empty; limits are inclusive and in that unit."""

    name: str
    default: ParameterValue
    description: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest value allowed, infinite where there is no limit."""
        return (
            -math.inf if self.minimum is None else self.minimum,
            math.inf if self.maximum is None else self.maximum,
        )

    def check(self, value: Any) -> ParameterValue:
        """The value in the parameter's type; an integer is accepted for a float. Raises ParameterError."""
        wanted = type(self.default)
        if wanted is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not wanted:
            raise ParameterError(f"{self.name}: {value!r} is a {type(value).__name__}, expected a {wanted.__name__}")
        if isinstance(value, float) and not math.isfinite(value):
            raise ParameterError(f"{self.name}: {value!r} is not a finite number")
        if self.choices and value not in self.choices:
            raise ParameterError(f"{self.name}: {value!r} is not one of {', '.join(self.choices)}")
        low, high = self.limits
        if isinstance(value, (int, float)) and not low <= value <= high:
            raise ParameterError(f"{self.name}: {value!r} is outside of {low} to {high} {self.unit}".strip())
        return value

    def descriptor(self) -> ParameterDescriptor:
        """The ROS descriptor. Read-only: parameters are fixed at the start of a node."""
        unit = f" [{self.unit}]" if self.unit else ""
        constraints = f"one of {', '.join(self.choices)}" if self.choices else ""
        result = ParameterDescriptor(
            name=self.name, description=self.description + unit, read_only=True, additional_constraints=constraints
        )
        low, high = self.limits
        if isinstance(self.default, bool) or (self.minimum is None and self.maximum is None):
            return result
        if isinstance(self.default, float):
            result.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
        elif isinstance(self.default, int):
            bound = 2**63 - 1
            result.integer_range = [
                IntegerRange(from_value=int(max(low, -bound)), to_value=int(min(high, bound)), step=1)
            ]
        return result


class Parameters(Mapping[str, ParameterValue]):
    """Checked values by name, read by type."""

    def __init__(self, values: Mapping[str, ParameterValue]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> ParameterValue:
        return self._values[name]

    def __iter__(self) -> Any:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def real(self, name: str) -> float:
        """A float parameter."""
        return float(self._values[name])

    def integer(self, name: str) -> int:
        """An integer parameter."""
        return int(self._values[name])

    def text(self, name: str) -> str:
        """A string parameter."""
        return str(self._values[name])

    def flag(self, name: str) -> bool:
        """A boolean parameter."""
        return bool(self._values[name])


def check_values(specs: Iterable[ParameterSpec], given: Mapping[str, Any]) -> Parameters:
    """Defaults overlaid with what was given. Raises ParameterError with every fault found, not only the first."""
    table = {spec.name: spec for spec in specs}
    values: dict[str, ParameterValue] = {}
    faults = [f"{name}: unknown parameter" for name in given if name not in table]
    for spec in table.values():
        try:
            values[spec.name] = spec.check(given.get(spec.name, spec.default))
        except ParameterError as fault:
            faults.append(str(fault))
    if faults:
        raise ParameterError("; ".join(faults))
    return Parameters(values)


def declare(node: Node, specs: Iterable[ParameterSpec]) -> Parameters:
    """Declare the table on a node and return the checked values.

    The node must have been made with `automatically_declare_parameters_from_overrides=True`: only so does it know
    the names it was given that nobody declares. Raises ParameterError.
    """
    table = tuple(specs)
    overrides = {
        name: parameter.value
        for name, parameter in node.get_parameters_by_prefix("").items()
        if not name.startswith(_FOREIGN_PREFIXES)
    }
    try:
        values = check_values(table, overrides)
    except ParameterError as fault:
        raise ParameterError(f"{node.get_fully_qualified_name()}: {fault}") from None
    for name in overrides:
        node.undeclare_parameter(name)
    for spec in table:
        try:
            # The checked value, not the raw override: an integer in the YAML file is fine for a float parameter.
            node.declare_parameter(spec.name, values[spec.name], spec.descriptor(), ignore_override=True)
        except (InvalidParameterTypeException, InvalidParameterValueException) as fault:
            raise ParameterError(f"{node.get_fully_qualified_name()}: {fault}") from fault
    return values
