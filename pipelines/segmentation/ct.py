"""CT: whole vertebrae L1-L5 and sacrum.

A 3D network at 3 mm gives classes and, for each voxel of a vertebra, a vote for the centre of its body.
Votes make vertebrae; vertebrae are counted upward from S1. Trained on generated anatomy only.
"""

import numpy as np
import torch
from monai.inferers import sliding_window_inference
from numpy.typing import NDArray
from torch import Tensor

from pipelines.errors import SegmentationError
from pipelines.segmentation.clean import largest
from pipelines.segmentation.grid import Grid, box_on_volume, coarse_grid, sample
from pipelines.segmentation.labels import LEVELS, SACRUM, level_name, level_unknown
from pipelines.segmentation.network import Network, load_network, pad_to_stride
from pipelines.segmentation.orientation import Oriented, orient
from pipelines.segmentation.votes import Vertebrae, find_vertebrae, number
from pipelines.types import Finding, Segmentation, Volume

BACKGROUND, BODY, POSTERIOR, SACRUM_REST, DISC, S1 = range(6)
CLASSES = 6
AIR_HU = -1000.0
VOTE_SCALE = 10.0  #: the network gives votes in tens of grid steps
AT_ONCE = 5_000_000  #: voxels of the grid that go through the network in one piece
WINDOW = (112, 112, 112)
SLAB = 8  #: slices that are brought back to the volume at a time
MIN_VERTEBRA_CM3 = 8.0
COMPLETE_SHARE = 0.55  #: a smaller share of the median volume: cut by the field of view
MIN_VERTEBRAE = 2
SACRAL = 255
MAX_VOTE_MM = 18.0  #: half the distance between two bodies


def segment_ct(volume: Volume, device: str = "auto") -> Segmentation:
    """Segment a CT.

    Raises
    ------
    SegmentationError
        If fewer than two vertebrae are found.
    """
    network = load_network("ct", device)
    oriented = orient(volume)
    grid = coarse_grid(oriented, network.settings["step_mm"], AIR_HU)
    maps = _predict(network, grid)
    vertebrae = _vertebrae(maps, grid)
    if vertebrae.lumbar_count < MIN_VERTEBRAE:
        raise SegmentationError(
            "NO_SPINE", "fewer than two vertebrae were found: not a lumbar CT, or not usable"
        )
    labels = _labels_on_volume(maps, grid, oriented, vertebrae)
    labels, structures, cut = _name(labels, vertebrae, oriented)
    if sum("vertebra" in name for name in structures.values()) < MIN_VERTEBRAE:
        raise SegmentationError(
            "NO_SPINE", "fewer than two whole vertebrae were found: not a lumbar CT, or not usable"
        )
    warnings = (*cut, *(() if vertebrae.first_is_l5 else (level_unknown(vertebrae.reason),)))
    return Segmentation(
        volume, oriented.back(labels), structures, network.identity, vertebrae.first_is_l5, warnings
    )


@torch.inference_mode()
def _predict(network: Network, grid: Grid) -> Tensor:
    """Return (classes + 3, l, p, s): class probabilities, then votes in grid steps."""
    low, high = network.settings["window_hu"]
    x = torch.from_numpy(grid.values).clamp(low, high)[None, None] / network.settings["hu_scale"]
    x = x.to(network.device)
    if x.numel() <= AT_ONCE:
        out = network.net(pad_to_stride(x, network.net.stride))
    else:
        out = sliding_window_inference(x, WINDOW, 1, network.net, overlap=0.25, mode="gaussian")
    out = out[0, :, : x.shape[2], : x.shape[3], : x.shape[4]].float().cpu()
    return torch.cat([out[:CLASSES].softmax(0), out[CLASSES:] * VOTE_SCALE])


