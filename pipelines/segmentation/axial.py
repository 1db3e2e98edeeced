"""Axial MR: multifidus, erector spinae, psoas major and quadratus lumborum of both sides.

Two passes of one network at 1.5 mm: the first finds the spinal canal in the whole field of view, the second
looks at a window around it. Both sides are averaged with their mirror image. Trained on generated anatomy.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from pipelines.errors import SegmentationError
from pipelines.segmentation.confidence import confidence
from pipelines.segmentation.labels import MUSCLES
from pipelines.segmentation.muscles import doubt, part_sides, tidy
from pipelines.segmentation.network import Network, load_network, predict_slices
from pipelines.segmentation.orientation import Oriented, orient
from pipelines.segmentation.psoas import lumbar_slices, stop_psoas
from pipelines.segmentation.slices import resample_slices
from pipelines.types import Finding, Segmentation, Volume

CANAL_CLASS = 10
NEIGHBOURS_MM = (-5.0, 0.0, 5.0)  #: slices that a network is shown whose manifest names none
MIRROR = (0, 2, 1, 4, 3, 6, 5, 8, 7, 9, 10)  #: classes after left and right have changed places
WINDOW = (160, 128)  #: (L, P) grid steps looked at in the second pass
BEFORE_CANAL = (80, 72)  #: grid steps of the window to the right of and in front of the canal
LOOKED_AT = 12  #: slices of the first pass, spread over the stack
TISSUE_SHARE = 0.08  #: of the maximum: voxels above it are patient, not air
MIN_CANAL = 0.3  #: probability that the best-looking slice must reach
MIN_AREA_CM2 = 0.75  #: of a muscle in its largest slice
MIN_MUSCLES = 3
MIN_CERTAINTY = 0.6  #: mean probability of all muscles; noise reaches 0.56, real scans 0.75 and more
COARSEST_MM = 3.0  #: in plane: coarser slices cannot be axial ones
LUMBAR_MM = 220.0  #: L1 to S1 of a tall adult, with some margin
WEAK = (
    Finding(
        "WEAK_MASKS",
        "the line between multifidus and erector spinae is approximate where no fat parts them: there, trust "
        "the two together",
    ),
)


@dataclass(frozen=True, eq=False)
class _Slices:
    """Slices on the network's grid in plane: (S, l, p), and which of them are shown with a slice."""

    values: Tensor
    shifts: tuple[int, ...]

    def stack(self, values: Tensor, index: Tensor) -> Tensor:
        """Show slices of normalised `values` with their neighbours: (N, shifts, l, p); the ends repeat."""
        return torch.stack([values[(index + k).clamp(0, len(values) - 1)] for k in self.shifts], dim=1)


def segment_axial(volume: Volume, device: str = "auto") -> Segmentation:
    """Segment the muscles of an axial MR.

    Raises
    ------
    SegmentationError
        If the slices cannot be axial, are empty, or show no spinal canal or no plausible muscles.
    """
    network = load_network("axial", device)
    oriented = orient(volume)
    slices = _on_grid(network, oriented)
    size = slices.values.shape[1:]
    corner = _window(_first_pass(network, slices), size)
    window = tuple(slice(a, min(a + w, n)) for a, w, n in zip(corner, WINDOW, size, strict=True))
    probabilities = _second_pass(network, slices, window)
    classes, certainty = _classes_on_volume(probabilities, window, size, oriented)
    part_sides(classes, oriented.spacing)
    if reason := doubt(classes, oriented.spacing):
        raise SegmentationError("NO_MUSCLES", f"{reason}: not an axial lumbar MR, or not usable")
    warnings = (*stop_psoas(classes, oriented.spacing[2]), *_stop_above_l1(classes, oriented), *WEAK)
    tidy(classes, oriented.spacing)
    labels, structures = _name(classes, oriented)
    _check(labels, certainty, structures)
    return Segmentation(
        volume,
        oriented.back(labels),
        structures,
        network.identity,
        warnings=warnings,
        confidence=confidence(labels, certainty, structures),
    )


def _on_grid(network: Network, oriented: Oriented) -> _Slices:
    """Resample the slices in plane, bright outliers clamped."""
    if max(oriented.spacing[:2]) > COARSEST_MM:
        across, deep = oriented.spacing[:2]
        raise SegmentationError(
            "NOT_AXIAL", f"voxels of {across:.1f} x {deep:.1f} mm in the axial plane: not an axial series"
        )
    grid = network.settings["in_plane_mm"]
    slices = torch.from_numpy(np.ascontiguousarray(oriented.array.transpose(2, 0, 1)))
    high, wide = (
        max(16, round(n * s / grid)) for n, s in zip(slices.shape[1:], oriented.spacing[:2], strict=True)
    )
    small = resample_slices(slices, (high, wide))
    step, neighbours = oriented.spacing[2], network.settings.get("neighbours_mm", NEIGHBOURS_MM)
    shifts = [int(np.sign(mm)) * max(1, round(abs(mm) / step)) for mm in neighbours]
    return _Slices(small, tuple(shifts))


