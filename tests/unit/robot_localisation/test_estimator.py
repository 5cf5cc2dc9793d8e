"""The pose over time: settling, late and early fixes, outliers, loss and recovery."""

import math

import numpy as np
import pytest

from sitefleet_robot.common.geometry import compose, relative
from sitefleet_robot.localisation.ekf import Fix
from sitefleet_robot.localisation.estimator import EstimatorSettings, PoseEstimator, Quality

RATE = 0.05


def fix(stamp, pose, sigma=0.002, yaw_sigma=0.004, has_yaw=True) -> Fix:
    return Fix(stamp, *pose, np.diag([sigma**2, sigma**2, yaw_sigma**2]), has_yaw)


class Drive:
    """A differential drive with wrong wheel radii and slip; true pose and odometry, 20 Hz."""

    def __init__(self, seed: int, left: float = 1.004, right: float = 0.997) -> None:
        self.rng = np.random.default_rng(seed)
        self.wheels = (left, right)
        self.true = (3.0, -2.0, 1.0)
        self.odom = (0.0, 0.0, 0.0)
        self.stamp = 10.0

    def step(self, v: float, w: float, separation: float = 0.32) -> None:
        self.stamp += RATE
        self.true = compose(self.true, self._arc(v * RATE, w * RATE))
        ways = np.array([v - 0.5 * w * separation, v + 0.5 * w * separation]) * RATE
        ways = ways * self.wheels + self.rng.normal(0, 0.005, 2) * np.sqrt(np.abs(ways))
        self.odom = compose(self.odom, self._arc(float(ways.mean()), float(ways[1] - ways[0]) / separation))

    @staticmethod
    def _arc(along: float, turn: float):
        return along * math.cos(turn / 2), along * math.sin(turn / 2), turn

    def fix(self, sigma=0.002, yaw_sigma=0.004) -> Fix:
        noise = self.rng.normal(0, [sigma, sigma, yaw_sigma])
        return fix(self.stamp, tuple(np.array(self.true) + noise), sigma, yaw_sigma)


def error(estimator: PoseEstimator, drive: Drive) -> tuple[float, float]:
    assert estimator.belief is not None
    dx, dy, turn = relative(estimator.belief.pose, drive.true)
    return math.hypot(dx, dy), abs(turn)


def test_a_standing_robot_knows_its_place_to_1_5_mm_after_2_s_of_2_mm_fixes():
    errors, sigmas = [], []
    for seed in range(200):
        drive, estimator = Drive(seed), PoseEstimator(EstimatorSettings())
        for k in range(40):
            drive.step(0.0, 0.0)
            estimator.odometry(drive.stamp, drive.odom)
            if k % 4 == 0:
                estimator.fix(drive.fix())
        dx, dy, _ = relative(estimator.belief.pose, drive.true)
        errors += [dx, dy]
        sigmas.append(estimator.belief.sigma)
    assert max(sigmas) < 0.0015
    assert float(np.std(errors)) < 0.0015
    # The filter says what is true of it: neither boasting nor timid.
    assert 0.6 * max(sigmas) < float(np.std(errors)) < 1.6 * max(sigmas)


def test_it_settles_within_2_s_after_a_drive_too():
    errors = []
    for seed in range(60):
        drive, estimator = Drive(seed), PoseEstimator(EstimatorSettings())
        for k in range(240):
            moving = 20 <= k < 200
            drive.step(0.5 if moving else 0.0, 0.4 * math.sin(k / 15) if moving else 0.0)
            estimator.odometry(drive.stamp, drive.odom)
            if k % 4 == 0:
                estimator.fix(drive.fix())
        errors.append(error(estimator, drive)[0])
        assert estimator.belief.sigma < 0.0015
        assert estimator.quality is Quality.GOOD
    assert float(np.sqrt(np.mean(np.square(errors)) / 2)) < 0.0015


