"""Battery: drained by what the robot does, charged at its home. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sim.embedded.readings import BatteryReading
from sim.sdf import Plugin, SdfError


@dataclass(frozen=True, slots=True)
class BatterySpec:
    """Ah, V, W, h; `dock_radius` in m; `efficiency` is the share of battery power that reaches the joints."""

    capacity: float
    full_voltage: float
    voltage_slope: float
    idle_power: float
    charging_time: float
    efficiency: float
    dock_radius: float

    @staticmethod
    def from_plugin(plugin: Plugin) -> BatterySpec:
        """From a LinearBatteryPlugin. Raises SdfError."""
        try:
            value = {key: float(values[0]) for key, values in plugin.parameters.items() if _is_number(key)}
            return BatterySpec(
                capacity=value["capacity"],
                full_voltage=value.get("open_circuit_voltage_constant_coef", value["voltage"]),
                voltage_slope=value.get("open_circuit_voltage_linear_coef", 0.0),
                idle_power=value["power_load"],
                charging_time=value.get("charging_time", 1.0),
                efficiency=value.get("drive_efficiency", 0.7),
                dock_radius=value.get("dock_radius", 0.3),
            )
        except (KeyError, ValueError) as error:
            raise SdfError(plugin.source, plugin.element, plugin.line, f"LinearBatteryPlugin: {error}") from error


def _is_number(key: str) -> bool:
    return key not in ("battery_name", "enable_recharge", "recharge_by_topic")


class Battery:
    """State of charge over simulated time. `time_scale` makes draining and charging faster than real."""

    def __init__(self, spec: BatterySpec, percentage: float = 1.0, time_scale: float = 1.0) -> None:
        """Start with `percentage` (0..1) of the capacity."""
        if not 0.0 <= percentage <= 1.0:
            raise ValueError(f"state of charge {percentage} is not within 0..1")
        self.spec = spec
        self.charge = percentage * spec.capacity
        self.charging = False
        self._scale = time_scale
        self._current = 0.0

    @property
    def empty(self) -> bool:
        """Nothing left to drive with."""
        return self.charge <= 0.0

    @property
    def voltage(self) -> float:
        """Open-circuit voltage, linear in the charge."""
        return self.spec.full_voltage + self.spec.voltage_slope * (1.0 - self.charge / self.spec.capacity)

    def update(self, dt: float, joint_power: float, docked: bool) -> None:
        """Advance by `dt` s with mechanical power `joint_power` (W) at the joints; docked: stands at its charger."""
        spec = self.spec
        self._current = -(spec.idle_power + joint_power / spec.efficiency) / self.voltage
        self.charging = docked and self.charge < spec.capacity
        if docked:
            # The charger also feeds the electronics; a full battery is floated.
            self._current = spec.capacity / spec.charging_time if self.charging else 0.0
        self.charge += self._current * dt / 3600.0 * self._scale
        self.charge = min(max(self.charge, 0.0), spec.capacity)

    def read(self) -> BatteryReading:
        """The battery as it reports itself."""
        return BatteryReading(
            voltage=self.voltage,
            current=self._current,
            charge=self.charge,
            capacity=self.spec.capacity,
            percentage=self.charge / self.spec.capacity,
            charging=self.charging,
        )
