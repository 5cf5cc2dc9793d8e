"""The protective field: long enough to stop in, and no wider than a doorway allows."""

import itertools
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thoroughness import thorough

from sitefleet_robot.common.geometry import compose
from sitefleet_robot.safety.field import GRAVITY, FieldSettings, evaluate

FIELD = FieldSettings(length=0.56, width=0.50, deceleration=1.0, turn_deceleration=2.5)


def wall(x0, y0, x1, y1, step=0.01):
    count = max(2, round(math.hypot(x1 - x0, y1 - y0) / step))
    return np.column_stack((np.linspace(x0, x1, count), np.linspace(y0, y1, count)))


def speeds():
    return st.floats(0.0, 3.0)


@given(
    speed=speeds(),
    load=st.floats(0.0, 1.0),
    slope=st.floats(-0.1, 0.1),
    deceleration=st.floats(0.8, 4.0),
    reaction=st.floats(0.05, 1.0),
)
def test_row_11_the_field_is_at_least_as_long_as_the_way_to_stop_at_every_speed_load_and_slope(
    speed, load, slope, deceleration, reaction
):
    field = FieldSettings(0.6, 0.5, deceleration, 2.5, reaction_time=reaction, floor_slope=0.05)
    slope = max(-0.05, min(0.05, slope))
    # An unladen robot brakes better; the parameter is what it surely reaches fully laden on a level floor.
    brakes = deceleration * (1.5 - 0.5 * load) - GRAVITY * math.sin(slope)
    travelled, v, dt = speed * reaction, speed, 1e-3
    while v > 0:
        travelled += v * dt - 0.5 * brakes * dt * dt if v > brakes * dt else v * v / (2 * brakes)
        v -= brakes * dt
    assert field.field_length(speed) >= travelled - 1e-6


@given(speed=st.floats(0.05, 1.0), gap=st.floats(0.0, 3.0))
def test_row_11_what_is_allowed_stops_before_the_obstacle(speed, gap):
    result = evaluate(FIELD, speed, 0.0, wall(0.28 + gap, -0.2, 0.28 + gap, 0.2))
    assert FIELD.stopping_distance(speed * result.scale) <= max(0.0, gap - FIELD.contact_margin) + 1e-9
    if speed * result.scale > FIELD.crawl_speed:
        assert FIELD.field_length(speed * result.scale) <= gap + 1e-9


@settings(max_examples=thorough(40, 2000), deadline=None)
@given(
    v=st.floats(-0.8, 1.0),
    w=st.floats(-1.5, 1.5),
    x=st.floats(-1.5, 1.5),
    y=st.floats(-1.5, 1.5),
    seed=st.integers(0, 2**31),
)
def test_row_11_a_robot_that_obeys_the_field_touches_nothing(v, w, x, y, seed):
    """The drive answers late by the reaction time, brakes as guaranteed, and starts from any speed the field allows."""
    if abs(x) < 0.28 + 0.06 and abs(y) < 0.25 + 0.06:
        return
    rng = np.random.default_rng(seed)
    things = np.array([x, y]) + rng.normal(0.0, 0.02, (4, 2))
    pose, dt, current = (0.0, 0.0, 0.0), 0.02, np.zeros(2)
    pipeline = [np.zeros(2)] * round((FIELD.reaction_time - 0.1) / dt)
    wanted, points = np.array([v, w]), things
    for step in range(250):
        if step % 5 == 0:  # a scan is up to 0.1 s old
            c, s = math.cos(pose[2]), math.sin(pose[2])
            points = (things - pose[:2]) @ np.array([[c, -s], [s, c]])
        if step % 40 == 39:
            wanted = np.array([v, w]) * rng.uniform(0.3, 1.0)
        pipeline.append(wanted * evaluate(FIELD, *wanted, points).scale)
        target = pipeline.pop(0)
        # Both speeds fall together, so that the robot stays on its arc; it gains speed faster than real ones do.
        share = np.linalg.norm(target) / max(np.linalg.norm(current), 1e-9)
        if share < 1.0:
            slow = min(
                1.0,
                FIELD.braking * dt / max(abs(current[0]), 1e-9),
                FIELD.turn_deceleration * dt / max(abs(current[1]), 1e-9),
            )
            current = current * max(share, 1.0 - slow)
        else:
            current = target
        pose = compose(pose, (current[0] * dt, 0.0, current[1] * dt))
        c, s = math.cos(pose[2]), math.sin(pose[2])
        local = np.abs((things - pose[:2]) @ np.array([[c, -s], [s, c]]))
        # Three points make an obstacle, so two of the four may be inside.
        assert np.count_nonzero((local[:, 0] < 0.28) & (local[:, 1] < 0.25)) < FIELD.min_points


