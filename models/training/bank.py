"""The bank: scans of generated people on disk, with their labels, that the segmentation networks learn from.

One npz file per scan. Every network has its own people (seeds), field of view and way of scanning:

sagittal : SEED_K_CONTRAST.npz
    `i` (x, y, z) float16 signal, 16 slices; `l` uint8 classes, 7 being the cortex of a body; `inst` uint8.
ct : SEED_K.npz
    `i` (x, y, z) float16 HU at about 3 mm; `sem` uint8 classes; `lev` uint8 vertebra (1 is L5, 8 the sacrum);
    `C` (7, 3) float32 centres of L5 … T11 in voxels; `z` scale of the voxels.
axial : SEED_K_CONTRAST.npz
    `i` (z, x, y) float16 signal; `l` uint8 classes, 1 to 8 muscles, 9 spine, 10 canal.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from models.anatomy import Acquisition, Anatomy, Contrast, Tissue, acquire, generate, render
from models.anatomy.grid import FieldOfView
from models.anatomy.tissues import (
    CANAL,
    FIRST_DISC,
    FIRST_MUSCLE,
    FIRST_VERTEBRA,
    LAST_DISC,
    LAST_MUSCLE,
    LAST_VERTEBRA,
    SACRUM,
)

Task = Literal["sagittal", "ct", "axial"]
Array = NDArray[Any]
Spacing = float | tuple[float, float, float]
Progress = Callable[[int, int], None]
"""Called with how many people are done, and of how many."""

#: The people that the shipped networks saw.
SEEDS: Mapping[Task, range] = {
    "sagittal": range(10000, 10150),
    "ct": range(20000, 20110),
    "axial": range(30000, 30100),
}


@dataclass(frozen=True, eq=False)
class Scan:
    """A file of the bank: its name without folder, and its arrays."""

    name: str
    arrays: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Recipe:
    """How people are generated and scanned for one network."""

    field_of_view: FieldOfView
    spacing: Spacing
    scans: int  #: per person
    scan: Callable[[Anatomy, np.random.Generator, int, int], Scan]


def write_bank(task: Task, folder: Path, seeds: range, progress: Progress | None = None) -> None:
    """Write the scans of these people, leaving out those that are there.

    Parameters
    ----------
    task : {"sagittal", "ct", "axial"}
    folder : Path
        Made if missing.
    seeds : range
        One person each; 3 to 6 seconds a person on one core.
    progress : callable, optional
    """
    folder.mkdir(parents=True, exist_ok=True)
    recipe = RECIPES[task]
    for done, seed in enumerate(seeds, start=1):
        if len(list(folder.glob(f"{seed:05d}_*.npz"))) < recipe.scans:
            for scan in scans(recipe, seed):
                _save(folder / scan.name, scan.arrays)
        if progress is not None:
            progress(done, len(seeds))


def scans(recipe: Recipe, seed: int) -> Iterator[Scan]:
    """Generate a person and scan it as often as the recipe says."""
    protocol = np.random.default_rng(seed + 999)  # the scanners' settings, apart from the person's stream
    anatomy = generate(seed, recipe.field_of_view, recipe.spacing)
    for number in range(recipe.scans):
        yield recipe.scan(anatomy, protocol, seed, number)


def _save(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write so that a file is either whole or absent."""
    part = path.with_suffix(".part")
    with part.open("wb") as stream:
        np.savez(stream, **arrays)
    part.replace(path)


def _choose(protocol: np.random.Generator, contrasts: tuple[Contrast, ...], shares: list[float]) -> Contrast:
    return contrasts[int(protocol.choice(len(contrasts), p=shares))]


def _scan_sagittal(anatomy: Anatomy, protocol: np.random.Generator, seed: int, number: int) -> Scan:
    """T2, T1, then any; 16 slices of 3.2 to 5.4 mm, 1.25 mm in plane."""
    third = _choose(protocol, (Contrast.RANDOM, Contrast.T2, Contrast.T1), [0.6, 0.2, 0.2])
    contrast = (Contrast.T2, Contrast.T1, third)[number]
    step = protocol.uniform(3.2, 5.4)
    offset = ((84 - 16 * step) / 2 + protocol.uniform(-4, 4), protocol.uniform(0, 4), 0.0)
    thickness = step * protocol.uniform(0.75, 1)
    image, (instances, tissues, first_sacral) = acquire(
        anatomy,
        render(anatomy, contrast),
        contrast,
        Acquisition((step, 1.25, 1.25), thickness, offset, (16, 160, 240)),
        [anatomy.instances, anatomy.tissues, anatomy.first_sacral],
    )
    arrays = {
        "i": image.half().numpy(),
        "l": _sagittal_classes(instances.numpy(), tissues.numpy(), first_sacral.numpy()),
        "inst": instances.numpy().astype(np.uint8),
    }
    return Scan(f"{seed:05d}_{number}_{contrast}.npz", arrays)


