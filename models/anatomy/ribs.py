"""The lowest ribs: one pair to each thoracic vertebra, and now and then a short one to the first lumbar.

The 12th rib is 14 cm long on average and may be shorter than the transverse process of L1 (Konin & Walz, AJNR
2010;31(10):1778-1786); lumbar ribs occur in about one person in a hundred.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.anatomy.implicit import rod
from models.anatomy.scene import Scene
from models.anatomy.tissues import Tissue

T12_KIND = 5
# From the joint at the body round the trunk: (out, back, up) from the body's back corner, mm at size 1.
COURSE = np.array([(2, 0, 2), (15, 15, 0), (38, 21, -9), (68, 12, -26), (95, -22, -52), (110, -62, -80)])


def paint_ribs(scene: Scene) -> None:
    """Paint the ribs of the thoracic vertebrae in view, before the vertebrae themselves."""
    random, spine = scene.random, scene.spine
    for level, kind in enumerate(spine.kinds):
        if kind == T12_KIND:
            length = random.uniform(12, 40) if random.chance(0.1) else random.uniform(60, 150)
            _paint_pair(scene, level, length, COURSE)
        elif kind > T12_KIND:
            _paint_pair(scene, level, random.uniform(150, 260), COURSE)
        elif kind + 1 == spine.kinds[level + 1] == T12_KIND and spine.pathology.lumbar_ribs:
            _paint_pair(scene, level, random.uniform(12, 45), COURSE + np.array([8, 4, 0]))


def _paint_pair(scene: Scene, level: int, length: float, course: NDArray[np.float64]) -> None:
    body, size = scene.spine.vertebrae[level], scene.spine.size
    corner = np.array([body.half_width, body.half_depth * 0.7, 0.0])
    droop = np.array([1.0, 1.0, scene.random.uniform(0.7, 1.3)])
    for side in (1, -1):
        own = length * scene.random.uniform(0.85, 1.15) * size
        points = (corner + _cut(course * droop * size, own)) * (side, 1, 1)
        for start, end in pairwise(points @ body.axes.T + body.centre):
            _paint_piece(scene, start, end)


def _cut(course: NDArray[np.float64], length: float) -> NDArray[np.float64]:
    """Follow a course for a length."""
    steps = np.linalg.norm(np.diff(course, axis=0), axis=1)
    reached = np.concatenate([[0], np.cumsum(steps)])
    kept = course[reached < length]
    end = [np.interp(min(length, reached[-1]), reached, course[:, k]) for k in range(3)]
    return np.vstack([kept, end])


def _paint_piece(scene: Scene, start: NDArray[np.float64], end: NDArray[np.float64]) -> None:
    part = scene.canvas.window((start + end) / 2, tuple(np.abs(end - start) / 2 + 8))
    if part is None:
        return
    x, y, z = part.points
    a, b = ((float(p[0]), float(p[1]), float(p[2])) for p in (start, end))
    distance = rod((x, y, z), a, b, (4.2, 4.2, 5.8))
    part.paint_bone(distance < 0, distance > -1.4, Tissue.RIB_CORTEX, Tissue.RIB_MARROW, instance=0)
