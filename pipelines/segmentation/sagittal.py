"""Sagittal MR: vertebral bodies, discs, sacrum and spinal canal.

The network sees each slice with its neighbours at 1.25 mm; it was trained on generated anatomy only. Its
body class is the marrow inside the cortex, as people outline it on MR.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pipelines.errors import SegmentationError
from pipelines.segmentation.clean import largest
from pipelines.segmentation.column import Column, Evidence, find_column
from pipelines.segmentation.confidence import confidence
from pipelines.segmentation.labels import CANAL, DISCS, LEVELS, SACRUM, level_name, level_unknown
from pipelines.segmentation.network import SLICES_AT_ONCE, Network, load_network, predict_slices
from pipelines.segmentation.orientation import Oriented, orient
from pipelines.segmentation.slices import neighbours, resample_slices
from pipelines.types import Segmentation, Volume

BACKGROUND, BODY, DISC, SACRUM_REST, CANAL_CLASS, POSTERIOR, S1, LUMBOSACRAL_DISC = range(8)
NEIGHBOUR_MM = 4.0  #: distance between slices that the network was trained on
THOROUGH_UP_TO = 24  #: slices; more are looked at once: neither mirrored nor in other sizes, for time
SCALES = (1.0, 0.88, 1.14)  #: of the grid: the same spine looked at as a larger and a smaller one
SURE = 0.6  #: between bright marrow and disc the dark cortex is as thin as a voxel, and bodies grow into it:
#: on generated T1 and T2 scans, this probability gives bodies their true volume. Dark marrow shows no cortex.
MIN_BODY_CM3 = 2.0
MIN_DISC_CM3 = 0.4
MIN_BODIES = 2


def segment_sagittal(volume: Volume, device: str = "auto") -> Segmentation:
    """Segment a sagittal MR.

    Raises
    ------
    SegmentationError
        If fewer than two vertebral bodies are found: not a lumbar spine, or not usable.
    """
    network = load_network("sagittal", device)
    oriented = orient(volume)
    probabilities, scale = _predict(network, oriented)
    column = find_column(_evidence(probabilities, oriented, scale))
    classes, certainty = _classes_on_volume(_merge(probabilities), oriented)
    labels, structures = _name(classes, column, oriented)
    if sum("body" in name for name in structures.values()) < MIN_BODIES:
        raise SegmentationError(
            "NO_SPINE",
            "fewer than two vertebral bodies were found: not a sagittal lumbar spine, or not usable",
        )
    warnings = () if column.lumbosacral is not None else (level_unknown(column.reason),)
    return Segmentation(
        volume,
        oriented.back(labels),
        structures,
        network.identity,
        column.lumbosacral is not None,
        warnings,
        confidence(labels, certainty, structures),
    )


def _predict(network: Network, oriented: Oriented) -> tuple[Tensor, tuple[float, float]]:
    """Return probabilities (classes, L, p, s) averaged over scales, and voxels per step of the first grid.

    Some slices at a time, and in half precision, to bound memory.
    """
    slices = torch.from_numpy(np.ascontiguousarray(oriented.array))  # (L, P, S)
    scales = SCALES if len(slices) <= THOROUGH_UP_TO else SCALES[:1]
    sizes = [_size(oriented, network.settings["in_plane_mm"] * scale) for scale in scales]
    looks = [_normalise(resample_slices(slices, size)) for size in sizes]
    around = neighbours(len(slices), max(1, round(NEIGHBOUR_MM / oriented.spacing[0])))
    total = torch.empty(len(slices), network.settings["out_channels"], *sizes[0], dtype=torch.float16)
    for chunk in torch.split(torch.arange(len(slices)), SLICES_AT_ONCE):
        seen = [_predict_slices(network, look, around[chunk]) for look in looks]
        same = [functional.interpolate(p, size=sizes[0], mode="bilinear") for p in seen]
        total[chunk] = torch.stack(same).mean(0).half()
    scale = slices.shape[1] / sizes[0][0], slices.shape[2] / sizes[0][1]
    return total.transpose(0, 1), scale


def _normalise(slices: Tensor) -> Tensor:
    return (slices - slices.mean()) / (slices.std() + 1e-6)


def _size(oriented: Oriented, grid: float) -> tuple[int, int]:
    """In-plane steps of `grid` mm."""
    high, wide = (
        max(16, round(n * s / grid))
        for n, s in zip(oriented.array.shape[1:], oriented.spacing[1:], strict=True)
    )
    return high, wide


def _predict_slices(network: Network, slices: Tensor, around: Tensor) -> Tensor:
    """Probabilities (n, classes, p, s) of slices between their neighbours, (n, 3); mirrored too where few."""
    probabilities = predict_slices(network, slices[around])
    if len(slices) <= THOROUGH_UP_TO:
        probabilities = (probabilities + predict_slices(network, slices[around.flip(1)])) / 2
    return probabilities


def _evidence(probabilities: Tensor, oriented: Oriented, scale: tuple[float, float]) -> Evidence:
    spacing = oriented.spacing[0], oriented.spacing[1] * scale[0], oriented.spacing[2] * scale[1]

    def of(*classes: int) -> NDArray[np.float32]:
        return probabilities[list(classes)].float().sum(0).numpy()

    return Evidence(of(BODY), of(DISC, LUMBOSACRAL_DISC), of(LUMBOSACRAL_DISC), of(SACRUM_REST, S1), spacing)


def _merge(probabilities: Tensor) -> Tensor:
    """Add what was told apart only to count levels: (BACKGROUND … POSTERIOR, L, p, s)."""
    merged = probabilities[: POSTERIOR + 1].clone()
    merged[DISC] += probabilities[LUMBOSACRAL_DISC]
    merged[SACRUM_REST] += probabilities[S1]
    return merged


def _classes_on_volume(
    probabilities: Tensor, oriented: Oriented
) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Most probable class of every voxel of the oriented volume and its probability, slice by slice."""
    size = oriented.array.shape[1:]
    classes = np.empty(oriented.array.shape, np.uint8)
    certainty = np.empty(oriented.array.shape, np.float16)
    for k, plane in enumerate(probabilities.transpose(0, 1)):
        fine = functional.interpolate(plane[None].float(), size=size, mode="bilinear", align_corners=False)[0]
        values, best = fine.max(0)
        classes[k], certainty[k] = best.numpy(), values.numpy()
    unsure = (classes == BODY) & (certainty <= SURE)
    if _bright(oriented.array, classes, BODY) > _bright(oriented.array, classes, DISC):
        classes[unsure] = BACKGROUND
    return classes, certainty