def _first_pass(network: Network, slices: _Slices) -> Tensor:
    """Probability of the canal in some slices of the whole field of view: (n, l, p)."""
    values = slices.values
    tissue = values[values > TISSUE_SHARE * values.max()]
    normalised = (values - tissue.mean() * 0.6) / (tissue.std() + 1e-6)
    index = torch.linspace(0, len(values) - 1, min(LOOKED_AT, len(values))).round().long()
    return predict_slices(network, slices.stack(normalised, index))[:, CANAL_CLASS]


def _window(canal: Tensor, size: torch.Size) -> tuple[int, int]:
    """Corner of the window around the canal."""
    if canal.max() < MIN_CANAL:
        raise SegmentationError(
            "NO_CANAL", "no spinal canal was found: not an axial lumbar MR, or not usable"
        )
    heat = ndimage.gaussian_filter(canal.sum(0).numpy(), 6)
    centre = np.unravel_index(heat.argmax(), heat.shape)
    corner = [
        int(np.clip(c - b, 0, max(0, n - w)))
        for c, b, n, w in zip(centre, BEFORE_CANAL, size, WINDOW, strict=True)
    ]
    return corner[0], corner[1]


def _second_pass(network: Network, slices: _Slices, window: tuple[slice, ...]) -> Tensor:
    """Probabilities in the window, the mean of the slices' and of their mirror image's."""
    inner = slices.values[:, window[0], window[1]]
    normalised = (inner - inner.mean()) / (inner.std() + 1e-6)
    stack = slices.stack(normalised, torch.arange(len(inner)))
    mirrored = predict_slices(network, stack.flip(2))[:, list(MIRROR)].flip(2)
    return (mirrored + predict_slices(network, stack)) / 2


def _classes_on_volume(
    probabilities: Tensor, window: tuple[slice, ...], size: torch.Size, oriented: Oriented
) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Most probable class of every voxel of the oriented volume, (L, P, S), and its probability."""
    classes = np.zeros(oriented.array.shape, np.uint8)
    certainty = np.zeros(oriented.array.shape, np.float16)
    for k, inner in enumerate(probabilities):
        plane = torch.zeros(inner.shape[0], *size)
        plane[0] = 1
        plane[:, window[0], window[1]] = inner
        fine = functional.interpolate(plane[None], size=oriented.array.shape[:2], mode="bilinear")[0]
        values, best = fine.max(0)
        classes[:, :, k], certainty[:, :, k] = best.numpy(), values.numpy()
    return classes, certainty


def _stop_above_l1(classes: NDArray[np.uint8], oriented: Oriented) -> tuple[Finding, ...]:
    """Where the scan is longer than a lumbar spine, leave out, in place, what lies above the psoas' end."""
    length = oriented.array.shape[2] * oriented.spacing[2]
    end = lumbar_slices(classes)
    if length <= LUMBAR_MM or end == classes.shape[2]:
        return ()
    classes[:, :, end:] = 0
    text = (
        f"the scan covers {length:.0f} mm, more than a lumbar spine; muscles are measured in the lowest "
        f"{end} of {classes.shape[2]} slices, up to where the psoas ends"
    )
    return (Finding("BEYOND_LUMBAR", text),)


def _check(labels: NDArray[np.uint8], certainty: NDArray[np.float16], structures: Mapping[int, str]) -> None:
    """Refuse too few muscles, and those of which the network is not sure."""
    if len(structures) < MIN_MUSCLES:
        raise SegmentationError(
            "NO_MUSCLES", "fewer than three paraspinal muscles were found: not an axial lumbar MR"
        )
    sure = float(certainty[labels > 0].mean(dtype=np.float64))
    if sure < MIN_CERTAINTY:
        text = f"what looked like muscles has a probability of {sure:.2f} only"
        raise SegmentationError("NO_MUSCLES", f"{text}: not an axial lumbar MR, or not usable")


def _name(classes: NDArray[np.uint8], oriented: Oriented) -> tuple[NDArray[np.uint8], dict[int, str]]:
    labels = np.zeros(classes.shape, np.uint8)
    structures: dict[int, str] = {}
    voxel_cm2 = oriented.spacing[0] * oriented.spacing[1] / 100
    for k, name in enumerate(MUSCLES, start=1):
        mask = classes == k
        if mask.sum((0, 1)).max() * voxel_cm2 >= MIN_AREA_CM2:
            structures[k] = name
            labels[mask] = k
    return labels, structures
