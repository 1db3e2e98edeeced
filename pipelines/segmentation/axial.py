"""Axial MR: multifidus, erector spinae, psoas major and quadratus lumborum of both sides.

Two passes of one network at 1.5 mm: the first finds the spinal canal in the whole field of view, the second
looks at a window around it. Both sides are averaged with their mirror image. Trained on generated anatomy.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from pipelines.errors import SegmentationError
from pipelines.segmentation.clean import fill_holes, largest
from pipelines.segmentation.labels import MUSCLES
from pipelines.segmentation.network import Network, load_network, predict_slices, with_neighbours
from pipelines.segmentation.orientation import Oriented, orient
from pipelines.segmentation.psoas import lumbar_slices, stop_psoas
from pipelines.types import Finding, Segmentation, Volume

CANAL_CLASS = 10
MIRROR = (0, 2, 1, 4, 3, 6, 5, 8, 7, 9, 10)  #: classes after left and right have changed places
NEIGHBOUR_MM = 5.0  #: distance between slices that the network was trained on
WINDOW = (160, 128)  #: (L, P) grid steps looked at in the second pass
BEFORE_CANAL = (80, 72)  #: grid steps of the window to the right of and in front of the canal
TISSUE_SHARE = 0.08  #: of the maximum: voxels above it are patient, not air
MIN_CANAL = 0.3  #: probability that the best-looking slice must reach
MIN_MUSCLE_CM3 = 3.0
MIN_MUSCLES = 3
PSOAS = (5, 6)  #: classes
THINNED, REGROWN = (
    0.5,
    1.2,
)  #: the psoas has ended where it grows by a fifth after it fell below half of its largest area
WEAK = (
    Finding(
        "WEAK_MASKS",
        "the line between multifidus and erector spinae is approximate (trust the two together), and the "
        "quadratus lumborum is unreliable",
    ),
)
LUMBAR_MM = 220.0  #: L1 to S1 of a tall adult, with some margin


def segment_axial(volume: Volume, device: str = "auto") -> Segmentation:
    """Segment the muscles of an axial MR.

    Raises
    ------
    SegmentationError
        If no spinal canal, or fewer than three muscles, are found.
    """
    network = load_network("axial", device)
    oriented = orient(volume)
    slices = _on_grid(oriented, network.settings["in_plane_mm"])  # (S, l, p)
    step = max(1, round(NEIGHBOUR_MM / oriented.spacing[2]))
    corner = _window(_first_pass(network, slices, step), slices.shape[1:])
    window = tuple(slice(a, min(a + w, n)) for a, w, n in zip(corner, WINDOW, slices.shape[1:], strict=True))
    inner = slices[:, window[0], window[1]]
    stack = with_neighbours((inner - inner.mean()) / (inner.std() + 1e-6), step)
    probabilities = (_mirrored(network, stack) + predict_slices(network, stack)) / 2
    classes = _classes_on_volume(probabilities, window, slices.shape[1:], oriented)
    warnings = (*stop_psoas(classes), *_stop_above_l1(classes, oriented), *WEAK)
    labels, structures = _name(classes, oriented)
    if len(structures) < MIN_MUSCLES:
        raise SegmentationError(
            "NO_MUSCLES", "fewer than three paraspinal muscles were found: not an axial lumbar MR"
        )
    return Segmentation(volume, oriented.back(labels), structures, network.identity, warnings=warnings)


def _on_grid(oriented: Oriented, grid: float) -> Tensor:
    """Slices (S, l, p) at `grid` mm in plane, bright outliers clamped."""
    slices = torch.from_numpy(np.ascontiguousarray(oriented.array.transpose(2, 0, 1)))
    size = [max(16, round(n * s / grid)) for n, s in zip(slices.shape[1:], oriented.spacing[:2], strict=True)]
    small = functional.interpolate(slices[:, None], size=size, mode="bilinear", antialias=True)[:, 0]
    return small.clamp(max=float(np.quantile(small.numpy()[:, ::2, ::2], 0.998)))


def _first_pass(network: Network, slices: Tensor, step: int) -> Tensor:
    """Probability of the canal in every slice of the whole field of view: (S, l, p)."""
    tissue = slices[slices > TISSUE_SHARE * slices.max()]
    normalised = (slices - tissue.mean() * 0.6) / (tissue.std() + 1e-6)
    return predict_slices(network, with_neighbours(normalised, step))[:, CANAL_CLASS]


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


def _mirrored(network: Network, stack: Tensor) -> Tensor:
    """Probabilities of the mirror image, mirrored back."""
    return predict_slices(network, stack.flip(2))[:, list(MIRROR)].flip(2)


def _classes_on_volume(
    probabilities: Tensor, window: tuple[slice, ...], size: torch.Size, oriented: Oriented
) -> NDArray[np.uint8]:
    """Most probable class of every voxel of the oriented volume, (L, P, S)."""
    planes = []
    for inner in probabilities:
        plane = torch.zeros(inner.shape[0], *size)
        plane[0] = 1
        plane[:, window[0], window[1]] = inner
        shape = oriented.array.shape[:2]
        planes.append(functional.interpolate(plane[None], size=shape, mode="bilinear")[0].argmax(0))
    classes: NDArray[np.uint8] = torch.stack(planes, dim=-1).numpy().astype(np.uint8)
    return classes


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


def _name(classes: NDArray[np.uint8], oriented: Oriented) -> tuple[NDArray[np.uint8], dict[int, str]]:
    labels = np.zeros(classes.shape, np.uint8)
    structures: dict[int, str] = {}
    voxel_cm3 = abs(np.linalg.det(oriented.affine[:3, :3])) / 1000
    for k, name in enumerate(MUSCLES, start=1):
        mask = fill_holes(largest(classes == k, keep=0.1), axis=2) & (labels == 0)
        if mask.sum() * voxel_cm3 >= MIN_MUSCLE_CM3:
            structures[k] = name
            labels[mask] = k
    return labels, structures