def test_its_uncertainty_is_honest_while_driving():
    squares = []
    for seed in range(20):
        drive, estimator = Drive(seed), PoseEstimator(EstimatorSettings())
        for k in range(400):
            drive.step(0.6, 0.5 * math.sin(k / 25))
            estimator.odometry(drive.stamp, drive.odom)
            if k % 4 == 0:
                estimator.fix(drive.fix())
            if k > 40 and k % 10 == 3:
                b = estimator.belief
                d = np.array(drive.true) - np.array(b.pose)
                d[2] = math.remainder(d[2], math.tau)
                squares.append(d @ np.linalg.solve(b.covariance[:3, :3], d))
    # Normalised error squared of 3 dimensions: 3 on average if the covariance is right.
    assert 1.0 < float(np.mean(squares)) < 5.0


def test_it_learns_the_wheels_so_that_dead_reckoning_drifts_less():
    learnt, naive = [], []
    for seed in range(10):
        drive, estimator = Drive(seed, left=1.01, right=0.99), PoseEstimator(EstimatorSettings())
        start = None
        for k in range(1200):
            drive.step(0.6, 0.3 * math.sin(k / 30))
            estimator.odometry(drive.stamp, drive.odom)
            if k % 4 == 0 and k < 1000:
                estimator.fix(drive.fix())
            if k == 1000:
                start = (estimator.belief.pose, drive.odom)
        dead = compose(start[0], relative(start[1], drive.odom))
        naive.append(math.hypot(dead[0] - drive.true[0], dead[1] - drive.true[1]))
        learnt.append(error(estimator, drive)[0])
    assert float(np.mean(learnt)) < 0.5 * float(np.mean(naive))


@pytest.mark.parametrize("delay", [1, 3, 10, 30])
def test_late_fixes_give_the_same_pose_as_fixes_in_time(delay):
    prompt, late = PoseEstimator(EstimatorSettings()), PoseEstimator(EstimatorSettings())
    drive, queue = Drive(7), []
    for k in range(200):
        drive.step(0.5, 0.3)
        for estimator in (prompt, late):
            estimator.odometry(drive.stamp, drive.odom)
        if k % 4 == 0:
            measured = drive.fix()
            prompt.fix(measured)
            queue.append((k + (delay if k else 0), measured))
        while queue and queue[0][0] <= k:
            late.fix(queue.pop(0)[1])
    for _, measured in queue:
        late.fix(measured)
    assert np.allclose(prompt.belief.mean, late.belief.mean, atol=1e-9)
    assert np.allclose(prompt.belief.covariance, late.belief.covariance, atol=1e-12)


def test_a_fix_between_two_odometry_messages_is_taken_at_its_own_moment():
    estimator = PoseEstimator(EstimatorSettings())
    pose, odom = (0.0, 0.0, 0.0), (5.0, 5.0, 0.5)
    estimator.odometry(0.0, odom)
    estimator.fix(fix(0.0, pose))
    half = (0.5 * 0.05 * math.cos(0.0125), 0.5 * 0.05 * math.sin(0.0125), 0.025)
    for k in range(1, 100):
        middle = compose(pose, half)
        pose, odom = compose(middle, half), compose(compose(odom, half), half)
        estimator.odometry(k * RATE, odom)
        estimator.fix(fix((k - 0.5) * RATE, middle))
    assert math.hypot(*relative(estimator.belief.pose, pose)[:2]) < 2e-4
    assert estimator.counts["fix_outlier"] == 0


def test_an_early_fix_waits_for_its_odometry():
    estimator = PoseEstimator(EstimatorSettings())
    estimator.fix(fix(1.0, (1.0, 2.0, 0.3)))
    assert estimator.belief is None
    estimator.odometry(0.98, (0.0, 0.0, 0.0))
    assert estimator.belief is None
    estimator.odometry(1.03, (0.0, 0.0, 0.0))
    assert estimator.belief.pose == pytest.approx((1.0, 2.0, 0.3))


def test_no_pose_before_a_fix_with_a_heading():
    estimator = PoseEstimator(EstimatorSettings())
    estimator.odometry(0.0, (0.0, 0.0, 0.0))
    estimator.fix(fix(0.0, (1.0, 1.0, 0.0), has_yaw=False))
    assert estimator.belief is None and estimator.quality is Quality.LOST
    assert estimator.counts["fix_without_yaw"] == 1


