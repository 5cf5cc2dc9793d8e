"""What a person may vary about the demo."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sitefleet.demo.errors import DemoArgumentError

KINDS = ("driller", "hauler", "inspector")
"""Models of the demo's robots, in this order and then again."""
MAX_ROBOTS = 12
SPEEDS = (0.1, 50.0)
SPACINGS = (0.3, 10.0)


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """Options of one demo; `anchor_spacing` in m.

    `port` and `domain_id` None: the next free one is taken. `time_limit` in s of wall time.
    """

    site: Path
    storey: str
    robots: int = 3
    speed: float = 6.0
    seed: int = 1
    headless: bool = False
    exit_when_done: bool = True
    out: Path = Path("runs")
    port: int | None = None
    domain_id: int | None = None
    people: int = 1
    obstruction: bool = True
    anchor_spacing: float = 1.5
    trades: tuple[str, ...] = field(default=())
    zones: tuple[str, ...] = field(default=())
    max_items: int | None = None
    time_limit: float | None = None

    def check(self) -> None:
        """Refuse what cannot work.

        Raises:
            DemoArgumentError: names the option.
        """
        if not self.site.is_file():
            raise DemoArgumentError(f"--site: there is no file {self.site}")
        if not 1 <= self.robots <= MAX_ROBOTS:
            raise DemoArgumentError(f"--robots: {self.robots} is not between 1 and {MAX_ROBOTS}")
        if not SPEEDS[0] <= self.speed <= SPEEDS[1]:
            raise DemoArgumentError(f"--speed: {self.speed:g} is not between {SPEEDS[0]:g} and {SPEEDS[1]:g}")
        if not SPACINGS[0] <= self.anchor_spacing <= SPACINGS[1]:
            raise DemoArgumentError(
                f"--anchor-spacing: {self.anchor_spacing:g} m is not between {SPACINGS[0]:g} and {SPACINGS[1]:g}"
            )
        if self.people < 0:
            raise DemoArgumentError(f"--people: {self.people} is less than 0")
        if self.max_items is not None and self.max_items < 1:
            raise DemoArgumentError(f"--max-items: {self.max_items} is less than 1")
        if self.time_limit is not None and not self.time_limit > 0.0:
            raise DemoArgumentError(f"--time-limit: {self.time_limit:g} is not above 0")
        if self.domain_id is not None and not 0 <= self.domain_id <= 101:
            raise DemoArgumentError(f"--domain-id: {self.domain_id} is not between 0 and 101")

    def robot_wishes(self) -> tuple[str, ...]:
        """`ID:MODEL` of every robot: driller, hauler, inspector, driller_2, ..."""
        wishes = []
        for number in range(self.robots):
            model, turn = KINDS[number % len(KINDS)], number // len(KINDS) + 1
            wishes.append(f"{model if turn == 1 else f'{model}_{turn}'}:{model}")
        return tuple(wishes)
