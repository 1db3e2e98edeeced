"""Connected components: keep what belongs together, drop specks."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]


def largest(mask: Mask, keep: float = 1.0) -> Mask:
    """Keep the largest component (26-connected) and those of at least `keep` times its size."""
    components, count = ndimage.label(mask, structure=np.ones((3,) * mask.ndim))
    if count <= 1:
        return mask
    sizes = np.bincount(components.ravel())
    sizes[0] = 0
    kept: Mask = (sizes >= keep * sizes.max())[components] & mask
    return kept


def fill_holes(mask: Mask, axis: int) -> Mask:
    """Fill holes within each plane across `axis`."""
    planes = [ndimage.binary_fill_holes(plane) for plane in np.moveaxis(mask, axis, 0)]
    return np.moveaxis(np.stack(planes), 0, axis)


def fill_cavities(mask: Mask) -> Mask:
    """Fill what a mask encloses on all sides: thin marrow in noise is bone although it looks like fat."""
    filled = mask.copy()
    for box in ndimage.find_objects(mask.astype(np.uint8)):
        empty, _ = ndimage.label(np.pad(~mask[box], 1, constant_values=True))
        outside = empty[(0,) * mask.ndim]
        filled[box] = (empty != outside)[(slice(1, -1),) * mask.ndim]
    return filled
