"""The filter's steps: analytic Jacobians, positive covariances, corrections."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitefleet_robot.localisation.ekf import (
    SIZE,
    Belief,
    Fix,
    MotionNoise,
    Step,
    initial,
    mahalanobis,
    predict,
    update,
)

STILL = MotionNoise(0, 0, 0, 0, 0, 0, 0, 0.005, 0.02)
angles = st.floats(-3.0, 3.0)
small = st.floats(-0.2, 0.2)


def fix(x=0.0, y=0.0, yaw=0.0, sigma=0.002, yaw_sigma=0.002, has_yaw=True, stamp=0.0) -> Fix:
    return Fix(stamp, x, y, yaw, np.diag([sigma**2, sigma**2, yaw_sigma**2]), has_yaw)


@given(angles, small, small, small, small, small)
def test_covariance_moves_with_the_derivative_of_the_motion(yaw, dx, dy, turn, scale, curve):
    mean = np.array([1.0, -2.0, yaw, scale, curve])
    step = Step(dx, dy, turn, 0.05)
    numeric = np.zeros((SIZE, SIZE))
    for column in range(SIZE):
        delta = np.zeros(SIZE)
        delta[column] = 1e-6
        high = predict(Belief(mean + delta, np.eye(SIZE)), step, STILL).mean
        low = predict(Belief(mean - delta, np.eye(SIZE)), step, STILL).mean
        difference = high - low
        difference[2] = math.remainder(difference[2], math.tau)
        numeric[:, column] = difference / 2e-6
    covariance = predict(Belief(mean, np.eye(SIZE)), step, STILL).covariance
    assert np.allclose(covariance, numeric @ numeric.T, atol=1e-5)


@given(angles, angles, st.floats(-1, 1), st.floats(-1, 1), st.booleans())
def test_a_fix_never_makes_the_pose_less_certain_and_the_covariance_stays_positive(yaw, seen, x, y, has_yaw):
    belief = predict(
        initial(fix(yaw=yaw, sigma=0.1, yaw_sigma=0.1), MotionNoise()), Step(0.5, 0, 0.3, 1.0), MotionNoise()
    )
    corrected = update(belief, fix(x, y, seen, has_yaw=has_yaw))
    assert np.all(np.linalg.eigvalsh(corrected.covariance) > 0)
    assert corrected.sigma <= belief.sigma + 1e-12
    assert corrected.yaw_sigma <= belief.yaw_sigma + 1e-12


def test_heading_is_corrected_over_the_cut_at_pi():
    belief = initial(fix(yaw=3.13, yaw_sigma=0.05), MotionNoise())
    corrected = update(belief, fix(yaw=-3.13, yaw_sigma=0.05))
    assert abs(abs(corrected.pose[2]) - math.pi) < 0.002
    assert mahalanobis(belief, fix(yaw=-3.13, yaw_sigma=0.05)) < 1.0


def test_position_fixes_find_the_heading_once_the_robot_drives():
    noise = MotionNoise()
    belief = initial(fix(yaw=0.2, yaw_sigma=0.3), noise)
    for k in range(1, 21):
        belief = predict(belief, Step(0.05, 0, 0, 0.1), noise)
        belief = update(belief, fix(x=0.05 * k, has_yaw=False))
    assert belief.pose[2] == pytest.approx(0.0, abs=0.03)
    assert belief.yaw_sigma < 0.03
