"""Numbers of the reservation traffic."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrafficSettings:
    """Lengths in m, times in s, speeds in m/s."""

    margin: float = 0.10
    """Free space between what two robots hold, beyond their turning radii: twice the allowed deviation."""
    deviation: float = 0.05
    narrow_deviation: float = 0.02
    """m beside the line where walls are near: there a robot cuts no corner."""
    """How far a robot may be from the line of its route."""
    ahead: float = 2.0
    """The base is extended when less than this is in front of the robot."""
    lookahead: float = 3.5
    """The base never ends farther ahead, unless a robot has to pass a whole one-lane place at once."""
    longest: float = 14.0
    """Longest such place."""
    bootstrap: float = 0.5
    """A robot without a route belongs to the nearest node within this."""
    bootstrap_slow: float = 1.0
    """... or within this, if nothing is nearer: its first step is driven slowly."""
    slow: float = 0.2
    """Speed of that step."""
    settle: float = 3.0
    """After start nothing is released for at most this long while a robot of the fleet has not been heard."""
    lost_after: float = 3.0
    """A robot not heard for this long is lost: it holds what it held."""
    hold_patience: float = 5.0
    """A robot in HOLD for longer counts as an obstacle."""
    stop_patience: float = 20.0
    """The same for a protective stop."""
    patience: float = 2.0
    """A robot that cannot go on looks for another way after this long."""
    yield_patience: float = 4.0
    """... and asks others to make room after this long."""
    resend_after: float = 3.0
    """A route that the robot has not reported after this long is sent again."""
    plans_per_step: int = 3
    """Ways looked for in one step at most; the others wait for the next one, so that no step takes long."""
    reroute_after: float = 8.0
    """ROS time for which a robot's way must be obstructed by the same thing before the place is closed."""
    closed_for: float = 45.0
    """ROS time for which a place stays closed after it was last seen to be; twice as long where it is found blocked
    again."""
    give_up_after: float = 60.0
    """ROS time for which closed places may keep a robot from its goal before the work there is to be deferred."""
