"""A small sagittal series, what is in it, and manifests that name both."""

from pathlib import Path

import numpy as np
import SimpleITK
from numpy.typing import NDArray
from phantoms.results import MR_STUDY, SAGITTAL, SEGMENTER, SeriesRecipe, write_series

from pipelines.evaluation import Row
from pipelines.types import Role, Segmentation, Volume

RECIPE = SeriesRecipe(
    modality="MR",
    role=Role.MR_SAG_T2,
    study_uid=MR_STUDY,
    shape=(8, 104, 40),
    pixel_spacing=(2.0, 1.5),
    row_cosines=SAGITTAL[0],
    column_cosines=SAGITTAL[1],
)
BODIES = {value: f"L{value} vertebral body" for value in range(1, 6)}
BODY_ROWS, STEP_ROWS = 12, 16
LABELS_CSV = "value,label\n" + "".join(f"{value},{label}\n" for value, label in BODIES.items())


def spine(shape: tuple[int, int, int] = RECIPE.shape) -> NDArray[np.uint8]:
    """Five bodies of 24 mm, L1 (value 1) at the top, 8 mm apart, and 24 mm of nothing below L5."""
    labels = np.zeros(shape, np.uint8)
    for value in BODIES:
        top = 4 + (value - 1) * STEP_ROWS
        labels[2:6, top : top + BODY_ROWS, 10:30] = value
    return labels


def segmented(volume: Volume, labels: NDArray[np.uint8], names: dict[int, str] = BODIES) -> Segmentation:
    present = {value: label for value, label in names.items() if (labels == value).any()}
    return Segmentation(volume, labels, present, SEGMENTER)


def write_labels(labels: NDArray[np.uint8], affine: NDArray[np.float64], path: Path) -> Path:
    """Write an array indexed (slice, row, column), LPS affine, as NIfTI."""
    image = SimpleITK.GetImageFromArray(labels)
    steps = affine[:3, 2::-1]  # column, row, slice
    spacing = np.linalg.norm(steps, axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((steps / spacing).ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    SimpleITK.WriteImage(image, str(path))
    return path


def write_scan(folder: Path, **changes: object) -> tuple[Volume, Row]:
    """Write the series, its reference and its label map; give the volume and the row that names them."""
    volume = write_series(RECIPE, folder / "dicom")
    reference = write_labels(spine(), volume.affine, folder / "reference.nii.gz")
    (folder / "labels.csv").write_text(LABELS_CSV)
    arguments = {
        "number": 2,
        "set_name": "set",
        "scan": "one",
        "image": folder / "dicom",
        "reference": reference,
        "labels": folder / "labels.csv",
        "role_text": "mr_sag_t2",
    }
    return volume, Row(**(arguments | changes))
