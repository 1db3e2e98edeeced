"""The cubes that a fine-tuning asks for: as they were extracted, or cut now from DICOM folders."""

from pathlib import Path

import typer

from models.training.outcome_table import read_outcomes
from pipelines.features.cubes import cubes_of_files
from pipelines.segmentation import choose_device


def gathered(table: Path, given: Path, kept: Path, seed: int, device: str) -> Path:
    """Return a folder of PATIENT.npz: `given`, or `kept` filled from DICOM folders in `given`.

    Parameters
    ----------
    table : Path
        Says who is needed; patients of other splits than "train" are not looked at.
    given : Path
        What the user named.
    kept : Path
        Crops cut from DICOM folders stay here, so that an interrupted run goes on.
    seed : int
        Of the fine-tuning.
    device : str

    Raises
    ------
    ValueError
        If the table cannot be used, or `given` is no folder.
    """
    if not given.is_dir():
        raise ValueError(
            f"{given}: no such folder; name one with PATIENT.npz or a DICOM folder of each patient"
        )
    outcomes = read_outcomes(table, seed)
    patients = [*outcomes.training, *outcomes.stopping]
    if not any((given / patient).is_dir() for patient in patients):
        return given
    place = str(choose_device(device))
    for number, patient in enumerate(patients, start=1):
        if not (path := kept / f"{patient}.npz").exists():
            files = sorted(file for file in (given / patient).rglob("*") if file.is_file())
            count = cubes_of_files(files, path, place)
            typer.echo(f"{number} of {len(patients)}: {patient}, {count} cubes")
    return kept
