"""Everything a painter needs: canvas, random stream, plan of the spine, and coordinates along its canal."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.anatomy.canvas import Canvas
from models.anatomy.randomness import Randomness
from models.anatomy.spine import Spine

Profile = NDArray[np.float64]
"""One value per z position of the grid."""

L5, L4, L3, L2, L1, T12, T11 = range(7)
SIDES = ((1, "left"), (-1, "right"))
SMOOTHING = 14.0  # mm along z: vertebrae shift against each other, the canal bends


@dataclass(frozen=True, eq=False)
class Scene:
    """What is being painted, and where.

    Attributes
    ----------
    canvas : Canvas
    random : Randomness
    spine : Spine
    left, back, up : (X, Y, Z) float32 tensors
        Distance from the canal's centreline to the left and to the back, and height z; mm.
    lateral : (X, Y, Z) float32 tensor
        |left|.
    heights : (Z,) float64 array
        z of each plane of the grid, mm.
    descent : (Z,) float64 array
        0 at the middle of L1, 1 at the middle of L5, limited to -0.7 … 1.6.
    centre_left, centre_back : (Z,) float64 arrays
        The canal's centreline in world mm.
    """

    canvas: Canvas
    random: Randomness
    spine: Spine
    left: Tensor
    back: Tensor
    up: Tensor
    lateral: Tensor
    heights: Profile
    descent: Profile
    centre_left: Profile
    centre_back: Profile

    def column(self, values: Profile | float) -> Tensor:
        """Turn one value per plane (or one for all) into a (1, 1, Z) or (1, 1, 1) float32 tensor."""
        device = self.canvas.grid.device
        return torch.tensor(np.asarray(values), dtype=torch.float32, device=device).view(1, 1, -1)

    def sided(self, deviation: float) -> Tensor:
        """Draw a factor around 1 for each side: (X, Y, Z) float32 tensor."""
        left, right = (1 + self.random.normal(0, deviation) for _ in SIDES)
        return torch.where(self.left > 0, left, right)

    def height_of(self, level: int) -> float:
        """Return z of the middle of a vertebra, mm."""
        return float(self.spine.vertebrae[level].centre[2])


def set_scene(canvas: Canvas, random: Randomness, spine: Spine) -> Scene:
    """Lay the canal's centreline behind the bodies and express the canvas relative to it."""
    x, y, z = canvas.points
    heights = canvas.grid.axes()[2].cpu().numpy().astype(np.float64)
    nodes = _canal_nodes(spine)
    step = float(canvas.grid.spacing[2])
    centre_left = _smooth_profile(heights, nodes[:, 2], nodes[:, 0], step)
    centre_back = _smooth_profile(heights, nodes[:, 2], nodes[:, 1], step)
    top, bottom = spine.vertebrae[L1].centre[2], spine.vertebrae[L5].centre[2]
    left = x - _column(centre_left, canvas)
    return Scene(
        canvas,
        random,
        spine,
        left,
        y - _column(centre_back, canvas),
        z,
        left.abs(),
        heights,
        np.clip((top - heights) / (top - bottom), -0.7, 1.6),
        centre_left,
        centre_back,
    )


def _column(values: Profile, canvas: Canvas) -> Tensor:
    return torch.tensor(values, dtype=torch.float32, device=canvas.grid.device).view(1, 1, -1)


def _canal_nodes(spine: Spine) -> NDArray[np.float64]:
    """Points of the canal's centreline from below: one per sacral, two per lumbar vertebra; (n, 3) mm."""
    depth, nodes = spine.canal_depth, []
    for body in reversed(spine.sacrum):
        nodes.append(body.centre + body.axes[:, 1] * (body.half_depth + depth * 0.8))
    for body in spine.vertebrae:
        rise, shift = body.axes[:, 2] * body.half_height * 0.6, body.axes[:, 1] * (body.half_depth + depth)
        nodes += [body.centre - rise + shift, body.centre + rise + shift]
    points = np.array(nodes)
    return points[np.argsort(points[:, 2])]


def _smooth_profile(heights: Profile, z: Profile, values: Profile, step: float) -> Profile:
    """Interpolate values given at z to the grid's planes and smooth them along z."""
    kernel = np.hanning(max(3, int(SMOOTHING / step) | 1))
    kernel /= kernel.sum()
    padded = np.pad(np.interp(heights, z, values), len(kernel) // 2, mode="edge")
    return np.convolve(padded, kernel, mode="valid")[: len(heights)]
