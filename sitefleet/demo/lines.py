"""The view as plain lines for logs and pipes: one when something changes enough, and every event."""

from __future__ import annotations

from dataclasses import dataclass

from fleet_manager.analytics.wording import clock
from sitefleet.demo.view import View

EVERY = 5.0
"""s of wall time between two lines of progress."""


@dataclass(slots=True)
class LineWriter:
    """Turns views into lines; remembers what was said last."""

    last: float = -EVERY
    stage: str = ""
    events_said: int = 0

    def lines(self, view: View) -> list[str]:
        """Lines that are due now."""
        said = []
        stamp = f"[{view.wall_seconds:6.1f} s]"
        if view.stage != self.stage:
            self.stage = view.stage
            said.append(f"{stamp} {view.stage}")
        fresh = view.event_count - self.events_said
        said += [f"{stamp} {text}" for text in (view.events[-fresh:] if fresh else ())]
        self.events_said = view.event_count
        if view.overall is not None and view.wall_seconds - self.last >= EVERY:
            self.last = view.wall_seconds
            said.append(f"{stamp} {progress_line(view)}")
        return said


def progress_line(view: View) -> str:
    """How far everything is, on one line."""
    parts = [f"{bar.label} {bar.done + bar.deferred}/{bar.total}" for bar in view.trades]
    robots = [f"{r.robot_id} {r.doing} ({r.safety}, {r.battery:.0%})" for r in view.robots]
    share = view.overall.share if view.overall else 0.0
    time = f"site time {clock(view.site_seconds)}, {view.sim_speed:.1f}x"
    return " | ".join([f"{share:4.0%}", ", ".join(parts), ", ".join(robots), time])
