"""Teaching the CT network: patches of 3 mm voxels, classes and votes for body centres."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.anatomy.randomness import Randomness
from models.anatomy.tissues import FIRST_VERTEBRA, LAST_VERTEBRA
from models.training.augment import cut, cut_labels, in_space, pick
from models.training.batch import VOTE_SCALE, Batch, Scan, Teaching

SIDE = 48  # voxels across
HEIGHTS = {48: 3, 64: 2, 80: 2}  # voxels along z: patches in the batch
WINDOW = (-300.0, 1100.0)  # HU
SCALE = 300.0  # HU per unit of input


def load_ct(path: Path) -> Scan:
    """Read a file of the CT bank."""
    with np.load(path) as stored:
        image, centres = torch.from_numpy(stored["i"]), torch.from_numpy(stored["C"]).double()
        labels = torch.from_numpy(np.stack([stored["sem"], stored["lev"]]))
    return Scan(image, labels, centres)


def draw_ct(random: Randomness, scans: Sequence[Scan], side: int = SIDE) -> Batch:
    """Draw a batch of patches of one height."""
    height = list(HEIGHTS)[int(random.numbers.integers(len(HEIGHTS)))]
    shape = side, side, height
    samples = [_sample(random, pick(random, scans), shape) for _ in range(HEIGHTS[height])]
    images, classes, votes, voters = (torch.stack(part) for part in zip(*samples, strict=True))
    return Batch(images, classes, votes, voters)


def _sample(
    random: Randomness, scan: Scan, shape: tuple[int, int, int]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    centres = _body_centres(scan)
    centre, matrix = _draw_centre(random, centres), in_space(random, 0.12, (0.85, 1.18))
    x = cut(scan.image[None].float(), matrix, centre, shape)
    labels = cut_labels(scan.labels, matrix, centre, shape)
    in_patch = (centres - centre) @ np.linalg.inv(matrix).T + (np.array(shape) - 1) / 2
    x = _crop_view(random, _thicken(random, x), labels)
    x = x * random.uniform(0.85, 1.2) + random.uniform(-25, 25)
    x = x + random.field(tuple(x.shape)) * random.uniform(0, 40)
    votes, voters = _votes(labels[1], in_patch)
    return x.clamp(*WINDOW) / SCALE, labels[0], votes, voters


def _body_centres(scan: Scan) -> NDArray[np.float64]:
    if scan.centres is None:
        raise ValueError("a scan for the CT network must carry the centres of its vertebral bodies")
    centres: NDArray[np.float64] = scan.centres.numpy()
    return centres


def _draw_centre(random: Randomness, centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mostly near one of L5 … T12, sometimes anywhere."""
    near = centres[int(random.numbers.integers(0, 6))] + random.numbers.uniform(-1, 1, 3) * [8, 8, 16]
    if random.chance(0.2):
        return np.array([random.uniform(15, 75), random.uniform(25, 70), random.uniform(10, 110)])
    return np.asarray(near, dtype=np.float64)


def _thicken(random: Randomness, x: Tensor) -> Tensor:
    """Sometimes average two or three slices: a thick scan."""
    if not random.chance(0.3):
        return x
    count = int(random.numbers.integers(2, 4))
    thick = functional.avg_pool3d(x[None], (1, 1, count), stride=(1, 1, count))
    return functional.interpolate(thick, size=x.shape[1:], mode="trilinear")[0]


def _crop_view(random: Randomness, x: Tensor, labels: Tensor) -> Tensor:
    """Sometimes end the field of view inside the patch: air or the last slice repeated, no labels."""
    if not random.chance(0.25):
        return x
    height = x.shape[-1]
    count = int(random.numbers.integers(2, height // 3))
    below = random.chance(0.5)
    beyond = slice(0, count) if below else slice(height - count, height)
    edge = count if below else height - count - 1
    filling = x[..., edge, None].clone() if random.chance(0.5) else torch.tensor(-1000.0)
    x = x.clone()
    x[..., beyond] = filling
    labels[..., beyond] = 0
    return x


def _votes(levels: Tensor, centres: NDArray[np.float64]) -> tuple[Tensor, Tensor]:
    """Vectors from voxels to the centre of their body, (3, X, Y, Z), and which voxels have one."""
    voters = (levels >= FIRST_VERTEBRA) & (levels <= LAST_VERTEBRA)
    targets = torch.from_numpy(centres).float()[(levels - FIRST_VERTEBRA).clamp(0, LAST_VERTEBRA - 1)]
    axes = [torch.arange(n).float() for n in levels.shape]
    places = torch.stack(torch.meshgrid(*axes, indexing="ij"))
    return (targets.movedim(-1, 0) - places) / VOTE_SCALE, voters


CT = Teaching(load_ct, draw_ct)
