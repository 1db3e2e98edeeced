"""Each vertebra again, at 1.5 mm: a crop around the centre of its body goes through a second network.

The coarse network says where bodies are and which level they have; this one says which voxels belong to the
one in the middle. Crops of neighbours overlap, and a voxel goes to the vertebra that claims it most strongly.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.marker import marker
from pipelines.segmentation.grid import Grid, box_around, coarse_grid, sample
from pipelines.segmentation.network import Network, run
from pipelines.segmentation.orientation import Box, Oriented

THIS = 1  #: class of the vertebra in the middle of its crop
AIR_HU = -1000.0
CLAIMED = 0.5  #: a voxel that no vertebra claims with more than this is none
CROPS_AT_ONCE = 4
SLAB = 16  #: slices that are brought back to the volume at a time
MIRROR = 2  #: axis from right to left in (N, C, l, p, s)

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Refined:
    """Vertebrae on a volume.

    Attributes
    ----------
    owner : uint8 array of shape (L, P, S)
        k + 1 for the k-th vertebra, 0 for none.
    probability : float32 array of shape (L, P, S)
        How sure the strongest claim to the voxel is, 0 to 1.
    """

    owner: NDArray[np.uint8]
    probability: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Crops:
    """Pieces of a fine grid, all of one shape.

    Attributes
    ----------
    images : float32 tensor of shape (N, 2, l, p, s)
        HU, clamped and scaled, and the mark.
    corners : array of shape (N, 3)
        LPS mm of the first voxel.
    """

    images: Tensor
    corners: Array


def refine(network: Network, oriented: Oriented, part: Oriented, centres: Array) -> Refined:
    """Segment each vertebra in its own crop.

    Parameters
    ----------
    network : Network
        "vertebra".
    oriented : Oriented
        The whole volume, HU.
    part : Oriented
        The part of it to give an answer on.
    centres : array of shape (n, 3)
        Centres of the bodies, LPS mm, caudal first.
    """
    crops = _cut(network, oriented, centres)
    claims = _claims(network, crops.images)
    owner = np.zeros(part.array.shape, np.uint8)
    probability = np.zeros(part.array.shape, np.float32)
    for k, (claim, corner) in enumerate(zip(claims, crops.corners, strict=True)):
        for slab, values in _bring_back(claim, _grid(claim, corner, network.settings["step_mm"]), part):
            stronger = values > probability[slab]
            probability[slab][stronger] = values[stronger]
            owner[slab][stronger] = k + 1
    owner[probability <= CLAIMED] = 0
    return Refined(owner, probability)


def _cut(network: Network, oriented: Oriented, centres: Array) -> _Crops:
    """Cut the crops from a grid of fine voxels along the patient's axes; air lies outside the scan."""
    step, shape = network.settings["step_mm"], np.array(network.settings["crop"])
    middles = centres + network.settings["behind_mm"]
    reach = (shape / 2 + 2) * step
    box = box_around(middles.min(0) - reach, middles.max(0) + reach, oriented)
    fine = coarse_grid(oriented.cut(box), step, AIR_HU)
    origin = fine.affine[:3, 3]
    starts = np.rint((middles - origin) / step - (shape - 1) / 2).astype(int)
    low, high = network.settings["window_hu"]
    values = torch.from_numpy(fine.values)
    images = []
    for start, centre in zip(starts, centres, strict=True):
        mark = marker(shape, (centre - origin) / step - start, network.settings["marker_mm"] / step)
        hu = _piece(values, start, shape).clamp(low, high) / network.settings["hu_scale"]
        images.append(torch.stack([hu, mark]))
    return _Crops(torch.stack(images), origin + starts * step)


def _piece(values: Tensor, start: NDArray[np.int_], shape: NDArray[np.int_]) -> Tensor:
    """Cut (l, p, s) voxels from `start` on; air beyond the edges."""
    pads: list[int] = []
    for first, n, size in reversed(list(zip(start, shape, values.shape, strict=True))):
        pads += [max(0, -first), max(0, first + n - size)]
    first = np.maximum(start, 0)
    inside = values[tuple(slice(a, max(a, b)) for a, b in zip(first, start + shape, strict=True))]
    return functional.pad(inside, pads, value=AIR_HU)


def _claims(network: Network, images: Tensor) -> Tensor:
    """Probability of "this vertebra", averaged with that of the mirror image: (N, l, p, s)."""
    straight = run(network, images, CROPS_AT_ONCE).softmax(1)[:, THIS]
    mirrored = run(network, images.flip(MIRROR), CROPS_AT_ONCE).softmax(1)[:, THIS]
    return (straight + mirrored.flip(MIRROR - 1)) / 2


def _grid(claim: Tensor, corner: Array, step: float) -> Grid:
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = corner
    return Grid(claim.numpy(), affine)


def _bring_back(claim: Tensor, grid: Grid, part: Oriented) -> Iterator[tuple[Box, NDArray[np.float32]]]:
    """Interpolate a claim at the voxels of the part that its crop covers, slab by slab to bound memory."""
    claim = _without_border(claim)
    last = grid.affine[:3, 3] + (np.array(claim.shape) - 1) * grid.step
    box = box_around(grid.affine[:3, 3], last, part)
    for start in range(box[2].start, box[2].stop, SLAB):
        slab = box[0], box[1], slice(start, min(start + SLAB, box[2].stop))
        yield slab, sample(claim[None], grid, part, slab)[0].numpy()


def _without_border(claim: Tensor) -> Tensor:
    """Claim nothing on the outermost voxels: what lies beyond a crop is sampled from there."""
    inner = torch.zeros_like(claim)
    inner[1:-1, 1:-1, 1:-1] = claim[1:-1, 1:-1, 1:-1]
    return inner
