"""Teaching the vertebra network: crops of 1.5 mm voxels around one body, which is marked."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.anatomy.randomness import Randomness
from models.anatomy.tissues import FIRST_VERTEBRA, SACRUM
from models.marker import marker
from models.training.augment import cut, cut_labels, in_space, pick
from models.training.batch import Batch, Scan, Teaching
from models.training.export import SETTINGS
from models.training.vertebra_bank import DISC, STEP

Shape = tuple[int, int, int]

BATCH = 2
LEVELS = 6  # L5 … T12: T11 has no neighbour above
AIR_HU = -1000.0
JITTER = 5.0 / STEP  # voxels: how far from the centre of a body the coarse network may point
SCALE = 300.0  # HU per unit of input
BACKGROUND, THIS, OTHER, DISC_CLASS = range(4)

_SETTINGS = SETTINGS["vertebra"]
CROP: Shape = tuple(_SETTINGS["crop"])
SMALLER: Shape = (48, 56, 40)
BEHIND = np.array(_SETTINGS["behind_mm"]) / STEP  # from the centre of the body to that of the crop, voxels
MARKER = float(_SETTINGS["marker_mm"]) / STEP
WINDOW = tuple(_SETTINGS["window_hu"])


def load_vertebra(path: Path) -> Scan:
    """Read a file of the vertebra bank."""
    with np.load(path) as stored:
        image, levels = torch.from_numpy(stored["i"]), torch.from_numpy(stored["lev"])
        return Scan(image, levels[None], torch.from_numpy(stored["C"]).double())


def draw_vertebra(random: Randomness, scans: Sequence[Scan], shape: Shape | None = None) -> Batch:
    """Draw a batch of crops: of the full size for a third of the batches, else of a cheaper one."""
    shape = shape or pick(random, (CROP, SMALLER, SMALLER))
    images, classes = zip(*(_sample(random, pick(random, scans), shape) for _ in range(BATCH)), strict=True)
    return Batch(torch.stack(images), torch.stack(classes))


def _sample(random: Randomness, scan: Scan, shape: Shape) -> tuple[Tensor, Tensor]:
    level, centre = _draw_level(random, scan)
    matrix, warp = in_space(random, 0.14, (0.88, 1.13)), _draw_warp(random, shape)
    missed = random.numbers.uniform(-JITTER, JITTER, 3)
    middle = centre + matrix @ (BEHIND + missed)
    x = cut(scan.image[None].float() - AIR_HU, matrix, middle, shape, padding="zeros", warp=warp) + AIR_HU
    levels = cut_labels(scan.labels, matrix, middle, shape, warp=warp)[0]
    x = _add_noise(random, _change_kernel(random, _thicken(random, x)))
    x = x * random.uniform(0.85, 1.2) + random.uniform(-25, 25)
    _end_view(random, x, levels)
    mark = marker(shape, (np.array(shape) - 1) / 2 - BEHIND, MARKER)[None]
    return torch.cat([x.clamp(*WINDOW) / SCALE, mark]), _classes(levels, level)


def _draw_level(random: Randomness, scan: Scan) -> tuple[int, NDArray[np.float64]]:
    """Choose a vertebra: its number and the centre of its body."""
    if scan.centres is None:
        raise ValueError("a scan for the vertebra network must carry the centres of its vertebral bodies")
    index = int(random.numbers.integers(0, LEVELS))
    return FIRST_VERTEBRA + index, scan.centres[index].numpy()


def _classes(levels: Tensor, level: int) -> Tensor:
    classes = torch.full_like(levels, OTHER)
    classes[(levels < FIRST_VERTEBRA) | (levels > SACRUM)] = BACKGROUND
    classes[levels == DISC] = DISC_CLASS
    classes[levels == level] = THIS
    return classes


def _draw_warp(random: Randomness, shape: Shape) -> NDArray[np.float64] | None:
    """Bend half of the crops, so that no process keeps the generator's shape."""
    if random.chance(0.5):
        return None
    nodes = [max(3, round(n / 14) + 1) for n in shape]  # every 20 mm or so
    field = random.field((1, 3, *nodes)) * random.uniform(0, 1.6)  # voxels
    bent = functional.interpolate(field, size=shape, mode="trilinear", align_corners=True)[0]
    return bent.movedim(0, -1).double().numpy()


def _thicken(random: Randomness, x: Tensor) -> Tensor:
    """Often see (1, X, Y, Z) through thick slices, or through coarse voxels on all sides."""
    if not random.chance(0.5):
        return x
    count = int(random.numbers.integers(2, 4))
    across = 2 if random.chance(0.25) else 1
    first = int(random.numbers.integers(0, count))  # where the first slice begins
    thick = functional.avg_pool3d(x[None, ..., first:], (across, across, count))
    middle = torch.arange(x.shape[3]).float() - first
    places = ((middle + 0.5) / (thick.shape[4] * count)) * 2 - 1
    axes = [((torch.arange(n).float() + 0.5) / n) * 2 - 1 for n in x.shape[1:3]]
    i, j, k = torch.meshgrid(*axes, places, indexing="ij")
    grid = torch.stack([k, j, i], -1)[None]
    return functional.grid_sample(thick, grid, padding_mode="border", align_corners=False)[0]


def _blur(x: Tensor) -> Tensor:
    return functional.avg_pool3d(x[None], (3, 3, 1), 1, (1, 1, 0), count_include_pad=False)[0]


def _change_kernel(random: Randomness, x: Tensor) -> Tensor:
    """Soften or sharpen (1, X, Y, Z) in plane, as reconstruction kernels do."""
    if random.chance(0.35):
        return x
    soft = _blur(x)
    return soft + (x - soft) * random.uniform(0.2, 2.0)  # more than 1: sharper, with overshoot


def _add_noise(random: Randomness, x: Tensor) -> Tensor:
    """Noise with or without grain: mostly that of soft kernels, sometimes that of thin and sharp slices."""
    noise = random.field(tuple(x.shape))
    if random.chance(0.5):
        noise = _blur(noise) * 2.2
    return x + noise * random.uniform(0, 110 if random.chance(0.3) else 40)


def _end_view(random: Randomness, x: Tensor, levels: Tensor) -> None:
    """Sometimes end the field of view inside the crop, in place: air and no labels beyond it."""
    for axis, probability in enumerate((0.08, 0.08, 0.3)):
        if not random.chance(probability):
            continue
        count = int(random.numbers.integers(2, levels.shape[axis] // 3))
        first = 0 if random.chance(0.5) else levels.shape[axis] - count
        x.narrow(axis + 1, first, count).fill_(AIR_HU)
        levels.narrow(axis, first, count).fill_(0)


VERTEBRA = Teaching(load_vertebra, draw_vertebra)