def standing(estimator: PoseEstimator, start: float, seconds: float, place, odom=(0.0, 0.0, 0.0)) -> float:
    stamp = start
    for k in range(round(seconds / RATE)):
        stamp = start + (k + 1) * RATE
        estimator.odometry(stamp, odom)
        if k % 4 == 0:
            estimator.fix(fix(stamp, place))
    return stamp


def test_a_single_outlier_moves_nothing():
    estimator = PoseEstimator(EstimatorSettings())
    stamp = standing(estimator, 0.0, 2.0, (1.0, 1.0, 0.0))
    before = estimator.belief
    estimator.fix(fix(stamp, (1.5, 1.0, 0.0)))
    assert estimator.belief is before
    assert estimator.counts["fix_outlier"] == 1
    assert estimator.quality is Quality.GOOD


def test_when_fixes_keep_contradicting_the_pose_is_lost_and_comes_back_only_at_rest():
    estimator = PoseEstimator(EstimatorSettings())
    stamp = standing(estimator, 0.0, 2.0, (1.0, 1.0, 0.0))
    odom = (0.0, 0.0, 0.0)
    seen = []
    for k in range(80):
        stamp += RATE
        odom = (odom[0] + 0.02, 0.0, 0.0)
        estimator.odometry(stamp, odom)
        if k % 4 == 0:
            estimator.fix(fix(stamp, (4.0 + odom[0], 1.0, 0.0)))
        seen.append(estimator.quality)
    assert Quality.LOST in seen and seen[-1] is Quality.LOST
    assert seen.index(Quality.LOST) >= 4 * (EstimatorSettings().outliers_lost - 1)
    stamp = standing(estimator, stamp, 0.8, (4.0 + odom[0], 1.0, 0.0), odom)
    assert estimator.quality is Quality.LOST
    standing(estimator, stamp, 2.0, (4.0 + odom[0], 1.0, 0.0), odom)
    assert estimator.quality is Quality.GOOD
    assert estimator.belief.pose[0] == pytest.approx(4.0 + odom[0], abs=0.002)


def test_without_fixes_the_quality_falls_from_good_to_degraded_to_lost():
    estimator, drive = PoseEstimator(EstimatorSettings()), Drive(3)
    seen = []
    for k in range(4000):
        drive.step(0.6 if k > 40 else 0.0, 0.0)
        estimator.odometry(drive.stamp, drive.odom)
        if k <= 40:
            estimator.fix(drive.fix())
        seen.append(estimator.quality)
    order = list(dict.fromkeys(seen[40:]))
    assert order == [Quality.GOOD, Quality.DEGRADED, Quality.LOST]


def test_a_jump_of_odometry_loses_the_pose():
    estimator = PoseEstimator(EstimatorSettings())
    stamp = standing(estimator, 0.0, 1.0, (1.0, 1.0, 0.0), odom=(50.0, 0.0, 0.0))
    estimator.odometry(stamp + RATE, (0.0, 0.0, 0.0))
    assert estimator.quality is Quality.LOST
    standing(estimator, stamp + RATE, 2.0, (1.0, 1.0, 0.0))
    assert estimator.quality is Quality.GOOD


def test_time_set_back_starts_anew():
    estimator = PoseEstimator(EstimatorSettings())
    standing(estimator, 100.0, 1.0, (1.0, 1.0, 0.0))
    estimator.odometry(0.0, (0.0, 0.0, 0.0))
    assert estimator.belief is None
    standing(estimator, 0.0, 1.0, (2.0, 2.0, 0.0))
    assert estimator.belief.pose[0] == pytest.approx(2.0, abs=0.002)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_is_refused(bad):
    estimator = PoseEstimator(EstimatorSettings())
    stamp = standing(estimator, 0.0, 1.0, (1.0, 1.0, 0.0))
    before = estimator.belief
    estimator.odometry(stamp + RATE, (bad, 0.0, 0.0))
    estimator.fix(fix(stamp, (bad, 1.0, 0.0)))
    estimator.fix(Fix(stamp, 1.0, 1.0, 0.0, np.zeros((3, 3))))
    assert estimator.belief is before
    assert estimator.counts["odometry_not_finite"] == 1
    assert estimator.counts["fix_invalid"] == 2