@settings(max_examples=thorough(50, 2000))
@given(v=st.floats(-1, 1), w=st.floats(-1.5, 1.5), x=st.floats(-2, 2), y=st.floats(-2, 2))
def test_the_time_to_meet_is_that_of_small_steps(v, w, x, y):
    if abs(v) + abs(w) < 0.05 or (abs(x) < 0.285 and abs(y) < 0.285):
        return
    exact = FieldSettings(
        0.56, 0.5, 1.0, 2.5, ahead_margin=0.0, side_margin=0.0, crawl_margin=0.0, contact_margin=0.0, min_points=1
    )
    fastest = abs(v) + exact.corner_radius * abs(w)
    found = evaluate(exact, v, w, np.array([[x, y]])).distance / fastest
    if math.isinf(found):
        return  # beyond the horizon, or never

    def inside(t: float, shrink: float) -> bool:
        yaw = w * t
        if abs(w) > 1e-6:
            px, py = v / w * math.sin(yaw), v / w * (1 - math.cos(yaw))
        else:
            px, py = v * t, 0.0
        dx, dy = x - px, y - py
        lx = math.cos(yaw) * dx + math.sin(yaw) * dy
        ly = -math.sin(yaw) * dx + math.cos(yaw) * dy
        return abs(lx) < 0.28 - shrink and abs(ly) < 0.25 - shrink

    assert inside(found, -1e-6)
    for k in range(200):
        assert not inside(found * k / 200 - 1e-4, 1e-6)


def test_a_doorway_of_0_70_m_lets_a_robot_of_0_50_m_pass_at_full_speed_when_centred():
    left, right = wall(0.6, 0.35, 0.8, 0.35), wall(0.6, -0.35, 0.8, -0.35)
    faces = np.vstack((wall(0.6, 0.35, 0.6, 2.0), wall(0.6, -0.35, 0.6, -2.0)))
    points = np.vstack((left, right, faces))
    for along in np.linspace(0.0, 1.4, 29):
        assert evaluate(FIELD, 0.8, 0.0, points - (along, 0.0)).scale == 1.0


@pytest.mark.parametrize("offset", [0.05, 0.08])
def test_off_centre_it_still_passes_the_doorway_slowly(offset):
    points = np.vstack((wall(0.6, 0.35, 0.8, 0.35), wall(0.6, -0.35, 0.8, -0.35))) - (0.0, offset)
    scales = [evaluate(FIELD, 0.8, 0.0, points - (along, 0.0)).scale for along in np.linspace(0.0, 1.4, 29)]
    assert min(scales) >= FIELD.crawl_speed / 0.8 - 1e-9


def test_a_door_frame_in_the_way_stops_it():
    points = wall(0.34, 0.20, 0.34, 0.40)
    assert evaluate(FIELD, 0.8, 0.0, points - (0.02, 0.0)).blocked


@pytest.mark.parametrize("rate", [1.0, -1.0])
def test_turning_on_the_spot_needs_the_circle_of_the_corners_and_2_cm_only(rate):
    radius = FIELD.corner_radius + 0.02
    angles = np.linspace(0, 2 * math.pi, 360, endpoint=False)
    ring = radius * np.column_stack((np.cos(angles), np.sin(angles)))
    assert evaluate(FIELD, 0.0, rate, ring).scale == 1.0
    assert evaluate(FIELD, 0.0, rate, ring * (FIELD.corner_radius - 0.02) / radius).scale < 1.0


def test_turning_looks_at_the_sector_a_corner_sweeps_not_at_the_whole_circle():
    # Beside the front left corner, on its left: met by turning left at once, by turning right only much later.
    beside = np.array([[0.20, 0.29]] * 3)
    assert evaluate(FIELD, 0.0, 0.5, beside).scale < evaluate(FIELD, 0.0, -0.5, beside).scale


def test_a_wall_beside_does_not_stop_a_robot_that_drives_along_it_or_away_from_it():
    beside = wall(-0.28, 0.253, 0.28, 0.253)
    assert evaluate(FIELD, 0.2, 0.0, beside).scale > 0.0
    behind = wall(-0.283, -0.2, -0.283, 0.2)
    assert evaluate(FIELD, 0.5, 0.0, behind).scale == 1.0
    assert evaluate(FIELD, -0.5, 0.0, behind).blocked


def test_the_robot_does_not_see_itself():
    assert evaluate(FIELD, 0.8, 0.5, np.full((50, 2), 0.05)).scale == 1.0


def test_it_slows_down_before_it_stops():
    scales = [evaluate(FIELD, 0.8, 0.0, wall(0.28 + gap, -0.2, 0.28 + gap, 0.2)).scale for gap in np.linspace(2, 0, 80)]
    assert scales[0] == 1.0 and scales[-1] == 0.0
    assert all(a >= b for a, b in itertools.pairwise(scales))
    assert len({round(s, 6) for s in scales}) > 15


def test_stopping_room_is_asked_for_in_the_direction_of_motion_only():
    behind = wall(-0.5, -0.5, -0.5, 0.5)
    assert evaluate(FIELD, 0.8, 0.0, behind).scale == 1.0
    assert evaluate(FIELD, -0.8, 0.0, behind).scale < 0.5


def test_a_robot_that_cannot_brake_on_its_floor_is_refused():
    with pytest.raises(ValueError, match="does not hold the robot"):
        FieldSettings(0.6, 0.5, 0.5, 2.0, floor_slope=0.06)
    with pytest.raises(ValueError, match="margins"):
        FieldSettings(0.6, 0.5, 1.0, 2.0, crawl_margin=0.2)


def test_it_takes_less_than_a_millisecond_for_360_points():
    angles = np.linspace(0, 2 * math.pi, 360, endpoint=False)
    points = 0.8 * np.column_stack((np.cos(angles), np.sin(angles)))
    best = math.inf
    for _ in range(20):
        start = time.perf_counter()
        evaluate(FIELD, 0.8, 0.4, points)
        best = min(best, time.perf_counter() - start)
    assert best < 1e-3
