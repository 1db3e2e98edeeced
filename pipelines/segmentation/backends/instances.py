"""Tell the vertebrae of one class apart, and the discs of one class, and number them from the sacrum.

The column code of the shipped sagittal network finds the disc planes; they part the thick cores of the
vertebrae, and what is attached to a core (arch, processes) follows it through the mask.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.segmentation.clean import Mask, largest
from pipelines.segmentation.column import Column, Evidence, find_column
from pipelines.segmentation.labels import DISCS, LEVELS, level_name

CORE_MM = 6.0  #: what is within so much of a point that lies as deep is thick: bodies are, arches are not
TOUCHING_MM = 5.0  #: an end plate that neither class claims may lie between disc and bone
MIN_VERTEBRA_CM3 = 2.0
MIN_DISC_CM3 = 0.4
OUTSIDE = 255

Spacing = tuple[float, float, float]
Structure = tuple[str, Mask]


@dataclass(frozen=True, eq=False)
class Spine:
    """What a network found, without levels: masks of shape (L, P, S) on a grid of `spacing` mm.

    Attributes
    ----------
    vertebrae : bool array
        All vertebrae, whole or bodies alone.
    discs : bool array
        All discs.
    lumbosacral : bool array or None
        The L5-S1 disc, where the network tells it from the others; else it is the one between a vertebra and
        the sacrum.
    sacrum : bool array
    spacing : tuple of float
    """

    vertebrae: Mask
    discs: Mask
    lumbosacral: Mask | None
    sacrum: Mask
    spacing: Spacing


@dataclass(frozen=True, eq=False)
class Numbered:
    """Vertebrae and discs with their SegmentLabels; `reason` says why levels are open, empty where not."""

    vertebrae: tuple[Structure, ...]
    discs: tuple[Structure, ...]
    reason: str


def number(spine: Spine, kind: str) -> Numbered:
    """Part and number vertebrae and discs.

    Parameters
    ----------
    spine : Spine
    kind : {"vertebra", "vertebral body"}
        What `spine.vertebrae` holds.
    """
    core = spine.vertebrae if kind == "vertebral body" else _core(spine.vertebrae, spine.spacing)
    lumbosacral = _upon_sacrum(spine) if spine.lumbosacral is None else spine.lumbosacral
    body, disc, last, sacrum = (m.astype(np.float32) for m in (core, spine.discs, lumbosacral, spine.sacrum))
    column = find_column(
        Evidence(body=body, disc=disc, lumbosacral=last, sacrum=sacrum, spacing=spine.spacing)
    )
    heights = _heights(column, spine)
    above = (heights > 0).sum(0).astype(np.int16)  # number of disc planes below the voxel
    owner = _grow(np.where(core, above + 1, 0).astype(np.int16), spine.vertebrae)
    nearest = np.abs(heights).argmin(0) if len(heights) else above
    count, first = len(column.centres), column.lumbosacral
    cm3 = float(np.prod(spine.spacing)) / 1000
    vertebrae = [owner == k + 1 for k in range(0 if first is None else first + 1, count + 1)]
    discs = [spine.discs & (nearest == k) for k in range(first or 0, count)]
    return Numbered(
        _named(vertebrae, kind, None if first is None else LEVELS, MIN_VERTEBRA_CM3 / cm3),
        _named(discs, "disc", None if first is None else DISCS, MIN_DISC_CM3 / cm3),
        column.reason if first is None else "",
    )


def _upon_sacrum(spine: Spine) -> Mask:
    """Pieces of disc that touch the sacrum and a vertebra; a disc within the sacrum touches no vertebra."""
    pieces, _ = ndimage.label(spine.discs, structure=np.ones((3, 3, 3)))
    upon = spine.discs
    for bone in (spine.sacrum, spine.vertebrae):
        touching = np.unique(pieces[_near(bone, spine.spacing)])
        upon = upon & np.isin(pieces, touching)
    return upon


def _near(mask: Mask, spacing: Spacing) -> Mask:
    if not mask.any():
        return mask
    near: Mask = ndimage.distance_transform_edt(~mask, sampling=spacing) <= TOUCHING_MM
    return near


def _core(mask: Mask, spacing: Spacing) -> Mask:
    """Open with a ball of CORE_MM: what is left are the bodies, without arches and processes."""
    deep = ndimage.distance_transform_edt(mask, sampling=spacing) >= CORE_MM
    if not deep.any():
        return mask
    core: Mask = (ndimage.distance_transform_edt(~deep, sampling=spacing) <= CORE_MM) & mask
    return core


def _heights(column: Column, spine: Spine) -> NDArray[np.float32]:
    """Signed distance in mm of every voxel to every disc plane, towards the head: (planes, L, P, S)."""
    axes = [np.arange(n, dtype=np.float32) * s for n, s in zip(spine.discs.shape, spine.spacing, strict=True)]
    heights = np.empty((len(column.centres), *spine.discs.shape), np.float32)
    for k, (centre, normal) in enumerate(zip(column.centres, column.normals, strict=True)):
        x, y, z = ((axis - c) * n for axis, c, n in zip(axes, centre, normal, strict=True))
        heights[k] = x[:, None, None] + y[None, :, None] + z[None, None, :]
    return heights


def _grow(markers: NDArray[np.int16], mask: Mask) -> NDArray[np.int16]:
    """Let markers grow at even speed through the mask; 0 outside."""
    cost = np.where(mask, 0, OUTSIDE).astype(np.uint8)
    grown = ndimage.watershed_ift(cost, markers, structure=np.ones((3, 3, 3)))
    return np.where(mask, grown, 0).astype(np.int16)


def _named(
    masks: list[Mask], kind: str, names: tuple[str, ...] | None, least: float
) -> tuple[Structure, ...]:
    """Name masks from below; those that are too small are left out, and not counted where levels are open."""
    found: list[Structure] = []
    for k, mask in enumerate(masks):
        name = level_name(kind, len(found) if names is None else k, names)
        kept = largest(mask, keep=0.2)
        if name is not None and kept.sum() >= least:
            found.append((name, kept))
    return tuple(found)
