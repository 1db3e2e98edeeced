"""Truncated fields of view: what is answered where the lower spine is not in the scan."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pipelines.evaluation.names import parse
from pipelines.evaluation.reference import Reference
from pipelines.types import Segmentation, Volume

Point = NDArray[np.float64]

#: cut -> the vertebra above whose body nothing is missing; the last one goes through the middle of S1
ABOVE: Mapping[str, str] = MappingProxyType({"above L5": "L5", "above L4": "L4", "above L3": "L3"})
THROUGH_S1 = "through S1"
DISC_ON_TOP: Mapping[str, str] = MappingProxyType({"L5": "L4-L5", "L4": "L3-L4", "L3": "L2-L3"})
#: mm from the centre of L5, and of the L5-S1 disc, down to the middle of S1
L5_TO_S1_MM, DISC_TO_S1_MM = 38.0, 18.0
CLEAR_MM = 1.0  #: above a vertebra's highest point, so that nothing of it is left
LEAST_MM = 50.0  #: a shorter rest is no field of view that anybody would send


def cut_points(*references: Reference) -> dict[str, Point]:
    """Find where to cut.

    Parameters
    ----------
    *references : Reference
        The first one that shows a level says where it is.

    Returns
    -------
    dict of str to array of 3
        Cut -> LPS mm of a point on it; only cuts for which a level is shown.
    """
    points: dict[str, Point] = {}
    for reference in references:
        found = {name: _on_top(reference, level) for name, level in ABOVE.items()}
        found[THROUGH_S1] = _in_s1(reference)
        points |= {name: point for name, point in found.items() if point is not None and name not in points}
    return points


def cut(volume: Volume, point: Point) -> tuple[Volume, tuple[slice, slice, slice]] | None:
    """Drop everything below a point: slices, rows or columns, whichever run along the patient.

    Parameters
    ----------
    volume : Volume
    point : array of 3
        LPS mm.

    Returns
    -------
    volume : Volume
        What is left. Its headers are those of the whole series; only the segmentation may look at it.
    kept : tuple of slice
        Where that lies in the whole.
    None, if nothing is cut off or less than LEAST_MM is left.
    """
    along = volume.affine[2, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0)
    axis = int(np.argmax(np.abs(along)))
    count = volume.voxels.shape[axis]
    place = float((np.linalg.inv(volume.affine) @ [*point, 1])[axis])
    kept = (
        slice(max(int(np.ceil(place)), 0), count) if along[axis] > 0 else slice(0, min(int(place) + 1, count))
    )
    left = max(kept.stop - kept.start, 0)
    if left == count or left * volume.spacing[axis] < LEAST_MM:
        return None
    window = tuple(kept if k == axis else slice(0, n) for k, n in enumerate(volume.voxels.shape))
    affine = volume.affine.copy()
    affine[:3, 3] += affine[:3, axis] * kept.start
    part = replace(
        volume,
        voxels=np.ascontiguousarray(volume.voxels[window]),
        affine=affine,
        sources=volume.sources[window[0]],
    )
    return part, (window[0], window[1], window[2])


def on_whole(segmentation: Segmentation, whole: Volume, kept: tuple[slice, slice, slice]) -> Segmentation:
    """Lay the labels of a part back into the whole, so that they can be written as its SEG."""
    labels = np.zeros(whole.voxels.shape, np.uint8)
    labels[kept] = segmentation.labels
    return replace(segmentation, volume=whole, labels=labels)


def _on_top(reference: Reference, level: str) -> Point | None:
    """Return a point just above a vertebra, over its centre; or the centre of the disc on it."""
    points = _points(reference, level)
    if points is not None:
        return np.array([*points.mean(0)[:2], points[:, 2].max() + CLEAR_MM])
    return _centre(reference, DISC_ON_TOP[level])


def _in_s1(reference: Reference) -> Point | None:
    for level, down in (("L5", L5_TO_S1_MM), ("L5-S1", DISC_TO_S1_MM)):
        centre = _centre(reference, level)
        if centre is not None:
            return np.asarray(centre - [0, 0, down])
    return None


def _centre(reference: Reference, place: str) -> Point | None:
    points = _points(reference, place)
    return None if points is None else np.asarray(points.mean(0))


def _points(reference: Reference, place: str) -> NDArray[np.float64] | None:
    """LPS mm of the voxels of the structures at a level; None where there is none."""
    index = np.argwhere(
        reference.mask(*(label for label in reference.present if parse(label).place == place))
    )
    if not len(index):
        return None
    points: NDArray[np.float64] = index @ reference.affine[:3, :3].T + reference.affine[:3, 3]
    return points