def _vertebrae(maps: Tensor, grid: Grid) -> Vertebrae:
    """Find and count the vertebrae on the grid."""
    classes = maps[:CLASSES].argmax(0).numpy()
    column = largest(classes > 0, keep=0.5)
    vertebral = column & ((classes == BODY) | (classes == POSTERIOR))
    index = np.argwhere(vertebral)
    if not len(index):
        return Vertebrae(np.zeros((0, 3)), False, "no vertebra was found")
    votes = index + maps[CLASSES:].numpy()[:, vertebral].T
    centres = find_vertebrae(votes, classes[vertebral] == BODY, classes.shape, grid.step)
    s1 = largest(column & (classes == S1))
    sacrum = column & ((classes == SACRUM_REST) | (classes == S1))
    return number(centres, sacrum, s1, grid.step)


def _labels_on_volume(
    maps: Tensor, grid: Grid, oriented: Oriented, vertebrae: Vertebrae
) -> NDArray[np.uint8]:
    """Label every voxel of the oriented volume: k + 1 for the k-th lumbar vertebra, SACRAL for sacrum."""
    labels = np.zeros(oriented.array.shape, np.uint8)
    foreground = (maps[BACKGROUND] < 0.5).numpy()
    box = box_on_volume(grid, foreground, oriented, 2 * grid.step)
    for start in range(box[2].start, box[2].stop, SLAB):
        slab = box[0], box[1], slice(start, min(start + SLAB, box[2].stop))
        labels[slab] = _label_slab(maps, grid, oriented, slab, vertebrae)
    return labels


def _label_slab(
    maps: Tensor,
    grid: Grid,
    oriented: Oriented,
    slab: tuple[slice, slice, slice],
    vertebrae: Vertebrae,
) -> NDArray[np.uint8]:
    values = sample(maps, grid, oriented, slab)
    classes = values[:CLASSES].argmax(0)
    labels = torch.zeros_like(classes, dtype=torch.uint8)
    labels[(classes == SACRUM_REST) | (classes == S1)] = SACRAL
    vertebral = (classes == BODY) | (classes == POSTERIOR)
    index = torch.nonzero(vertebral).float() + torch.tensor([float(s.start) for s in slab])
    to_grid = torch.from_numpy(np.linalg.inv(grid.affine) @ oriented.affine).float()
    votes = index @ to_grid[:3, :3].T + to_grid[:3, 3] + values[CLASSES:, vertebral].T
    centres = torch.from_numpy(vertebrae.centres).float()
    distance, nearest = torch.cdist(votes, centres).min(1)
    label = torch.where(nearest < vertebrae.sacral, SACRAL, nearest - vertebrae.sacral + 1)
    label[distance * grid.step > MAX_VOTE_MM] = 0  # it votes for a body that was not found
    labels[vertebral] = label.to(torch.uint8)
    result: NDArray[np.uint8] = labels.numpy()
    return result


def _name(
    found: NDArray[np.uint8], vertebrae: Vertebrae, oriented: Oriented
) -> tuple[NDArray[np.uint8], dict[int, str], tuple[Finding, ...]]:
    """Give vertebrae and sacrum their labels; leave out those cut by the field of view."""
    labels = np.zeros_like(found)
    structures: dict[int, str] = {}
    cm3 = abs(np.linalg.det(oriented.affine[:3, :3])) / 1000
    masks = [largest(found == k + 1, keep=0.1) for k in range(vertebrae.lumbar_count)]
    volumes = np.array([mask.sum() for mask in masks]) * cm3
    smallest = max(MIN_VERTEBRA_CM3, COMPLETE_SHARE * float(np.median(volumes)))
    names = LEVELS if vertebrae.first_is_l5 else None
    cut = []
    for k, (mask, size) in enumerate(zip(masks, volumes, strict=True)):
        name = level_name("vertebra", k, names)
        if name is None:
            continue
        if size < smallest:
            cut.append(Finding("CUT_STRUCTURE", f"{name} is incomplete ({size:.0f} cm3) and left out"))
            continue
        structures[len(structures) + 1] = name
        labels[mask] = len(structures)
    sacrum = largest(found == SACRAL)
    if sacrum.sum() * cm3 >= MIN_VERTEBRA_CM3:
        structures[len(structures) + 1] = SACRUM
        labels[sacrum] = len(structures)
    return labels, structures, tuple(cut)
