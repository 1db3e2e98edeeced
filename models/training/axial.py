"""Teaching the axial network: each slice with two neighbours below and two above."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.anatomy.randomness import Randomness
from models.training.augment import bend, cut, cut_labels, in_plane, jitter, normalise, pick, shade, soften
from models.training.axial_bank import LENGTH
from models.training.batch import Batch, Scan, Teaching, stack
from models.training.export import SETTINGS

BATCH = 8
PATCH = (160, 128)  # 1.5 mm: 240 mm right to left, 192 mm front to back
CANAL = 10  #: class in the bank
MIRRORED = torch.tensor([0, 2, 1, 4, 3, 6, 5, 8, 7, 9, 10])  # classes with left and right exchanged
NEIGHBOURS_MM: Sequence[float] = SETTINGS["axial"]["neighbours_mm"]
SHORT = 0.25  #: share of the samples from stacks of a few slices


def load_axial(path: Path) -> Scan:
    """Read a file of the axial bank."""
    with np.load(path) as stored:
        image, classes = stored["i"].astype(np.float32), stored["l"]
    return Scan(normalise(torch.from_numpy(image)).half(), torch.from_numpy(classes)[None])


def draw_axial(random: Randomness, scans: Sequence[Scan], patch: tuple[int, int] = PATCH) -> Batch:
    """Draw a batch of axial patches."""
    return stack([_sample(random, pick(random, scans), patch) for _ in range(BATCH)])


def _sample(random: Randomness, scan: Scan, patch: tuple[int, int]) -> tuple[Tensor, Tensor]:
    index = int(random.numbers.integers(0, scan.image.shape[0]))
    x = scan.image[_neighbours(random, scan.image.shape[0], index)].float()
    classes = scan.labels[0, index].long()
    if random.chance(0.5):
        x, classes = x.flip(1), MIRRORED[classes.flip(0)]
    matrix = in_plane(random, 0.1, (0.78, 1.3), (0.9, 1.1))
    centre = _near_canal(random, classes)
    x = cut(x, matrix, centre, patch)
    classes = cut_labels(classes[None], matrix, centre, patch)[0]
    x = normalise(shade(random, soften(random, x, 0.35), 0.5))
    x = jitter(random, x, gain=(0.6, 1.4), shift=(-0.4, 0.4), noise=0.2)
    return bend(random, x, 0.5), classes


def _neighbours(random: Randomness, count: int, index: int) -> list[int]:
    """Slices shown with slice `index`, caudal to cranial; a stack's ends are repeated."""
    first, last = 0, count - 1
    if random.chance(SHORT):
        first = max(first, index - int(random.numbers.integers(0, 4)))
        last = min(last, index + int(random.numbers.integers(0, 4)))
    step = LENGTH / count * random.uniform(0.8, 1.25)  # mm
    shifts = [int(np.sign(mm)) * max(1, round(abs(mm) / step)) for mm in NEIGHBOURS_MM]  # 0 stays 0
    return [min(max(index + shift, first), last) for shift in shifts]


def _near_canal(random: Randomness, classes: Tensor) -> NDArray[np.float64]:
    """Draw a patch centre up to 25 voxels from a point in front of the canal, or of the slice's middle."""
    canal = (classes == CANAL).nonzero().double()
    middle = canal.mean(0).numpy() if len(canal) else np.array(classes.shape) / 2
    return np.array(
        [middle[0] + random.uniform(-25, 25), middle[1] + random.uniform(-25, 25) - 8], dtype=np.float64
    )


AXIAL = Teaching(load_axial, draw_axial)
