"""Lidar ranges to points of base_link, and scans that do not count."""

import math

import numpy as np
import pytest

from sitefleet_robot.safety.scan import Mount, ScanConverter

STEP = 2 * math.pi / 360
CENTRE = Mount(0.0, 0.0, 0.0)


def convert(ranges, mount=CENTRE, angle_min=-math.pi, increment=STEP):
    return ScanConverter(mount).convert(np.asarray(ranges, dtype=float), angle_min, increment, 0.12, 12.0)


def test_beams_become_points_of_base_link():
    ranges = np.full(360, np.inf)
    ranges[179:182] = 2.0  # straight ahead of the lidar
    scan = convert(ranges, Mount(0.2, -0.1, math.pi / 2))
    assert not scan.fault
    assert scan.points[1] == pytest.approx((0.2, 1.9), abs=1e-9)


def test_free_beams_and_readings_at_the_maximum_are_no_points():
    assert len(convert(np.full(360, np.inf)).points) == 0
    assert len(convert(np.full(360, 12.0)).points) == 0


def test_a_single_beam_is_noise_two_are_a_thing():
    ranges = np.full(360, 5.0)
    ranges[100] = 0.5
    assert np.hypot(*convert(ranges).points.T).min() == pytest.approx(5.0)
    ranges[101] = 0.5
    assert np.count_nonzero(np.hypot(*convert(ranges).points.T) < 1.0) == 2


def test_the_cut_of_a_full_circle_is_no_edge_but_that_of_a_sector_is():
    ranges = np.full(360, 5.0)
    ranges[0] = ranges[359] = 0.5
    assert np.count_nonzero(np.hypot(*convert(ranges).points.T) < 1.0) == 2
    half = np.full(180, 5.0)
    half[0] = half[1] = 0.5
    assert np.count_nonzero(np.hypot(*convert(half).points.T) < 1.0) == 2


@pytest.mark.parametrize("reading", [math.nan, 0.0, -1.0, 0.05, -math.inf])
def test_many_bad_readings_make_a_bad_scan_few_do_not(reading):
    ranges = np.full(360, 5.0)
    ranges[:73] = reading
    assert "73 of 360" in convert(ranges).fault
    ranges[10:73] = 5.0
    assert not convert(ranges).fault


def test_too_near_to_measure_is_near_not_free():
    ranges = np.full(360, 5.0)
    ranges[100:110] = -math.inf
    assert np.hypot(*convert(ranges).points.T).min() == pytest.approx(0.12)


def test_a_faulty_beam_among_near_ones_hides_nothing():
    ranges = np.full(360, 5.0)
    ranges[100:105] = 0.5
    ranges[102] = math.nan
    assert np.count_nonzero(np.hypot(*convert(ranges).points.T) < 1.0) >= 4


@pytest.mark.parametrize("bad", [{"angle_min": math.nan}, {"increment": math.inf}])
def test_a_scan_without_geometry_does_not_count(bad):
    assert convert(np.full(360, 5.0), **bad).fault
    assert convert([]).fault
