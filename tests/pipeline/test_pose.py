import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from face_service.pipeline.pose import Pose, estimate_pose

# A face of our own in millimetres, by iBUG index: x right, y down, z away. Not the model of the
# module: what it finds must not depend on the face being its own.
FACE = {
    8: (0, 112, 15),
    27: (0, -1, 1),
    28: (0, 13, -5),
    29: (0, 27, -11),
    30: (0, 41, -20),
    31: (-15, 49, 1),
    32: (-8, 52, -4),
    33: (0, 54, -7),
    34: (8, 52, -4),
    35: (15, 49, 1),
    36: (-44, 2, 23),
    39: (-17, 4, 13),
    42: (17, 4, 13),
    45: (44, 2, 23),
    48: (-26, 78, 11),
    54: (26, 78, 11),
}
MIRRORED = {31: 35, 32: 34, 36: 45, 39: 42, 48: 54}
ANGLES = st.floats(-60, 60)


def turn(axis: int, degrees: float) -> NDArray[np.float64]:
    """Return the rotation [3, 3] about an axis: 0 right, 1 down, 2 away."""
    matrix, angle = np.eye(3), np.radians(degrees)
    first, second = [other for other in range(3) if other != axis]
    matrix[[first, second], [first, second]] = np.cos(angle)
    sine = np.sin(angle) if axis != 1 else -np.sin(angle)
    matrix[first, second], matrix[second, first] = -sine, sine
    return matrix


def project(pose: Pose, size: float = 1.0, at: tuple[float, float] = (0, 0)) -> NDArray[np.float32]:
    """Return [68, 2] points of FACE in a pose; those that the pose is not taken from are NaN."""
    points = np.full((68, 2), np.nan)
    # A face that looks towards the camera looks along -z: to look right or up it turns backwards.
    rotation = turn(2, pose.roll) @ turn(1, -pose.yaw) @ turn(0, -pose.pitch)
    turned = np.array(list(FACE.values())) @ rotation.T
    points[list(FACE)] = turned[:, :2] * size + np.array(at)
    return points.astype(np.float32)


def filled(points: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.nan_to_num(points, nan=7.0)


def angles(pose: Pose) -> tuple[float, float, float]:
    return pose.yaw, pose.pitch, pose.roll


def test_a_turn_to_the_right_moves_the_nose_to_the_right() -> None:
    straight, turned = project(Pose(0, 0, 0)), project(Pose(20, 0, 0))
    assert turned[30, 0] - turned[27, 0] > 5 > abs(straight[30, 0] - straight[27, 0])
    assert estimate_pose(turned).yaw == pytest.approx(20, abs=2)


def test_looking_up_moves_the_nose_tip_up() -> None:
    straight, turned = project(Pose(0, 0, 0)), project(Pose(0, 20, 0))
    assert turned[30, 1] - turned[36, 1] < straight[30, 1] - straight[36, 1] - 5
    assert estimate_pose(turned).pitch == pytest.approx(20, abs=3)


def test_a_tilt_clockwise_lowers_the_eye_on_the_right() -> None:
    tilted = project(Pose(0, 0, 20))
    assert tilted[45, 1] > tilted[36, 1] + 20  # y points down
    assert estimate_pose(tilted).roll == pytest.approx(20, abs=1)


@given(ANGLES, st.floats(-35, 35), st.floats(-180, 180))
def test_a_pose_is_recovered_from_a_face_that_is_not_the_model(
    yaw: float, pitch: float, roll: float
) -> None:
    found = estimate_pose(project(Pose(yaw, pitch, roll), size=3, at=(500, 200)))
    assert found.yaw == pytest.approx(yaw, abs=3)
    assert found.pitch == pytest.approx(pitch, abs=4)
    assert abs((found.roll - roll + 180) % 360 - 180) < 3


@given(ANGLES, ANGLES, st.floats(0.05, 50), st.floats(-3000, 3000))
def test_neither_size_nor_place_matter(yaw: float, pitch: float, size: float, at: float) -> None:
    pose = Pose(yaw, pitch, 5)
    expected = angles(estimate_pose(project(pose)))
    # float32 points of a tiny face far from the origin are coarse.
    found = angles(estimate_pose(project(pose, size, (at * size, -at * size))))
    assert found == pytest.approx(expected, abs=0.5)


@given(ANGLES, ANGLES, st.floats(-80, 80))
def test_mirroring_flips_yaw_and_roll_and_keeps_the_pitch(
    yaw: float, pitch: float, roll: float
) -> None:
    points = project(Pose(yaw, pitch, roll))
    mirrored = points.copy()
    for left, right in MIRRORED.items():
        mirrored[[left, right]] = points[[right, left]]
    mirrored[:, 0] *= -1
    first, second = estimate_pose(points), estimate_pose(mirrored)
    expected = (-first.yaw, first.pitch, -first.roll)
    assert angles(second) == pytest.approx(expected, abs=1e-2)


@given(ANGLES, ANGLES, st.floats(-90, 90))
def test_turning_the_picture_adds_to_the_roll_alone(yaw: float, pitch: float, by: float) -> None:
    points = project(Pose(yaw, pitch, 10))
    cosine, sine = np.cos(np.radians(by)), np.sin(np.radians(by))
    turned = points @ np.array([[cosine, sine], [-sine, cosine]], dtype=np.float32)
    first, second = estimate_pose(points), estimate_pose(turned)
    expected = (first.yaw, first.pitch, first.roll + by)
    assert angles(second) == pytest.approx(expected, abs=1e-2)


def test_points_that_are_not_used_do_not_matter() -> None:
    points = project(Pose(10, -5, 3))
    assert estimate_pose(filled(points)) == estimate_pose(points)


LINE = np.repeat(np.arange(68, dtype=np.float32)[:, None], 2, axis=1)


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((68, 2), np.float32),
        np.full((68, 2), 3e7, np.float32),
        np.full((68, 2), np.nan, np.float32),
        np.full((68, 2), np.inf, np.float32),
        LINE,
    ],
    ids=["one spot", "one spot far away", "not numbers", "infinite", "a line"],
)
def test_points_that_are_no_face_have_no_pose(points: NDArray[np.float32]) -> None:
    assert estimate_pose(points) == Pose(0.0, 0.0, 0.0)


def test_one_used_point_that_is_not_finite_is_enough_to_have_no_pose() -> None:
    points = project(Pose(10, -5, 3))
    points[30, 0] = np.inf
    assert estimate_pose(points) == Pose(0.0, 0.0, 0.0)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-20, 1e-3, 1.0, 1e6, 1e18]))
def test_any_points_give_finite_angles(seed: int, size: float) -> None:
    points = np.random.default_rng(seed).normal(size=(68, 2)).astype(np.float32) * np.float32(size)
    found = estimate_pose(points)
    assert np.isfinite(angles(found)).all()
    assert abs(found.yaw) <= 90


@pytest.mark.parametrize("shape", [(68, 3), (5, 2), (136,)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"^68 points of x and y are needed"):
        estimate_pose(np.zeros(shape, np.float32))
