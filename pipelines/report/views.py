"""The two-dimensional pictures that show best what was found in a volume.

Native slices lie where the most was found. An axial CT also gets a sagittal and a coronal reformat, since
that is how a spine is read. Pictures are turned the radiological way: head up, anterior or the patient's
right to the left.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.dicom.planes import slice_distance
from pipelines.types import Role, Segmentation

MARGIN_MM = 30.0  #: around the structures, in native slices and reformats
_LETTERS = (("R", "L"), ("A", "P"), ("F", "H"))  # of falling and rising x, y, z (LPS)
_CT_WINDOW = (-200.0, 600.0)  # Hounsfield units: bone and soft tissue together
_MR_PERCENTILES = (1.0, 99.5)


@dataclass(frozen=True, eq=False)
class View:
    """A picture with its outlines.

    Attributes
    ----------
    image : float array of shape (rows, columns)
        0 (black) to 1 (white).
    labels : uint8 array of the same shape
    pixel : tuple of float
        Height and width of a pixel, mm.
    title : str
    edges : tuple of str
        Letters of the patient's directions at the left, right, top and bottom edge.
    """

    image: NDArray[np.float64]
    labels: NDArray[np.uint8]
    pixel: tuple[float, float]
    title: str
    edges: tuple[str, str, str, str]


def views_of(segmentation: Segmentation, count: int = 3) -> tuple[View, ...]:
    """Choose the pictures for a segmentation, the most telling first.

    Parameters
    ----------
    segmentation : Segmentation
        With at least one structure.
    count : int
        How many pictures at most.
    """
    if segmentation.volume.role is Role.CT:
        best = best_slices(segmentation.labels, 1)[0]
        candidates = (_reformat(segmentation, 2), _reformat(segmentation, 1), _native(segmentation, best))
        return candidates[:count]
    return tuple(_native(segmentation, index) for index in best_slices(segmentation.labels, count))


def best_slices(labels: NDArray[np.uint8], count: int) -> list[int]:
    """Choose slices that show the most structures, spread over the labelled range.

    Parameters
    ----------
    labels : uint8 array of shape (slices, rows, columns)
        Not all 0.
    count : int

    Returns
    -------
    list of int
        The best of all first, then the best of each of the other parts of the range, in order.
    """
    areas = [(np.unique(plane[plane > 0]).size, int((plane > 0).sum())) for plane in labels]
    found = [index for index, area in enumerate(areas) if area[0]]
    best = max(found, key=lambda index: areas[index])
    apart = len(found) // (2 * count)
    parts = [list(map(int, part)) for part in np.array_split(np.array(found), count)]
    rest = [
        max([i for i in part if abs(i - best) >= apart] or part, key=lambda index: areas[index])
        for part in parts
        if part and best not in part
    ]
    return [best, *rest][:count]


def _native(segmentation: Segmentation, index: int) -> View:
    volume = segmentation.volume
    across, down = volume.affine[:3, 2], volume.affine[:3, 1]
    picture = _Picture(
        volume.voxels[index],
        segmentation.labels[index],
        (float(np.linalg.norm(down)), float(np.linalg.norm(across))),
        (down, across),
    )
    return picture.view(_window(segmentation), f"slice {index + 1} of {volume.voxels.shape[0]}")


def _reformat(segmentation: Segmentation, axis: int) -> View:
    """Cut an axial volume through the middle of the structures: axis 2 is sagittal, axis 1 coronal."""
    volume = segmentation.volume
    middle = int(np.median(np.nonzero(segmentation.labels)[axis]))
    inplane = 3 - axis  # the other in-plane axis: rows for a sagittal, columns for a coronal picture
    voxels, labels = np.take(volume.voxels, middle, axis), np.take(segmentation.labels, middle, axis)
    direction = volume.affine[:3, inplane]
    width = float(np.linalg.norm(direction))
    shift = float(volume.affine[:3, 0] @ direction) / width**2  # pixels per slice: gantry tilt
    normal = np.cross(volume.affine[:3, 1], volume.affine[:3, 2])
    normal *= np.sign(normal @ volume.affine[:3, 0])
    picture = _Picture(
        _sheared(voxels, shift, 1),
        _sheared(labels, shift, 0),
        (slice_distance(volume), width),
        (normal, direction),
    )
    return picture.view(_window(segmentation), "sagittal reformat" if axis == 2 else "coronal reformat")


def _sheared(picture: NDArray[Any], shift: float, order: int) -> NDArray[Any]:
    """Move row i by i * shift pixels, about the middle row, to undo a tilt."""
    if abs(shift) * picture.shape[0] < 1:
        return picture
    middle = picture.shape[0] / 2
    return np.stack(
        [
            ndimage.shift(row, (index - middle) * shift, order=order, mode="nearest" if order else "constant")
            for index, row in enumerate(picture)
        ]
    )


def _window(segmentation: Segmentation) -> tuple[float, float]:
    if segmentation.volume.series.modality == "CT":
        return _CT_WINDOW
    low, high = np.percentile(segmentation.volume.voxels[::2, ::4, ::4], _MR_PERCENTILES)
    return float(low), float(max(high, low + 1e-6))


@dataclass(frozen=True, eq=False)
class _Picture:
    """A cut with the patient directions of its rising row and column index."""

    voxels: NDArray[np.float32]
    labels: NDArray[np.uint8]
    pixel: tuple[float, float]
    directions: tuple[NDArray[np.float64], NDArray[np.float64]]

    def view(self, window: tuple[float, float], title: str) -> View:
        """Turn, crop and window the cut."""
        turned = self._turned()
        rows, columns = turned._box()
        low, high = window
        image = np.clip((turned.voxels[rows, columns].astype(np.float64) - low) / (high - low), 0, 1)
        (top, bottom), (left, right) = (_edge_letters(direction) for direction in turned.directions)
        return View(image, turned.labels[rows, columns], turned.pixel, title, (left, right, top, bottom))

    def _turned(self) -> "_Picture":
        """Put head or anterior up, and anterior or the patient's right to the left."""
        down, across = self.directions
        axis = int(np.argmax(np.abs(down)))
        flip_rows = bool(down[axis] > 0) if axis == 2 else bool(down[axis] < 0)
        flip_columns = bool(across[int(np.argmax(np.abs(across)))] < 0)
        step_rows, step_columns = (-1 if flip_rows else 1), (-1 if flip_columns else 1)
        return _Picture(
            self.voxels[::step_rows, ::step_columns],
            self.labels[::step_rows, ::step_columns],
            self.pixel,
            (down * step_rows, across * step_columns),
        )

    def _box(self) -> tuple[slice, slice]:
        """Give the rows and columns around the structures, or all if there is none in this cut."""
        if not self.labels.any():
            return slice(None), slice(None)
        where = np.nonzero(self.labels)
        margins = [round(MARGIN_MM / size) for size in self.pixel]
        rows, columns = (
            slice(max(int(index.min()) - margin, 0), int(index.max()) + margin + 1)
            for index, margin in zip(where, margins, strict=True)
        )
        return rows, columns


def _edge_letters(direction: NDArray[np.float64]) -> tuple[str, str]:
    """Give the letters at the low and at the high end of an index that rises along `direction`."""
    axis = int(np.argmax(np.abs(direction)))
    low, high = _LETTERS[axis]
    return (low, high) if direction[axis] > 0 else (high, low)
