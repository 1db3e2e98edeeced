"""Crops of real patients on disk: one npz file per patient, an array `ROLE/STRUCTURE` per crop."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, is_zipfile

import numpy as np
from numpy.typing import NDArray

from models.training.cube_set import Crop, as_tensor


def write_patient(path: Path, crops: Mapping[tuple[str, str], NDArray[np.float32]]) -> None:
    """Write a patient's crops, whole or not at all.

    Parameters
    ----------
    path : Path
        PATIENT.npz.
    crops : mapping of (role, structure) to float32 array
        From `models.backbone.cubes.crop`.
    """
    part = path.with_suffix(".part")
    arrays: dict[str, Any] = {
        f"{role}/{structure}": crop.astype(np.float16) for (role, structure), crop in crops.items()
    }
    with part.open("wb") as stream:
        np.savez(stream, **arrays)
    part.replace(path)


def read_patient(path: Path) -> list[Crop]:
    """Read a patient's crops.

    Raises
    ------
    ValueError
        If the file is absent, damaged, or holds something else.
    """
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    with path.open("rb") as stream:
        if not is_zipfile(stream):  # cut short: numpy would fail and leave the file open
            raise ValueError(f"{path} is damaged; extract its cubes again")
    try:
        with np.load(path) as stored:
            crops = [_crop(path.stem, name, stored[name]) for name in stored.files]
    except (BadZipFile, EOFError, KeyError, ValueError):
        raise ValueError(f"{path} is damaged; extract its cubes again") from None
    if not crops:
        raise ValueError(f"{path} holds no cubes; extract them again")
    return crops


def _crop(patient: str, name: str, values: NDArray[np.float16]) -> Crop:
    role, _, structure = name.partition("/")
    return Crop(patient, role, structure, as_tensor(values), {})
