"""Between a volume and a network's own grid: affines say where, nothing is resampled twice."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.orientation import orient
from pipelines.types import Volume

Labels = NDArray[np.uint8]
Affine = NDArray[np.float64]

LPS_RAS = np.diag(
    [-1.0, -1.0, 1.0, 1.0]
)  #: from DICOM's patient axes (PS3.3 C.7.6.2.1.1) to NIfTI's, and back


def along_patient(labels: Labels, affine: Affine, volume: Volume) -> tuple[Labels, Affine]:
    """Permute and flip the axes of labels to (L, P, S), as `orient` does for a volume.

    Parameters
    ----------
    labels : uint8 array of shape (i, j, k)
    affine : float64 array of shape (4, 4)
        (i, j, k, 1) -> LPS mm.
    volume : Volume
        Lends what a grid does not have.

    Returns
    -------
    uint8 array of shape (L, P, S), and its affine
    """
    oriented = orient(replace(volume, voxels=labels.astype(np.float32), affine=affine))
    return oriented.array.astype(np.uint8), oriented.affine


def onto_volume(labels: Labels, affine: Affine, volume: Volume) -> Labels:
    """Look up each voxel of a volume in labels on another grid: the nearest one, 0 outside.

    Parameters
    ----------
    labels : uint8 array of shape (i, j, k)
    affine : float64 array of shape (4, 4)
        (i, j, k, 1) -> LPS mm.
    volume : Volume

    Returns
    -------
    uint8 array of shape (slices, rows, columns)
    """
    to_labels = np.linalg.inv(affine) @ volume.affine
    found = np.zeros(volume.voxels.shape, np.uint8)
    _, rows, columns = (np.arange(count) for count in volume.voxels.shape)
    for k in range(len(found)):  # slice by slice to bound memory
        start = to_labels[:3, 0] * k + to_labels[:3, 3]
        at = [
            np.rint(s + r * rows[:, None] + c * columns[None]).astype(np.intp)
            for s, r, c in zip(start, to_labels[:3, 1], to_labels[:3, 2], strict=True)
        ]
        inside = np.logical_and.reduce(
            [(a >= 0) & (a < size) for a, size in zip(at, labels.shape, strict=True)]
        )
        found[k][inside] = labels[tuple(a[inside] for a in at)]
    return found
