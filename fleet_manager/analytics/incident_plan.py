"""Where it happened: the floor plan around the event with the ways of robot and people, and its place on the storey."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from fleet_manager.analytics.incident_motion import corners, hull_distance
from fleet_manager.analytics.incident_values import Area, Pose, RecordingView
from fleet_manager.analytics.markup import Child, Markup, points, tag
from fleet_manager.analytics.sheet import BORDER, WIDTH, Point, Sheet
from fleet_manager.analytics.values import PlanFeature, StoreyPlan

BEFORE, AFTER = 15.0, 10.0
"""s of way that are drawn."""
MARGIN = 2.0
"""m around what is drawn."""
WIDEST, NARROWEST = 26.0, 8.0
"""m that the plan shows across, at most and at least."""
ASPECT = 2.0
"""Width over height of the plan."""
DOTS = 5.0
"""s between the dots along a way."""


def incident_plan(plan: StoreyPlan, view: RecordingView, place: Pose | None) -> Markup:
    """The drawing, or a sentence when it is not known where the robot was."""
    if place is None:
        return tag("p", "The record says nothing of where the robot was.", class_="nothing")
    sheet = _around(view, place)
    before = [(p.x, p.y) for p in view.poses if -BEFORE <= p.second <= 0.0]
    after = [(p.x, p.y) for p in view.poses if 0.0 <= p.second <= AFTER]
    parts: list[Child] = [
        tag("g", (_feature(z, sheet, f"zone {z.kind}") for z in plan.zones), class_="zones"),
        tag("g", (_area(a, sheet) for a in view.areas if a.kind != "space"), class_="areas"),
        tag("g", (_feature(p, sheet, f"part {p.kind}") for p in plan.parts), class_="parts"),
        tag("g", (_dot(p, sheet, 2.6, "beam") for p in view.scan), class_="scan"),
        _way(after, sheet, "way later"),
        _way(before, sheet, "way"),
        tag("g", _dots(view, sheet)),
        *_people(view, sheet, place),
        _robot(view, sheet, place),
        tag("g", (_name(z, sheet) for z in plan.zones if z.kind == "space"), class_="rooms"),
        _scale(sheet),
    ]
    return tag(
        "svg",
        *parts,
        class_="plan incident",
        viewBox=f"0 0 {sheet.width:.0f} {sheet.height:.0f}",
        role="img",
        aria_label="Floor plan around the event",
    )


def overview(plan: StoreyPlan, view: RecordingView, place: Pose | None) -> Markup | None:
    """The whole storey with a mark where it happened."""
    everything = [p for f in (*plan.parts, *plan.zones) for path in f.paths for p in path]
    if place is None or not everything:
        return None
    near = _around(view, place)
    everything += [(near.left, near.bottom), (near.right, near.top)]
    xs, ys = [p[0] for p in everything], [p[1] for p in everything]
    # Never turned, unlike the plan of a run: it must lie as the plan beside it does.
    scale = (WIDTH - 2 * BORDER) / max(max(xs) - min(xs), 1.0)
    sheet = Sheet(min(xs), min(ys), max(xs), max(ys), scale, turned=False)
    frame = [(near.left, near.bottom), (near.right, near.bottom), (near.right, near.top), (near.left, near.top)]
    x, y = sheet.place((place.x, place.y))
    return tag(
        "svg",
        tag("g", (_feature(z, sheet, f"zone {z.kind}") for z in plan.zones), class_="zones"),
        tag("g", (_feature(p, sheet, f"part {p.kind}") for p in plan.parts), class_="parts"),
        tag("polygon", points=points(sheet.place(p) for p in frame), class_="frame"),
        tag("circle", cx=x, cy=y, r=17.0, class_="here"),
        class_="plan incident small",
        viewBox=f"0 0 {sheet.width:.0f} {sheet.height:.0f}",
        role="img",
        aria_label="Where on the storey it happened",
    )


def room_at(plan: StoreyPlan, x: float, y: float) -> str:
    """Name of the room around a point; empty where the plan has no rooms."""
    for zone in plan.zones:
        if zone.kind == "space" and zone.name and zone.paths and _inside(zone.paths[0], x, y):
            return zone.name
    return "outside of all rooms" if any(zone.kind == "space" for zone in plan.zones) else ""


def _inside(ring: Sequence[Point], x: float, y: float) -> bool:
    """Even-odd rule."""
    found = False
    for (x0, y0), (x1, y1) in pairwise([*ring, ring[0]]):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            found = not found
    return found


def place_of(record_pose: object) -> Pose | None:
    """The pose that the event's record has; None when it has none."""
    try:
        position, turn = record_pose["position"], record_pose["orientation"]  # type: ignore[index]
        yaw = 2.0 * math.atan2(float(turn["z"]), float(turn["w"]))
        return Pose(0.0, float(position["x"]), float(position["y"]), yaw)
    except (KeyError, TypeError, ValueError):
        return None


def _around(view: RecordingView, place: Pose) -> Sheet:
    """The sheet that holds what happened, of a fixed shape, its middle near the robot."""
    seen = [(p.x, p.y) for p in view.poses if -BEFORE <= p.second <= AFTER]
    seen += [(x, y) for track in view.people.values() for t, x, y in track if -BEFORE <= t <= AFTER]
    near = [p for p in seen if math.dist(p, (place.x, place.y)) <= WIDEST / 2]
    xs, ys = [place.x, *(p[0] for p in near)], [place.y, *(p[1] for p in near)]
    wide, high = max(xs) - min(xs) + 2 * MARGIN, max(ys) - min(ys) + 2 * MARGIN
    across = min(max(wide, high * ASPECT, NARROWEST), WIDEST)
    x, y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    left, bottom = x - across / 2, y - across / ASPECT / 2
    scale = (WIDTH - 2 * BORDER) / across
    return Sheet(left, bottom, left + across, bottom + across / ASPECT, scale, turned=False)


