"""Messages of the newer inputs to the core's values: zones, people, attitude, heartbeats. Nothing is decided here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sitefleet_interfaces.msg import Permit as PermitMessage

from sitefleet_robot.safety.ground import Permit, Zone, ZoneKind, ZoneSet, ZoneSetError
from sitefleet_robot.safety.messages import largest_sigma
from sitefleet_robot.safety.muting import MuteRequest
from sitefleet_robot.safety.separation import Person
from sitefleet_robot.safety.values import Attitude, People, ToolFault

_XX, _XY, _YY = 0, 1, 4
"""Indices of x and y in a 3 x 3 covariance."""
UNKNOWN_SIGMA = 1.0
"""m; a person whose place is less certain is somewhere near where he was seen."""


def _moment(stamp: Any, open_end: float) -> float:
    seconds = stamp.sec + 1e-9 * stamp.nanosec
    return seconds if seconds else open_end


def zones_of(message: Any) -> ZoneSet:
    """A ZoneSet. Raises ZoneSetError for a kind that is not known: what it forbids cannot be guessed."""
    zones = []
    for z in message.zones:
        try:
            kind = ZoneKind(z.kind)
        except ValueError:
            raise ZoneSetError("unknown_kind", f"zone {z.zone_id} is of kind {z.kind}, which is not known") from None
        corners = np.array([(p.x, p.y) for p in z.polygon.points], dtype=np.float64).reshape(-1, 2)
        since, until = _moment(z.valid_from, 0.0), _moment(z.valid_to, math.inf)
        zones.append(Zone(z.zone_id, z.name, kind, corners, z.speed_limit, since, until))
    permits = tuple(
        Permit(
            p.permit_id,
            frozenset(p.zone_ids),
            frozenset(p.robot_ids),
            p.state == PermitMessage.VALID,
            _moment(p.valid_from, 0.0),
            _moment(p.valid_to, math.inf),
        )
        for p in message.permits
    )
    return ZoneSet(message.version, message.map_id, tuple(zones), permits)


def people_of(message: Any) -> People:
    """PersonTracks, in the map frame. A covariance that is no number is a person who may be anywhere near."""
    now = _moment(message.header.stamp, 0.0)
    return People(tuple(_person(track, now) for track in message.tracks))


def _person(track: Any, now: float) -> Person:
    covariance = track.position_covariance
    sigma = largest_sigma(float(covariance[_XX]), float(covariance[_XY]), float(covariance[_YY]))
    velocity = (track.velocity.x, track.velocity.y)
    known = all(math.isfinite(v) for v in velocity)
    place = (track.position.x, track.position.y)
    age = max(0.0, now - _moment(track.last_seen, now))
    return Person(track.track_id, *place, velocity if known else None, min(sigma, UNKNOWN_SIGMA), age)


def attitude_of(message: Any) -> Attitude:
    """Lean from the vertical by an Imu's orientation; one that is not given says nothing."""
    q = message.orientation
    if message.orientation_covariance[0] < 0.0:
        return Attitude(0.0)
    upright = 1.0 - 2.0 * (q.x * q.x + q.y * q.y)
    return Attitude(math.acos(max(-1.0, min(1.0, upright))) if math.isfinite(upright) else math.inf)


def mute_of(request: Any) -> MuteRequest:
    """A request to mute a field."""
    return MuteRequest(request.field, request.reason, request.requested_by, request.co_signed_by, request.duration)


def tool_fault_of(message: Any) -> ToolFault:
    """What the executor says of its tool."""
    return ToolFault(message.data)
