"""A muscle that runs along the spine with a superelliptic section."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from models.anatomy.scene import Profile, Scene


@dataclass(frozen=True, eq=False)
class Tube:
    """Course and section of a muscle; profiles along z, in mm.

    Attributes
    ----------
    out, behind : (Z,) float64 arrays
        Centre, to the left of and behind the canal.
    half_width, half_depth : (Z,) float64 arrays
        Half axes of the section.
    angle : float
        Turn of the section, radians.
    exponent : float
        2 is an ellipse, more is squarer.
    bottom, top : float
        Ends along z.
    """

    out: Profile
    behind: Profile
    half_width: Profile
    half_depth: Profile
    angle: float
    exponent: float
    bottom: float
    top: float

    def radius(self, scene: Scene) -> Tensor:
        """Superelliptic distance from the axis; inside where < 1; (X, Y, Z), huge beyond the ends."""
        c, s = float(np.cos(self.angle)), float(np.sin(self.angle))
        x, y = scene.left - scene.column(self.out), scene.back - scene.column(self.behind)
        p, q, n = x * c + y * s, -x * s + y * c, self.exponent
        across = (p.abs() / scene.column(self.half_width)) ** n
        deep = (q.abs() / scene.column(self.half_depth)) ** n
        beyond = (scene.up <= self.bottom) | (scene.up >= self.top)
        return ((across + deep) ** (1 / n)).masked_fill(beyond, 1e3)
