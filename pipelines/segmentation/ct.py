"""CT: whole vertebrae L1-L5 and sacrum.

A 3D network at 3 mm gives classes and, for each voxel of a vertebra, a vote for the centre of its body.
Votes make vertebrae; vertebrae are counted upward from S1; a second network draws each at 1.5 mm. Both are
trained on generated anatomy only.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.errors import SegmentationError
from pipelines.features.structures import is_incomplete
from pipelines.segmentation.clean import fill_cavities, largest
from pipelines.segmentation.confidence import confidence
from pipelines.segmentation.grid import Grid, box_on_volume, coarse_grid, sample
from pipelines.segmentation.labels import (
    LEVELS,
    SACRUM,
    incomplete_name,
    level_name,
    level_unknown,
)
from pipelines.segmentation.network import Network, load_network, run_volume
from pipelines.segmentation.orientation import Box, Oriented, orient
from pipelines.segmentation.refine import refine
from pipelines.segmentation.votes import Vertebrae, find_vertebrae, number
from pipelines.types import Finding, Segmentation, Volume

BACKGROUND, BODY, POSTERIOR, SACRUM_REST, DISC, S1 = range(6)
CLASSES = 6
AIR_HU = -1000.0
VOTE_SCALE = 10.0  #: the network gives votes in tens of grid steps
AT_ONCE = 5_000_000  #: voxels of the grid that go through the network in one piece
WINDOW = 112
SLAB = 16  #: slices that are brought back to the volume at a time
MARGIN_MM = 10.0  #: around what the coarse network found
MIN_VERTEBRA_CM3 = 8.0
MIN_PART_CM3 = 3.0
COMPLETE_SHARE = 0.55  #: a smaller share of the median volume: cut by the field of view
CUT_SHARE = 0.25  #: of its largest cross-section, at the scan's lowest or highest end: cut, too
END_MM = 3.0  #: from the scan's end; the outermost slice itself may lie beyond the grids
MIN_VERTEBRAE = 2
MAX_VOTE_MM = 18.0  #: half the distance between two bodies


@dataclass(frozen=True, eq=False)
class _Coarse:
    """What the first network says.

    Attributes
    ----------
    grid : Grid
    maps : float32 tensor of shape (classes + 3, l, p, s)
        Class probabilities, then votes in grid steps.
    """

    grid: Grid
    maps: Tensor


@dataclass(frozen=True, eq=False)
class _Found:
    """What lies where in the part of the volume around the spine, (L, P, S).

    Attributes
    ----------
    owner : uint8 array
        k + 1 for the k-th lumbar vertebra, 0 for none.
    vertebra, sacrum : float32 arrays
        Probabilities of the owner and of the sacrum, 0 to 1.
    voxel_cm3 : float
    ends : (int, int)
        How many of the lowest and of the highest slices lie at an end of the scan.
    """

    owner: NDArray[np.uint8]
    vertebra: NDArray[np.float32]
    sacrum: NDArray[np.float32]
    voxel_cm3: float
    ends: tuple[int, int]


@dataclass(frozen=True, eq=False)
class _Named:
    """Labels of the part around the spine, and what is said about them."""

    labels: NDArray[np.uint8]
    structures: dict[int, str]
    confidence: dict[str, float]
    warnings: tuple[Finding, ...]


def segment_ct(volume: Volume, device: str = "auto") -> Segmentation:
    """Segment a CT.

    Raises
    ------
    SegmentationError
        If fewer than two vertebrae are found.
    """
    network, refiner = load_network("ct", device), load_network("vertebra", device)
    oriented = orient(volume)
    coarse = _predict(network, coarse_grid(oriented, network.settings["step_mm"], AIR_HU))
    vertebrae = _vertebrae(coarse)
    if vertebrae.lumbar_count < MIN_VERTEBRAE:
        raise SegmentationError(
            "NO_SPINE", "fewer than two vertebrae were found: not a lumbar CT, or not usable"
        )
    box = box_on_volume(coarse.grid, (coarse.maps[BACKGROUND] < 0.5).numpy(), oriented, MARGIN_MM)
    named = _name(_find(oriented, box, coarse, vertebrae, refiner), vertebrae)
    drawn = [name for name in named.structures.values() if "vertebra" in name]
    if len(drawn) < MIN_VERTEBRAE or all(is_incomplete(name) for name in drawn):
        raise SegmentationError(
            "NO_SPINE",
            "fewer than two vertebrae, or no whole one, were found: not a lumbar CT, or not usable",
        )
    labels = np.zeros(oriented.array.shape, np.uint8)
    labels[box] = named.labels
    unknown = () if vertebrae.first_is_l5 else (level_unknown(vertebrae.reason),)
    return Segmentation(
        volume,
        oriented.back(labels),
        named.structures,
        network.identity,
        vertebrae.first_is_l5,
        (*named.warnings, *unknown),
        named.confidence,
    )


@torch.inference_mode()
def _predict(network: Network, grid: Grid) -> _Coarse:
    low, high = network.settings["window_hu"]
    x = torch.from_numpy(grid.values).clamp(low, high)[None, None] / network.settings["hu_scale"]
    out = run_volume(network, x, AT_ONCE, WINDOW)
    return _Coarse(grid, torch.cat([out[:CLASSES].softmax(0), out[CLASSES:] * VOTE_SCALE]))


def _vertebrae(coarse: _Coarse) -> Vertebrae:
    """Find and count the vertebrae on the grid."""
    maps, step = coarse.maps, coarse.grid.step
    classes = maps[:CLASSES].argmax(0).numpy()
    column = largest(classes > 0, keep=0.5)
    vertebral = column & ((classes == BODY) | (classes == POSTERIOR))
    index = np.argwhere(vertebral)
    if not len(index):
        return Vertebrae(np.zeros((0, 3)), False, "no vertebra was found")
    votes = index + maps[CLASSES:].numpy()[:, vertebral].T
    centres = find_vertebrae(votes, classes[vertebral] == BODY, classes.shape, step)
    s1 = largest(column & (classes == S1))
    sacrum = column & ((classes == SACRUM_REST) | (classes == S1))
    return number(centres, sacrum, s1, step)


def _find(oriented: Oriented, box: Box, coarse: _Coarse, vertebrae: Vertebrae, refiner: Network) -> _Found:
    """Draw the vertebrae anew in a box; the sacrum stays that of the coarse grid."""
    part = oriented.cut(box)
    centres = vertebrae.centres[vertebrae.sacral :]
    if vertebrae.first_is_l5:
        centres = centres[: len(LEVELS) + 1]  # T12 keeps L1 from taking what belongs to it
    grid = coarse.grid
    refined = refine(refiner, oriented, part, centres * grid.step + grid.affine[:3, 3])
    sacrum = _on_part(_sacrum(coarse, vertebrae), grid, part)
    voxel_cm3 = float(abs(np.linalg.det(part.affine[:3, :3]))) / 1000
    slices = math.ceil(END_MM / oriented.spacing[2])
    ends = slices * (box[2].start == 0), slices * (box[2].stop == oriented.array.shape[2])
    return _Found(refined.owner, refined.probability, sacrum, voxel_cm3, ends)


def _sacrum(coarse: _Coarse, vertebrae: Vertebrae) -> Tensor:
    """Probability of the sacrum on the grid, with what looks like a vertebra but votes for a sacral body."""
    maps = coarse.maps
    sacrum = maps[SACRUM_REST] + maps[S1]
    vertebral = maps[BODY] + maps[POSTERIOR]
    index = torch.nonzero(vertebral > 0.5)
    votes = index + maps[CLASSES:].movedim(0, -1)[index.unbind(1)]
    distance, nearest = torch.cdist(votes, torch.from_numpy(vertebrae.centres).float()).min(1)
    sacral = index[(nearest < vertebrae.sacral) & (distance * coarse.grid.step < MAX_VOTE_MM)]
    where = sacral.unbind(1)
    sacrum[where] += vertebral[where]
    return sacrum


def _on_part(values: Tensor, grid: Grid, part: Oriented) -> NDArray[np.float32]:
    """Bring one map of the grid to the voxels of the part, slab by slab to bound memory."""
    result = np.empty(part.array.shape, np.float32)
    across, deep, high = (slice(0, n) for n in part.array.shape)
    for start in range(0, high.stop, SLAB):
        slab = across, deep, slice(start, min(start + SLAB, high.stop))
        result[slab] = sample(values[None], grid, part, slab)[0].numpy()
    return result


def _is_cut(mask: NDArray[np.bool_], ends: tuple[int, int]) -> bool:
    """Whether much of a structure lies at the scan's lowest or highest end: it goes on beyond."""
    areas = mask.sum((0, 1))
    limit = max(1.0, CUT_SHARE * float(areas.max(initial=0)))
    lowest, highest = ends
    at_ends = np.concatenate([areas[:lowest], areas[len(areas) - highest :]])
    return bool((at_ends >= limit).any())


