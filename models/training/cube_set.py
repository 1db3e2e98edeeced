"""The crops of a bank in memory, and cubes drawn from them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, is_zipfile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.anatomy.randomness import Randomness
from models.backbone.cubes import to_cube
from models.training.augment import pick

TRUTH = "truth"


@dataclass(frozen=True, eq=False, slots=True)
class Crop:
    """A structure in a series.

    Attributes
    ----------
    person, role, structure : str
    values : (slices, rows, columns) float16 tensor
        From `models.backbone.cubes.crop`.
    truth : mapping of str to float
        What is known about it; empty where nothing is.
    """

    person: str
    role: str
    structure: str
    values: Tensor
    truth: Mapping[str, float]


def mirrored_axis(role: str) -> int:
    """Axis of a crop that runs from side to side: slices of sagittal series, columns of axial ones."""
    return 0 if role.startswith("mr_sag") else 2


def read_crops(path: Path, person: str, role: str) -> list[Crop]:
    """Read a file of crops.

    Raises
    ------
    ValueError
        If the file is damaged or holds something else.
    """
    damaged = ValueError(f"{path} is damaged; delete it, it is made again")
    with path.open("rb") as stream:
        if not is_zipfile(stream):  # cut short: numpy would fail and leave the file open
            raise damaged
    try:
        return list(_crops(path, person, role))
    except (BadZipFile, EOFError, KeyError, ValueError):  # bytes changed, or an array is missing
        raise damaged from None


def _crops(path: Path, person: str, role: str) -> Iterator[Crop]:
    with np.load(path) as stored:
        truth: dict[str, Any] = json.loads(str(stored[TRUTH]))
        for name in stored.files:
            if name != TRUTH:
                yield Crop(person, role, name, as_tensor(stored[name]), truth.get(name, {}))


def as_tensor(values: NDArray[np.float16]) -> Tensor:
    """Take an array that must be a crop: three axes.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if values.ndim != 3:
        raise ValueError("a crop has three axes")
    return torch.from_numpy(values)


def draw(random: Randomness, crops: Sequence[Crop], count: int, side: int) -> Tensor:
    """Draw cubes, half of them mirrored: (count, 1, side, side, side) float32."""
    return torch.stack([_varied(random, pick(random, crops), side) for _ in range(count)])


def _varied(random: Randomness, crop: Crop, side: int) -> Tensor:
    mirror = random.chance(0.5)
    return to_cube(crop.values.flip(mirrored_axis(crop.role)) if mirror else crop.values, side)