def _bright(image: NDArray[np.float32], classes: NDArray[np.uint8], which: int) -> float:
    """Median signal of a class; 0 where it does not occur."""
    inside = image[classes == which]
    return float(np.median(inside)) if inside.size else 0.0


def _name(
    classes: NDArray[np.uint8], column: Column, oriented: Oriented
) -> tuple[NDArray[np.uint8], dict[int, str]]:
    """Part bodies and discs by the disc planes and give them their labels."""
    labels = np.zeros(classes.shape, np.uint8)
    structures: dict[int, str] = {}
    voxel_cm3 = abs(np.linalg.det(oriented.affine[:3, :3])) / 1000

    def add(name: str | None, mask: NDArray[np.bool_], minimum: float) -> None:
        if name is None:
            return
        mask = largest(mask, keep=0.2)
        if mask.sum() * voxel_cm3 >= minimum:
            structures[len(structures) + 1] = name
            labels[mask] = len(structures)

    above, nearest = _among_planes(column, oriented, classes.shape)
    first = column.lumbosacral or 0
    determined = column.lumbosacral is not None
    for k in range(len(column.centres) + 1):
        name = level_name(
            "vertebral body", k - 1 - first if determined else k, LEVELS if determined else None
        )
        add(name, (classes == BODY) & (above == k), MIN_BODY_CM3)
    for k in range(len(column.centres)):
        name = level_name("disc", k - first, DISCS if determined else None)
        add(name, (classes == DISC) & (nearest == k), MIN_DISC_CM3)
    add(CANAL, classes == CANAL_CLASS, MIN_BODY_CM3)
    add(SACRUM, classes == SACRUM_REST, MIN_BODY_CM3)
    return labels, structures


def _among_planes(
    column: Column, oriented: Oriented, shape: tuple[int, ...]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Count the disc planes below every voxel, and find the nearest; plane by plane to bound memory."""
    axes = [np.arange(n, dtype=np.float32) * s for n, s in zip(shape, oriented.spacing, strict=True)]
    below, nearest = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    least = np.full(shape, np.inf, np.float32)
    for k, (centre, normal) in enumerate(zip(column.centres, column.normals, strict=True)):
        x, y, z = ((axis - c) * n for axis, c, n in zip(axes, centre, normal, strict=True))
        height = (x[:, None, None] + y[None, :, None] + z[None, None, :]).astype(np.float32)
        below += height > 0
        distance = np.abs(height)
        nearest[distance < least] = k
        np.minimum(least, distance, out=least)
    return below, nearest
