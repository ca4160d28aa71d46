"""Where a face looks, from its 68 points.

Under weak perspective (scaled orthography) a rigid face of points ``M`` is seen at ``s·R·M + t``,
without the depth row: linear in the six values of ``s·R``. They are fitted by least squares, and
the nearest rotation is taken from them by a singular value decomposition (POS, the first step of
POSIT: DeMenthon and Davis, "Model-based object pose in 25 lines of code", IJCV 15, 1995). Closed
form: nothing iterates, nothing fails.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A face in millimetres: x to the picture's right, y down, z away from the camera, from the
# root of the nose. Round numbers after the usual adult means (eyes 90 and 32 apart at their outer
# and inner corners, mouth 50 wide, chin 115 below the root of the nose), mirror-symmetric, and
# laid so that a face that looks straight ahead has no pitch. The jaw is left out: its points slide
# along the outline as the head turns.
_MODEL = {
    8: (0, 115, 12),
    27: (0, 0, 0),
    28: (0, 14, -6),
    29: (0, 28, -13),
    30: (0, 42, -19),
    31: (-14, 50, 0),
    32: (-7, 53, -4),
    33: (0, 55, -6),
    34: (7, 53, -4),
    35: (14, 50, 0),
    36: (-45, 3, 24),
    39: (-16, 4, 14),
    42: (16, 4, 14),
    45: (45, 3, 24),
    48: (-25, 80, 12),
    54: (25, 80, 12),
}
_INDICES = np.array(list(_MODEL))
_CENTRED = np.array(list(_MODEL.values()), dtype=np.float64)
_CENTRED -= _CENTRED.mean(axis=0)
_SOLVE = np.linalg.pinv(_CENTRED)  # [3, points]
# Both singular values of s·R are s. Of points on a line one is 0, but for rounding.
_DEGENERATE = 1e-6


@dataclass(frozen=True)
class Pose:
    """The turn of a head in degrees, in the order pitch, yaw, roll.

    ``yaw`` is above 0 when the face looks to the picture's right, ``pitch`` when it looks up and
    ``roll`` when it is tilted clockwise as seen in the picture. Turning the picture changes the
    roll alone; mirroring it flips yaw and roll. Yaw is within ±90, the others within ±180.
    """

    yaw: float
    pitch: float
    roll: float


def estimate_pose(points: NDArray[Any]) -> Pose:
    """Return the pose of a face.

    Args:
        points: [68, 2] as (x, y) in pixels of the picture, in the order of iBUG 300-W. Values in
            0..1 of a picture that is no square must be scaled first, or the face is skewed.

    Returns:
        The pose; all zeros when the points are not finite or fall on one spot or line.

    Raises:
        ValueError: the points are not [68, 2].
    """
    if points.shape != (68, 2):
        raise ValueError(f"68 points of x and y are needed, not {list(points.shape)}")
    seen = points[_INDICES].astype(np.float64)
    if not np.isfinite(seen).all():
        return Pose(0.0, 0.0, 0.0)
    projection = (_SOLVE @ (seen - seen.mean(axis=0))).T  # [2, 3]: s·R without its depth row
    left, values, right = np.linalg.svd(projection, full_matrices=False)
    if values[1] <= _DEGENERATE * max(values[0], 1.0):
        return Pose(0.0, 0.0, 0.0)
    return _angles(left @ right)


def _angles(rows: NDArray[np.float64]) -> Pose:
    """Return the angles of the rotation whose first two rows [2, 3] are given.

    It is taken apart as roll · yaw · pitch, the roll last: so a turn of the picture is all roll.
    """
    depth = np.cross(rows[0], rows[1])
    yaw = np.arcsin(np.clip(depth[0], -1.0, 1.0))
    pitch = -np.arctan2(depth[1], depth[2])
    roll = np.arctan2(rows[1, 0], rows[0, 0])
    return Pose(*(float(value) for value in np.degrees([yaw, pitch, roll])))