def _sagittal_classes(instances: Array, tissues: Array, first_sacral: Array) -> NDArray[np.uint8]:
    """1 body, 2 disc, 3 sacrum, 4 canal, 5 posterior, 6 S1, 7 cortex of a body."""
    classes = np.zeros(instances.shape, np.uint8)
    vertebra = _between(instances, FIRST_VERTEBRA, LAST_VERTEBRA)
    classes[vertebra] = 1
    classes[vertebra & (tissues == Tissue.BODY_CORTEX)] = 7
    classes[vertebra & _posterior(tissues)] = 5
    classes[_between(instances, FIRST_DISC, LAST_DISC)] = 2
    classes[instances == SACRUM] = 3
    classes[(instances == SACRUM) & (first_sacral > 0)] = 6
    classes[instances == CANAL] = 4
    return classes


def _scan_ct(anatomy: Anatomy, protocol: np.random.Generator, seed: int, number: int) -> Scan:
    """Cubic voxels of 2.7 to 3.3 mm."""
    scale = protocol.uniform(0.9, 1.1)
    step = 3 * scale
    x, y, z = (float(v) for v in protocol.uniform(0, 2, 3))
    image, labels = acquire(
        anatomy,
        render(anatomy, Contrast.CT),
        Contrast.CT,
        Acquisition((step,) * 3, offset=(x, y, z), shape=(90, 84, 122)),
        [anatomy.instances, anatomy.tissues, anatomy.first_sacral],
    )
    instances, tissues, first_sacral = (label.numpy() for label in labels)
    vertebra = _between(instances, FIRST_VERTEBRA, LAST_VERTEBRA)
    low = np.array([low for low, _ in anatomy.grid.field_of_view])
    arrays = {
        "i": image.numpy().astype(np.float16),
        "sem": _ct_classes(instances, tissues, first_sacral),
        "lev": np.where(vertebra | (instances == SACRUM), instances, 0).astype(np.uint8),
        # The scan's offset, less than a voxel, is not taken off: the shipped network learnt it this way.
        "C": ((anatomy.body_centres - low) / step - 0.5).astype(np.float32),
        "z": np.float64(scale),
    }
    return Scan(f"{seed:05d}_{number}.npz", arrays)


def _ct_classes(instances: Array, tissues: Array, first_sacral: Array) -> NDArray[np.uint8]:
    """1 body, 2 posterior, 3 sacrum, 4 disc, 5 S1."""
    classes = np.zeros(instances.shape, np.uint8)
    vertebra = _between(instances, FIRST_VERTEBRA, LAST_VERTEBRA)
    classes[vertebra] = 1
    classes[vertebra & _posterior(tissues)] = 2
    classes[instances == SACRUM] = 3
    classes[(instances == SACRUM) & (first_sacral > 0)] = 5
    classes[_between(instances, FIRST_DISC, LAST_DISC)] = 4
    return classes


def _scan_axial(anatomy: Anatomy, protocol: np.random.Generator, seed: int, number: int) -> Scan:
    """T2, random, then any; slices of 4 to 8 mm, 1.5 mm in plane."""
    others = (Contrast.WATER, Contrast.FAT, Contrast.T1, Contrast.T2)
    third = _choose(protocol, others, [0.35, 0.25, 0.2, 0.2])
    contrast = (Contrast.T2, Contrast.RANDOM, third)[number]
    step = protocol.uniform(4, 8)
    offset = protocol.uniform(0, 12), protocol.uniform(0, 8), protocol.uniform(0, 12)
    thickness = step * protocol.uniform(0.6, 1)
    image, (instances,) = acquire(
        anatomy,
        render(anatomy, contrast),
        contrast,
        Acquisition((1.5, 1.5, step), thickness, offset, (208, 168, int(220 / step))),
        [anatomy.instances],
    )
    arrays = {
        "i": _slices_first(image).astype(np.float16),
        "l": _slices_first(_axial_classes(instances)),
    }
    return Scan(f"{seed:05d}_{number}_{contrast}.npz", arrays)


def _axial_classes(instances: Tensor) -> Tensor:
    """1 to 8 muscles, 9 vertebrae, sacrum and discs, 10 canal."""
    classes = instances.new_zeros(instances.shape)
    muscle = (instances >= FIRST_MUSCLE) & (instances <= LAST_MUSCLE)
    classes[muscle] = instances[muscle] - (FIRST_MUSCLE - 1)
    bone = (instances >= FIRST_VERTEBRA) & (instances <= SACRUM)
    classes[bone | ((instances >= FIRST_DISC) & (instances <= LAST_DISC))] = 9
    classes[instances == CANAL] = 10
    return classes.byte()


def _slices_first(volume: Tensor) -> Array:
    return volume.numpy().transpose(2, 0, 1)


def _between(values: Array, first: int, last: int) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (values >= first) & (values <= last)
    return inside


def _posterior(tissues: Array) -> NDArray[np.bool_]:
    return np.isin(tissues, [Tissue.POSTERIOR_CORTEX, Tissue.POSTERIOR_MARROW])


RECIPES: Mapping[Task, Recipe] = {
    "sagittal": Recipe(((-42, 42), (-110, 95), (-150, 150)), 1.5, 3, _scan_sagittal),
    "ct": Recipe(((-140, 140), (-150, 115), (-235, 150)), 2.0, 2, _scan_ct),
    "axial": Recipe(((-165, 165), (-150, 115), (-120, 120)), (1.5, 1.5, 3.0), 3, _scan_axial),
}
