"""A patient's structures as crops on disk, for fine-tuning the deep features' network."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.backbone.cubes import CubeError, crop
from models.training.patient_cubes import write_patient
from pipelines.dicom.read import read_series
from pipelines.dicom.volume import load_volume
from pipelines.errors import InputError, ModelError, PipelineError
from pipelines.features.geometry import index_spacing
from pipelines.features.structures import group_of
from pipelines.segmentation import segmenter_for
from pipelines.selection import select
from pipelines.types import Role, Segmentation, SegmenterChoice

Crops = dict[tuple[str, str], NDArray[np.float32]]


def cut(segmentation: Segmentation) -> Crops:
    """Cut out every structure that carries deep features; one that cannot give a cube is left out.

    Returns
    -------
    dict of (role, structure) to float32 array
    """
    volume, found = segmentation.volume, {}
    for label, name in segmentation.structures.items():
        if group_of(name) is None:
            continue
        try:
            found[str(volume.role), name] = crop(
                volume.voxels, segmentation.labels == np.uint8(label), index_spacing(volume)
            )
        except CubeError:
            continue
    return found


def write_cubes(path: Path, segmentations: Iterable[Segmentation]) -> int:
    """Write the crops of a patient's series to PATIENT.npz; return how many.

    Raises
    ------
    InputError
        NO_CUBES, if there are none.
    """
    crops: Crops = {}
    for segmentation in segmentations:
        crops |= cut(segmentation)
    if not crops:
        raise InputError("NO_CUBES", f"{path.stem}: no structure was found that gives a cube")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_patient(path, crops)
    return len(crops)


def cubes_of_files(
    files: Iterable[Path],
    path: Path,
    device: str = "cpu",
    segmenters: Mapping[Role, SegmenterChoice] | None = None,
) -> int:
    """Segment a patient's series and write their crops; nothing else is computed.

    Parameters
    ----------
    files : iterable of Path
        DICOM files of one patient.
    path : Path
        PATIENT.npz.
    device : str
        "cpu", "cuda" or "cuda:1".
    segmenters : mapping of Role to SegmenterChoice, optional
        The shipped networks by default.

    Returns
    -------
    int
        How many crops.

    Raises
    ------
    InputError
        NO_CUBES; a series that cannot be segmented is left out.
    ModelError
        If a network is missing or damaged.
    """
    series, _ = read_series(tuple(files))
    found: list[Segmentation] = []
    for role, one in select(series).chosen.items():
        try:
            volume = load_volume(one, role)
            found.append(segmenter_for(role, segmenters or {}).segment(volume, device))
        except ModelError:
            raise
        except PipelineError:
            continue
    return write_cubes(path, found)
