"""Structures to perturb: generated patients with their true outlines, or scans with a reference."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy import ndimage

from pipelines.dicom.read import load_volume, read_series
from pipelines.errors import InputError
from pipelines.evaluation.manifest import Row
from pipelines.evaluation.reference import read_reference, require_inside
from pipelines.evaluation.way import load
from pipelines.features.structures import group_of
from pipelines.phantom import load_truth, write_patient
from pipelines.types import ModelIdentity, Segmentation, Volume

TRUTH = ModelIdentity("the truth", "0", "")
REFERENCE = ModelIdentity("the reference", "0", "")


def generated(patients: int, *, small: bool = False) -> Iterator[Segmentation]:
    """Yield every series of generated patients, seeds from 0, with the true outlines."""
    for seed in range(patients):
        with TemporaryDirectory(prefix="lumbar-node-stability-") as folder:
            patient = write_patient(Path(folder), seed, small=small)
            series, _ = read_series(patient.files)
            by_uid = {one.series_uid: one for one in series}
            for role, path in patient.truth.items():
                truth = load_truth(path)
                volume = load_volume(by_uid[patient.series_uids[role]], role)
                yield Segmentation(volume, truth.labels, dict(truth.names), TRUTH)


def of_row(row: Row) -> Segmentation:
    """Read a scan and its reference, a SEG or a label map, onto the scan's grid.

    Parameters
    ----------
    row : Row
        Of a manifest as `lumbar-node evaluate segmentation` takes it.

    Raises
    ------
    InputError
        If either cannot be used, or no structure of the reference carries features.
    """
    with TemporaryDirectory(prefix="lumbar-node-stability-") as folder:
        volume = load(row, Path(folder))
    reference = read_reference(row)
    require_inside(reference, volume)
    to_reference = np.linalg.inv(reference.affine) @ volume.affine
    labels = np.zeros(volume.voxels.shape, np.uint8)
    names = [name for name in reference.present if group_of(name)]
    if not names:
        raise InputError(
            "EMPTY", f"reference {row.reference}: no vertebra, disc or muscle of it carries features"
        )
    for value, name in enumerate(names, start=1):
        labels[_onto(reference.mask(name), to_reference, volume)] = value
    return Segmentation(volume, labels, dict(enumerate(names, start=1)), REFERENCE)


def _onto(mask: np.ndarray, to_reference: np.ndarray, volume: Volume) -> np.ndarray:
    """Read a mask at the volume's voxels, nearest neighbour."""
    matrix, offset = to_reference[:3, :3], to_reference[:3, 3]
    shape = volume.voxels.shape
    found: np.ndarray = ndimage.affine_transform(mask.astype(np.uint8), matrix, offset, shape, order=0) > 0
    return found
