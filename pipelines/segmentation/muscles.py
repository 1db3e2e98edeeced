"""What masks of paraspinal muscles must look like, slice by slice: sides, one piece, no leaps."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.segmentation.clean import fill_holes, largest

Classes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

MUSCLES = tuple(range(1, 9))
PAIRS = ((1, 2), (3, 4), (5, 6), (7, 8))  #: left and right: multifidus, erector spinae, psoas, quadratus
PARASPINAL = ((1, 3), (2, 4))  #: multifidus and erector spinae of the left and of the right
CANAL = 10
LOPSIDED = 4.0  #: how much larger the muscles of one side may be: more is no person, or half of one
BEHIND_MM = (8.0, 70.0)  #: where the middle of the paraspinal muscles lies behind that of the canal
MIDLINE_MM = 12.0  #: the midline leans with a turned patient: nearer to it, sides are the network's
JOIN_MM = 4.0  #: fat between bundles of one muscle
GROWTH_MM = 5.0  #: how far an outline may move from one slice to the next, beside what the gap allows
GROWTH_PER_MM = 0.8
MARGIN_MM = 6.0


def part_sides(classes: Classes, spacing: tuple[float, float, float]) -> None:
    """Give muscles on the wrong side of the canal, in place, to the other side.

    Parameters
    ----------
    classes : uint8 array of shape (L, P, S)
        Classes of the axial network.
    spacing : three floats
        mm along (L, P, S).
    """
    middle = _midline(classes)
    if middle is None:
        return
    out = (np.arange(classes.shape[0])[:, None] - middle) * spacing[0]  # mm to the left: (L, S)
    for left, right in PAIRS:
        is_left, is_right = classes == left, classes == right
        classes[is_left & (out < -MIDLINE_MM)[:, None]] = right
        classes[is_right & (out > MIDLINE_MM)[:, None]] = left


def _midline(classes: Classes) -> NDArray[np.float64] | None:
    """L index of the canal's centre in every slice, interpolated; None without a canal."""
    canal = (classes == CANAL).sum(1)  # (L, S)
    mass = canal.sum(0)
    seen = np.flatnonzero(mass)
    if not seen.size:
        return None
    centres = (np.arange(len(canal))[:, None] * canal).sum(0)[seen] / mass[seen]
    smooth = ndimage.median_filter(centres, 3, mode="nearest")
    line: NDArray[np.float64] = np.interp(np.arange(classes.shape[2]), seen, smooth)
    return line


def doubt(classes: Classes, spacing: tuple[float, float, float]) -> str | None:
    """Say why what was found cannot be the muscles of a lumbar spine; None if it can.

    Parameters
    ----------
    classes : uint8 array of shape (L, P, S)
        Classes of the axial network.
    spacing : three floats
        mm along (L, P, S).
    """
    canal, (left, right) = classes == CANAL, (np.isin(classes, side) for side in PARASPINAL)
    if not canal.any():
        return "no spinal canal lies between the muscles"
    sizes = int(left.sum()), int(right.sum())
    if min(sizes) * LOPSIDED < max(sizes):
        return "the muscles behind the spine are there on one side only"
    behind = (_depth(left | right) - _depth(canal)) * spacing[1]
    if not BEHIND_MM[0] < behind < BEHIND_MM[1]:
        return f"the muscles lie {behind:.0f} mm behind the spinal canal"
    return None


def _depth(mask: Mask) -> float:
    """Mean P index of a mask that is not empty."""
    columns = mask.sum((0, 2))
    return float((columns * np.arange(len(columns))).sum() / columns.sum())


def tidy(classes: Classes, spacing: tuple[float, float, float]) -> None:
    """Keep of each muscle, in place, what is plausible: one piece per slice, without holes or leaps.

    Parameters
    ----------
    classes : uint8 array of shape (L, P, S)
        Classes of the axial network.
    spacing : three floats
        mm along (L, P, S).
    """
    box = _box(classes, MARGIN_MM, spacing)
    if box is None:
        return
    inner = classes[box]
    for muscle in MUSCLES:
        mask = inner == muscle
        if not mask.any():
            continue
        kept = _without_leaps(_one_piece(largest(mask, keep=0.1), spacing), spacing)
        kept = fill_holes(kept, axis=2)
        inner[mask & ~kept] = 0
        inner[kept & ~np.isin(inner, MUSCLES)] = muscle


def _box(classes: Classes, margin: float, spacing: tuple[float, float, float]) -> tuple[slice, ...] | None:
    """Find the part that holds muscles, with a margin in mm; None if there is none."""
    mask = np.isin(classes, MUSCLES)
    if not mask.any():
        return None
    box = []
    for axis in range(3):
        seen = np.flatnonzero(mask.any(tuple(k for k in range(3) if k != axis)))
        extra = int(np.ceil(margin / spacing[axis]))
        box.append(slice(max(0, int(seen[0]) - extra), int(seen[-1]) + extra + 1))
    return tuple(box)


def _one_piece(mask: Mask, spacing: tuple[float, float, float]) -> Mask:
    """Keep the largest piece of every slice; pieces a few millimetres apart are one."""
    kept = np.zeros_like(mask)
    for k in np.flatnonzero(mask.any((0, 1))):
        plane = mask[:, :, k]
        kept[:, :, k] = plane & largest(_within(plane, JOIN_MM / 2, spacing))
    return kept


def _without_leaps(mask: Mask, spacing: tuple[float, float, float]) -> Mask:
    """From a slice of middling size on, both ways, keep what lies near the outline in the slice before."""
    area = mask.sum((0, 1))
    seen = np.flatnonzero(area)
    middle = int(seen[np.argsort(area[seen], kind="stable")[len(seen) // 2]])  # the largest may be a leak
    reach = GROWTH_MM + GROWTH_PER_MM * spacing[2]
    kept = mask.copy()
    for order in (range(middle + 1, len(area)), range(middle - 1, -1, -1)):
        before = kept[:, :, middle]
        for k in order:
            kept[:, :, k] &= _within(before, reach, spacing)
            if kept[:, :, k].any():  # else: the muscle was missed in this slice
                before = kept[:, :, k]
    return kept


def _within(plane: Mask, radius: float, spacing: tuple[float, float, float]) -> Mask:
    """Return what lies within `radius` mm of a mask in its plane."""
    near: Mask = ndimage.distance_transform_edt(~plane, sampling=spacing[:2]) <= radius
    return near
