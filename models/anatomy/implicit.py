"""Signed distances of simple solids, in mm, negative inside, and their smooth combinations.

The distances are exact on the surface and right to first order beside it, which is all that a cortex of a
millimetre or a joint space of two needs. After Quilez, "distance functions" (iquilezles.org, 2008).
"""

import torch
from torch import Tensor

Triple = tuple[float, float, float]
Point = tuple[Tensor, Tensor, Tensor]
"""Coordinates, of shapes that broadcast."""


def rod(point: Point, start: Triple, end: Triple, radii: Triple, taper: float = 1.0) -> Tensor:
    """Distance to an ellipsoid swept from `start` to `end`, its `radii` growing to `taper` times.

    The radii lie along the axes of the coordinates, not along the rod.
    """
    span = tuple(b - a for a, b in zip(start, end, strict=True))
    length = sum(d * d for d in span)
    offset = [p - a for p, a in zip(point, start, strict=True)]
    scale: Tensor | float = 1.0
    if length > 0:
        along = sum((o * (d / length) for o, d in zip(offset, span, strict=True)), start=torch.zeros(()))
        along = along.clamp(0, 1)
        offset = [o - along * d for o, d in zip(offset, span, strict=True)]
        scale = 1 + (taper - 1) * along
    return (
        _ellipsoid(offset, radii) if length == 0 else _ellipsoid([o / scale for o in offset], radii) * scale
    )


def _ellipsoid(offset: list[Tensor], radii: Triple) -> Tensor:
    near = sum(((o / r) ** 2 for o, r in zip(offset, radii, strict=True)), start=torch.zeros(())).sqrt()
    steep = sum(((o / r**2) ** 2 for o, r in zip(offset, radii, strict=True)), start=torch.zeros(())).sqrt()
    distance: Tensor = (near + 1e-3) / (steep + 1e-3 / min(radii)) * (near - 1)
    return distance


def block(point: Point, half: Triple, rounding: float) -> Tensor:
    """Distance to a block of the given half edges around the origin, its edges rounded."""
    x, y, z = (p.abs() - (h - rounding) for p, h in zip(point, half, strict=True))
    outside = (x.clamp(min=0) ** 2 + y.clamp(min=0) ** 2 + z.clamp(min=0) ** 2).sqrt()
    inside = torch.maximum(torch.maximum(x, y), z).clamp(max=0)
    return outside + inside - rounding


def join(a: Tensor, b: Tensor, fillet: float) -> Tensor:
    """Union, the crease between the two filled over about `fillet` mm."""
    return torch.minimum(a, b) - _blend(a, b, fillet)


def meet(a: Tensor, b: Tensor, bevel: float) -> Tensor:
    """Intersection, the edge between the two rounded over about `bevel` mm."""
    return torch.maximum(a, b) + _blend(a, b, bevel)


def _blend(a: Tensor, b: Tensor, width: float) -> Tensor:
    return (width - (a - b).abs()).clamp(min=0) ** 2 * (0.25 / width)
