"""Crops on which wavelet features are those of the whole volume.

PyRadiomics filters the whole volume for every region. The stationary wavelet transform with coif1 reads three
voxels to a side, so a crop with a margin gives the same numbers; at a volume's edge the margin is filled as
the transform on the whole volume would (see docs/decisions/radiomics-crops.md).
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.boxes import bounding_box

Edge = Literal["wrap", "mirror"]


def crop(
    image: NDArray[Any], roi: NDArray[np.bool_], edge: Edge, margin: int
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Cut a region out with a margin, inventing what lies beyond the volume's edge.

    Parameters
    ----------
    image : array of shape (slices, rows, columns)
    roi : bool array of the same shape, not empty
    edge : {"wrap", "mirror"}
        What lies beyond the edge: "wrap" the opposite side (what PyRadiomics has there), or "mirror" the
        volume reflected in its edge.
    margin : int
        Voxels on each side.

    Returns
    -------
    image, roi : arrays of the same, smaller shape
        The region is False in the margin, also where the margin repeats voxels of the region.
    """
    box = bounding_box(roi)
    index = [_indices(part, size, edge, margin) for part, size in zip(box, image.shape, strict=True)]
    inside = np.pad(roi[box], margin)
    return image[np.ix_(*index)], inside


def _indices(part: slice, size: int, edge: Edge, margin: int) -> NDArray[np.intp]:
    index: NDArray[np.intp] = np.arange(part.start - margin, part.stop + margin)
    if edge == "mirror":
        index %= 2 * size
        return np.where(index < size, index, 2 * size - 1 - index)
    index %= size + size % 2  # PyRadiomics repeats the first plane after the last of an odd count
    return np.where(index < size, index, 0)
