"""The cubes that a fine-tuning asks for: as they were extracted, or cut now from DICOM folders."""

from pathlib import Path

import typer

from models.training.outcome_table import read_outcomes
from models.training.patient_cubes import read_patient, write_patient
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
    if absent := [name for name in patients if not _source(given, name).exists()]:
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        raise ValueError(
            f"{given}: there is neither NAME.npz nor a folder NAME for {', '.join(absent[:3])}{more}"
        )
    if not any(_source(given, patient).is_dir() for patient in patients):
        return given
    place = str(choose_device(device))
    for number, patient in enumerate(patients, start=1):
        if not (path := kept / f"{patient}.npz").exists():
            count = _fill(_source(given, patient), path, place)
            typer.echo(f"{number} of {len(patients)}: {patient}, {count} cubes")
    return kept


def _source(folder: Path, patient: str) -> Path:
    """Where a patient's cubes come from: the file if there is one, else the DICOM folder."""
    file = folder / f"{patient}.npz"
    return file if file.exists() else folder / patient


def _fill(source: Path, path: Path, device: str) -> int:
    if source.is_dir():
        files = sorted(file for file in source.rglob("*") if file.is_file())
        return cubes_of_files(files, path, device)
    crops = read_patient(source)
    write_patient(path, {(crop.role, crop.structure): crop.values.numpy() for crop in crops})
    return len(crops)
