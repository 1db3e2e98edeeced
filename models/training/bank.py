"""The bank: scans of generated people on disk, with their labels, that the segmentation networks learn from.

One npz file per scan; every network has its own people (seeds), field of view, way of scanning and labels,
described in `sagittal_bank`, `ct_bank`, `vertebra_bank` and `axial_bank`.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from models.anatomy import generate
from models.training.axial_bank import AXIAL
from models.training.ct_bank import CT
from models.training.recipe import Recipe, Scan
from models.training.sagittal_bank import SAGITTAL
from models.training.vertebra_bank import VERTEBRAE

Task = Literal["sagittal", "ct", "vertebra", "axial"]
Progress = Callable[[int, int], None]
"""Called with how many people are done, and of how many."""

#: The people of a training, unless others are named; a model card says whom the shipped network saw.
SEEDS: Mapping[Task, range] = {
    "sagittal": range(10000, 10290),
    "ct": range(20000, 20110),
    "vertebra": range(40100, 40180),
    "axial": range(30100, 30250),
}


def write_bank(task: Task, folder: Path, seeds: range, progress: Progress | None = None) -> None:
    """Write the scans of these people, leaving out those that are there.

    Parameters
    ----------
    task : {"sagittal", "ct", "vertebra", "axial"}
    folder : Path
        Made if missing.
    seeds : range
        One person each; 3 to 6 seconds a person on one core.
    progress : callable, optional
    """
    write_scans(RECIPES[task], folder, seeds, progress)


def write_scans(recipe: Recipe, folder: Path, seeds: range, progress: Progress | None = None) -> None:
    """Write the scans that a recipe makes of these people; see `write_bank`."""
    folder.mkdir(parents=True, exist_ok=True)
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


RECIPES: Mapping[Task, Recipe] = {"sagittal": SAGITTAL, "ct": CT, "vertebra": VERTEBRAE, "axial": AXIAL}
