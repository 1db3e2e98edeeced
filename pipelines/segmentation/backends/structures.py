"""From the channel that won each voxel to a Segmentation with our structures on the volume's own grid."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.errors import SegmentationError
from pipelines.segmentation.backends.instances import Spacing, Spine, Structure, number
from pipelines.segmentation.backends.label_map import BODY, DISC, KINDS, VERTEBRA, LabelMap
from pipelines.segmentation.backends.levels import doubts, has_level, without_levels
from pipelines.segmentation.backends.place import Affine, Labels, along_patient, onto_volume
from pipelines.segmentation.clean import Mask, largest
from pipelines.segmentation.labels import DISCS, SACRUM, UNDETERMINED, level_unknown
from pipelines.types import Finding, ModelIdentity, Segmentation, Volume

LEAST_CM3 = 0.4  #: smaller structures are specks
KEPT_SHARE = 0.1  #: of the largest piece: smaller ones are specks
LUMBOSACRAL = f"{DISCS[0]} disc"
UNCHECKED = Finding(
    "LEVELS_UNCHECKED",
    "the levels are the segmenter's own; it does not know the sacrum, so nothing could be counted from there",
)


def segmentation_of(
    volume: Volume, classes: NDArray[np.uint8], affine: Affine, label_map: LabelMap, model: ModelIdentity
) -> Segmentation:
    """Name what a network found, and bring it onto the volume's own grid.

    Parameters
    ----------
    volume : Volume
    classes : uint8 array of shape (i, j, k)
        Winning channels on the network's grid.
    affine : float64 array of shape (4, 4)
        (i, j, k, 1) of the network's grid -> LPS mm.
    label_map : LabelMap
    model : ModelIdentity

    Raises
    ------
    SegmentationError
        NO_STRUCTURES, if nothing of a plausible size is found.
    """
    grid, affine = along_patient(classes, affine, volume)
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    spacing = float(lengths[0]), float(lengths[1]), float(lengths[2])
    found, reason = _structures(grid, spacing, label_map)
    labels = np.zeros(grid.shape, np.uint8)
    for value, (_, mask) in enumerate(found, start=1):
        labels[mask] = value
    labels = onto_volume(labels, affine, volume)
    present = np.bincount(labels.ravel(), minlength=len(found) + 1) > 0
    structures = {value: name for value, (name, _) in enumerate(found, start=1) if present[value]}
    if not structures:
        wanted = ", ".join(dict.fromkeys(label_map.structures.values()))
        raise SegmentationError("NO_STRUCTURES", f"{model.name} found nothing of: {wanted}")
    return Segmentation(
        volume, labels, structures, model, not reason, _warnings(reason, structures, label_map)
    )


def _structures(grid: Labels, spacing: Spacing, label_map: LabelMap) -> tuple[list[Structure], str]:
    """Return structures with their masks, and why the levels are open (empty where they are not)."""
    masks = _masks(grid, label_map)
    lumbosacral = masks.pop(LUMBOSACRAL, None) if DISC in masks else None  # it will be numbered with the rest
    least = LEAST_CM3 * 1000 / float(np.prod(spacing))
    named = [(name, largest(mask, KEPT_SHARE)) for name, mask in masks.items() if name not in KINDS]
    named = [(name, mask) for name, mask in named if mask.sum() >= least]
    reason = doubts(named, spacing, label_map.counts_from_sacrum)
    counted, open_reason = _counted(masks, lumbosacral, spacing)
    if any(UNDETERMINED in name for name, _ in named):
        reason = reason or "the segmenter counts from below without levels"
    reason = reason or open_reason
    return (without_levels([*named, *counted]) if reason else [*named, *counted]), reason


def _masks(grid: Labels, label_map: LabelMap) -> dict[str, Mask]:
    """Return the voxels of every name; several channels may have one."""
    channels: dict[str, list[int]] = {}
    for channel, name in label_map.structures.items():
        channels.setdefault(name, []).append(channel)
    return {name: np.isin(grid, values) for name, values in channels.items()}


def _counted(
    masks: Mapping[str, Mask], lumbosacral: Mask | None, spacing: Spacing
) -> tuple[list[Structure], str]:
    """Part and number what one channel holds all of, within the box around the spine."""
    if DISC not in masks:
        return [], ""
    kind = BODY if BODY in masks else VERTEBRA
    vertebrae = _union(masks, [name for name in masks if name.endswith((VERTEBRA, BODY))])
    discs, sacrum = _union(masks, [DISC]), _union(masks, [SACRUM])
    if lumbosacral is not None:
        discs |= lumbosacral
    boxes = ndimage.find_objects((vertebrae | discs | sacrum).astype(np.uint8))
    if not boxes:
        return [], ""
    box = boxes[0]
    last = None if lumbosacral is None else lumbosacral[box]
    numbered = number(Spine(vertebrae[box], discs[box], last, sacrum[box], spacing), kind)
    wanted = [*(numbered.vertebrae if kind in masks else ()), *numbered.discs]
    return [(name, _in_box(mask, box, discs.shape)) for name, mask in wanted], numbered.reason


def _union(masks: Mapping[str, Mask], names: list[str]) -> Mask:
    union = np.zeros(next(iter(masks.values())).shape, np.bool_)
    for name in names:
        union |= masks.get(name, False)
    return union


def _in_box(mask: Mask, box: tuple[slice, ...], shape: tuple[int, ...]) -> Mask:
    whole = np.zeros(shape, np.bool_)
    whole[box] = mask
    return whole


def _warnings(reason: str, structures: Mapping[int, str], label_map: LabelMap) -> tuple[Finding, ...]:
    if reason:
        return (level_unknown(reason),)
    leveled = any(has_level(name) for name in structures.values())
    return (UNCHECKED,) if leveled and not label_map.counts_from_sacrum else ()
