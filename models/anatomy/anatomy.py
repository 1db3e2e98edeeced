"""One generated person, whole: the entry to the generator."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.anatomy.canal import paint_canal, shape_canal
from models.anatomy.canvas import blank_canvas
from models.anatomy.disc import paint_disc
from models.anatomy.endplates import paint_end_plates
from models.anatomy.foramina import paint_roots, paint_surroundings
from models.anatomy.grid import FieldOfView, Grid
from models.anatomy.hardware import paint_hardware
from models.anatomy.lesions import paint_lesions
from models.anatomy.muscles import paint_muscles
from models.anatomy.osteophytes import paint_osteophytes
from models.anatomy.pathology import Pathology, draw_pathology
from models.anatomy.pelvis import paint_hips, paint_ilium, shape_ilium
from models.anatomy.randomness import Randomness
from models.anatomy.ribs import paint_ribs
from models.anatomy.sacrum import paint_sacrum
from models.anatomy.scene import Scene, set_scene
from models.anatomy.spine import Spine, plan_spine
from models.anatomy.trunk import paint_trunk
from models.anatomy.vertebra import paint_vertebra
from models.anatomy.vessels import paint_vessels


@dataclass(frozen=True, eq=False)
class Anatomy:
    """Tissues and structures on a grid whose axes are x (to the left), y (to the back), z (to the head).

    The world frame has DICOM's patient directions (LPS, PS3.3 C.7.6.2.1.1) and millimetres.

    Attributes
    ----------
    tissues : (X, Y, Z) int16 tensor
        Values of `Tissue`.
    instances : (X, Y, Z) int16 tensor
        Structures, numbered as in `models.anatomy.tissues`; 0 is none.
    first_sacral : (X, Y, Z) bool tensor
        Body of S1, as far as nothing was painted over it.
    body_centres : (7, 3) float64 array
        Centres of the bodies L5 … T11 in mm (before the warp, so right to about 2 mm).
    spine : Spine
        The plan the anatomy was painted from.
    grid : Grid
        Field of view and spacing.
    random : Randomness
        Continues where the anatomy ended: rendering and acquiring draw from it, in the order of the calls.
    """

    tissues: Tensor
    instances: Tensor
    first_sacral: Tensor
    body_centres: NDArray[np.float64]
    spine: Spine
    grid: Grid
    random: Randomness

    @property
    def transitional(self) -> bool:
        """Whether counting levels in this person is ambiguous."""
        return self.spine.transitional

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Edge lengths of a voxel in mm."""
        x, y, z = (float(step) for step in self.grid.spacing)
        return x, y, z

    @property
    def origin(self) -> tuple[float, float, float]:
        """Centre of voxel (0, 0, 0) in mm."""
        return self.grid.origin


def generate(
    seed: int,
    field_of_view: FieldOfView,
    spacing: float | tuple[float, float, float],
    device: str = "cpu",
    pathology: Pathology | None = None,
) -> Anatomy:
    """Generate a lumbar anatomy.

    Parameters
    ----------
    seed : int
        Fixes the person. The same seed gives another person on another grid or kind of device.
    field_of_view : three (low, high) pairs
        Outer faces along x, y, z in mm; the promontory lies near (0, 0, -95), L1 near z = +60.
    spacing : float or three floats
        Voxel size in mm.
    device : str
        Torch device.
    pathology : Pathology, optional
        Findings of the spine; drawn at random by default.

    Returns
    -------
    Anatomy

    Raises
    ------
    ValueError
        If the field of view is empty or the spacing not positive.
    """
    grid = _make_grid(field_of_view, spacing, device)
    random = Randomness(seed, device)
    canvas = blank_canvas(grid, random)
    spine = plan_spine(random, draw_pathology(random) if pathology is None else pathology)
    scene = set_scene(canvas, random, spine)
    first_sacral = _paint(scene)
    centres = np.stack([body.centre for body in scene.spine.vertebrae])
    return Anatomy(canvas.tissues, canvas.instances, first_sacral, centres, scene.spine, grid, random)


def _make_grid(field_of_view: FieldOfView, spacing: float | tuple[float, float, float], device: str) -> Grid:
    steps = np.broadcast_to(np.asarray(spacing, dtype=np.float64), (3,))
    if not (steps > 0).all():
        raise ValueError(f"spacing must be positive, not {spacing}")
    grid = Grid(field_of_view, steps, device)
    if min(grid.shape) < 1:
        raise ValueError(f"field of view {field_of_view} holds no voxel of {spacing} mm")
    return grid


def _paint(scene: Scene) -> Tensor:
    """Paint from the outside to the canal, then what was added later in life; return the body of S1."""
    trunk = paint_trunk(scene)
    paint_muscles(scene, trunk)
    paint_vessels(scene)
    canal, ilium = shape_canal(scene), shape_ilium(scene, trunk)
    cortex = scene.random.uniform(0.6, 1.6)  # mm
    paint_surroundings(scene, canal)
    paint_ribs(scene)
    bone, first_sacral = paint_sacrum(scene, cortex, canal, ilium)
    paint_ilium(scene, ilium)
    paint_hips(scene)
    taken = torch.minimum(canal.distance, ilium - scene.spine.habit.gap)
    for level in range(len(scene.spine.vertebrae)):
        bone = paint_vertebra(scene, level, cortex, bone, taken)
    paint_osteophytes(scene)
    for disc in scene.spine.discs:
        paint_disc(scene, disc)
    paint_canal(scene, canal)
    paint_roots(scene)
    paint_lesions(scene)
    paint_end_plates(scene)
    paint_hardware(scene)
    return first_sacral