def _feature(feature: PlanFeature, sheet: Sheet, class_: str) -> Markup:
    placed = [[sheet.place(p) for p in path] for path in feature.paths]
    if feature.geometry == "Polygon":
        outline = " ".join(f"M{points(path)}Z" for path in placed)
        return tag("path", d=outline, fill_rule="evenodd", class_=class_)
    return tag("g", (tag("polyline", points=points(path)) for path in placed), class_=f"{class_} line")


def _area(area: Area, sheet: Sheet) -> Markup:
    title = tag("title", f"{area.name}: {area.kind.replace('_', ' ')}")
    return tag("polygon", title, points=points(sheet.place(p) for p in area.ring), class_=f"area {area.kind}")


def _name(zone: PlanFeature, sheet: Sheet) -> Markup | None:
    """The room's name where its middle is on the sheet, above what moves there."""
    if not zone.name or not zone.paths:
        return None
    ring = [sheet.place(p) for p in zone.paths[0]]
    left, right = max(min(p[0] for p in ring), 0.0), min(max(p[0] for p in ring), sheet.width)
    top, bottom = max(min(p[1] for p in ring), 0.0), min(max(p[1] for p in ring), sheet.height)
    if right - left < 80 or bottom - top < 34:
        return None
    return tag("text", zone.name, x=(left + right) / 2, y=top + 24, font_size=14.0)


def _way(path: Sequence[Point], sheet: Sheet, class_: str) -> Markup | None:
    return tag("polyline", points=points(sheet.place(p) for p in path), class_=class_) if len(path) > 1 else None


def _dots(view: RecordingView, sheet: Sheet) -> Iterator[Markup]:
    """Where the robot was every few seconds, where it moved in between."""
    here = view.pose_at(0.0)
    taken = [sheet.place((here.x, here.y))] if here is not None else []
    steps = range(-int(BEFORE // DOTS), int(AFTER // DOTS) + 1)
    for second in (n * DOTS for n in steps if n):
        pose = view.pose_at(second)
        if pose is None:
            continue
        x, y = sheet.place((pose.x, pose.y))
        if any(math.dist(other, (x, y)) < 46 for other in taken):
            continue
        taken.append((x, y))
        label = f"{second:+g} s".replace("-", "−")
        yield tag("g", _dot((pose.x, pose.y), sheet, 4.0, "stop"), tag("text", label, x=x + 8, y=y - 7, class_="when"))


def _dot(point: Point, sheet: Sheet, radius: float, class_: str) -> Markup:
    x, y = sheet.place(point)
    return tag("circle", cx=x, cy=y, r=radius, class_=class_)


def _people(view: RecordingView, sheet: Sheet, place: Pose) -> Iterator[Child]:
    pose, hull = view.pose_at(0.0) or place, view.hull or (0.0, 0.0)
    for name, track in view.people.items():
        yield _way([(x, y) for t, x, y in track if -BEFORE <= t <= 0.0], sheet, "way person")
        near = min(track, key=lambda p: abs(p[0]), default=None)
        if near is None or abs(near[0]) > 1.0:
            continue
        there, robot = sheet.place((near[1], near[2])), sheet.place((pose.x, pose.y))
        distance = hull_distance(pose, hull, near[1], near[2])
        middle = ((there[0] + robot[0]) / 2, (there[1] + robot[1]) / 2)
        yield tag(
            "g",
            tag("line", x1=there[0], y1=there[1], x2=robot[0], y2=robot[1], class_="between"),
            tag("text", f"{distance:.2f} m", x=middle[0] + 8, y=middle[1] - 6, class_="distance"),
            tag("circle", tag("title", name), cx=there[0], cy=there[1], r=0.25 * sheet.scale, class_="human"),
        )


def _robot(view: RecordingView, sheet: Sheet, place: Pose) -> Markup:
    """The hull at the event, with an arrow ahead; a circle where the hull is not known."""
    pose = view.pose_at(0.0) or place
    x, y = sheet.place((pose.x, pose.y))
    cosine, sine = sheet.direction(math.cos(pose.yaw), math.sin(pose.yaw))
    ahead = (view.hull[0] / 2 if view.hull else 0.4) * sheet.scale
    tip = (x + cosine * (ahead + 14), y + sine * (ahead + 14))
    arrow = [tip, (x + cosine * (ahead + 3) - sine * 7, y + sine * (ahead + 3) + cosine * 7)]
    arrow.append((x + cosine * (ahead + 3) + sine * 7, y + sine * (ahead + 3) - cosine * 7))
    body = (
        tag("polygon", points=points(sheet.place(c) for c in corners(pose, view.hull)), class_="hull")
        if view.hull
        else tag("circle", cx=x, cy=y, r=0.35 * sheet.scale, class_="hull")
    )
    return tag("g", body, tag("polygon", points=points(arrow), class_="nose"), tag("title", "the robot at the event"))


def _scale(sheet: Sheet) -> Markup:
    length, x, y = sheet.scale, 26.0, sheet.height - 22.0
    return tag(
        "g",
        tag("rect", x=x - 8, y=y - 18, width=2 * length + 40, height=34.0, class_="plate"),
        tag("rect", x=x, y=y, width=length, height=6.0, class_="dark"),
        tag("rect", x=x + length, y=y, width=length, height=6.0, class_="light"),
        tag("text", "0", x=x, y=y - 5),
        tag("text", "2 m", x=x + 2 * length, y=y - 5),
        class_="scale",
    )