def _name(found: _Found, vertebrae: Vertebrae) -> _Named:
    """Give vertebrae and sacrum their labels; those cut by the field of view are marked incomplete."""
    labels = np.zeros(found.owner.shape, np.uint8)
    structures: dict[int, str] = {}
    warnings: list[Finding] = []

    def add(name: str, mask: NDArray[np.bool_]) -> None:
        structures[len(structures) + 1] = name
        labels[mask] = len(structures)

    numbers = range(1, int(found.owner.max()) + 1)
    masks = [fill_cavities(largest(found.owner == k, keep=0.1)) for k in numbers]
    volumes = np.array([mask.sum() for mask in masks]) * found.voxel_cm3
    smallest = max(MIN_VERTEBRA_CM3, COMPLETE_SHARE * float(np.median(volumes))) if masks else 0.0
    for k, (mask, size) in enumerate(zip(masks, volumes, strict=True)):
        name = level_name("vertebra", k, LEVELS if vertebrae.first_is_l5 else None)
        if name is None:
            continue
        if size >= smallest and not _is_cut(mask, found.ends):
            add(name, mask)
        elif size >= MIN_PART_CM3:
            add(incomplete_name(name), mask)
            text = f"{name} is incomplete ({size:.0f} cm3 in view): drawn, but neither measured nor used"
            warnings.append(Finding("CUT_STRUCTURE", text))
    sacrum = largest((found.sacrum > 0.5) & (found.owner == 0))
    if sacrum.sum() * found.voxel_cm3 >= MIN_VERTEBRA_CM3:
        add(SACRUM, sacrum)
    sure = np.where(found.owner > 0, found.vertebra, found.sacrum)
    return _Named(labels, structures, confidence(labels, sure, structures), tuple(warnings))
