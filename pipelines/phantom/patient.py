"""Write a generated patient: anatomy, scans, DICOM files, true labels."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.anatomy import Acquisition, Anatomy, Contrast, acquire, generate, render
from models.anatomy.pathology import Pathology, Transition, draw_pathology
from models.anatomy.randomness import Randomness
from models.anatomy.tissues import FIRST_MUSCLE, Tissue
from pipelines.phantom.objects import Image, instances, series_uid
from pipelines.phantom.person import Person, draw_person
from pipelines.phantom.protocol import FIELD_OF_VIEW, FULL, SMALL, Protocol, place
from pipelines.phantom.truth import save_truth, true_labels
from pipelines.types import Role

SMALL_GRID, FULL_GRID = 2.0, 1.5  # mm
_MULTIFIDUS = (FIRST_MUSCLE, FIRST_MUSCLE + 1)  # left, right


@dataclass(frozen=True, eq=False)
class PhantomPatient:
    """Where a generated patient was written.

    Attributes
    ----------
    ct_dir, mr_dir : Path
        The CT study; the MR study with a folder per series.
    files : tuple of Path
        Every instance of both studies.
    clinical : dict
        Clinical variables; also in `clinical.json` beside the studies.
    truth : mapping of Role to Path
        True labels of each series, to be read with `load_truth`; empty without truth.
    series_uids : mapping of Role to str
        Series Instance UIDs.
    anatomy : mapping of str to float
        True properties: `disc_degeneration` (mean of the five lumbar discs, 0 to 1) and `multifidus_fat`
        (share of the multifidus that is fat).
    """

    ct_dir: Path
    mr_dir: Path
    files: tuple[Path, ...]
    clinical: dict[str, Any]
    truth: Mapping[Role, Path]
    series_uids: Mapping[Role, str]
    anatomy: Mapping[str, float]


def write_patient(
    out_dir: Path,
    seed: int,
    *,
    patient_id: str = "PHANTOM-0001",
    small: bool = False,
    truth: bool = True,
) -> PhantomPatient:
    """Write a CT study and an MR study (sagittal T1 and T2, axial T2) of one generated patient.

    Both studies show the same anatomy. Written twice, the files are identical byte for byte.

    Parameters
    ----------
    out_dir : Path
        Made if missing; gets `ct/`, `mr/`, `truth/` and `clinical.json`.
    seed : int
        Fixes the patient.
    patient_id : str
        Patient ID of both studies.
    small : bool
        CT of 108 × 256² voxels of 3 × 1 × 1 mm from an anatomy of 2 mm, instead of 200 × 512² of
        1.6 × 0.5 × 0.5 mm from one of 1.5 mm. The MR study is of clinical size in both.
    truth : bool
        Whether to write the true labels.

    Returns
    -------
    PhantomPatient

    Notes
    -----
    On one core, the small patient takes about 5 s and 1 GiB, the full one 22 s and 2 GiB.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    person = draw_person(seed, patient_id)
    clinical = person.clinical()
    (out_dir / "clinical.json").write_text(json.dumps(clinical, indent=2) + "\n", encoding="utf-8")
    key = (patient_id, seed, "small" if small else "full")
    pathology = _before_surgery(seed)
    anatomy = generate(seed, FIELD_OF_VIEW, SMALL_GRID if small else FULL_GRID, pathology=pathology)
    facts = _properties(anatomy, pathology)
    scans = _scan(anatomy, SMALL if small else FULL)
    files: list[Path] = []
    truths: dict[Role, Path] = {}
    uids: dict[Role, str] = {}
    for scan in scans:
        image = Image(scan.stored(), scan.affine, key)
        files += _write_series(_folder(out_dir, scan.protocol), person, scan.protocol, image)
        uids[scan.protocol.role] = series_uid(scan.protocol, image)
        if truth:
            truths[scan.protocol.role] = _write_truth(out_dir / "truth", scan)
    return PhantomPatient(out_dir / "ct", out_dir / "mr", tuple(files), clinical, truths, uids, facts)


def _before_surgery(seed: int) -> Pathology:
    """Draw a worn spine of five lumbar vertebrae before any operation: the patient this node is for."""
    none = frozenset[int]()
    return replace(
        draw_pathology(Randomness(seed)),
        lumbar=5,
        transition=Transition.NONE,
        fractures={},
        lysis=none,
        laminectomy=none,
        fused=none,
        cages=none,
        lumbar_ribs=False,
    )


def _properties(anatomy: Anatomy, pathology: Pathology) -> dict[str, float]:
    multifidus = torch.isin(anatomy.instances, torch.tensor(_MULTIFIDUS, dtype=anatomy.instances.dtype))
    fat = (anatomy.tissues[multifidus] == Tissue.MUSCLE_FAT).float().mean()
    wear = [pathology.degeneration.get(disc, 0.0) for disc in range(5)]
    return {"disc_degeneration": float(np.mean(wear)), "multifidus_fat": float(fat)}


@dataclass(frozen=True, eq=False)
class _Scan:
    """One series as arrays indexed (slice, row, column)."""

    protocol: Protocol
    voxels: NDArray[np.float32]
    instances: NDArray[np.int16]
    tissues: NDArray[np.int16]
    affine: NDArray[np.float64]

    def stored(self) -> NDArray[np.uint16]:
        """Give stored values of 12 bits: HU + 1024, or signal with its 99.9th percentile at 3500."""
        if self.protocol.modality == "CT":
            values = self.voxels + 1024
        else:
            values = self.voxels * (3500 / max(float(np.percentile(self.voxels, 99.9)), 1e-6))
        return np.rint(values).clip(0, 4095).astype(np.uint16)


def _scan(anatomy: Anatomy, protocols: tuple[Protocol, ...]) -> Iterator[_Scan]:
    """Scan series after series; those of one contrast see the same tissue signals."""
    rendered: dict[Contrast, Tensor] = {}
    for protocol in protocols:
        contrast = protocol.contrast
        if contrast not in rendered:
            rendered = {contrast: render(anatomy, contrast)}
        acquisition = place(protocol, anatomy)
        labels = (anatomy.instances, anatomy.tissues)
        image, (instances, tissues) = acquire(anatomy, rendered[contrast], contrast, acquisition, labels)
        yield _Scan(
            protocol,
            _to_slices(image, protocol),
            _to_slices(instances, protocol),
            _to_slices(tissues, protocol),
            _affine(anatomy, acquisition, protocol),
        )


def _to_slices(image: Tensor, protocol: Protocol) -> NDArray[Any]:
    """Turn (x, y, z) into (slice, row, column).

    Axial slices run from feet to head, rows from front to back, columns to the left. Sagittal slices run
    from left to right (the cross product of their direction cosines), rows from head to feet, columns from
    front to back.
    """
    array = image.numpy()
    if protocol.sagittal:
        return array.transpose(0, 2, 1)[::-1, ::-1]
    return array.transpose(2, 1, 0)


def _affine(anatomy: Anatomy, acquisition: Acquisition, protocol: Protocol) -> NDArray[np.float64]:
    """(slice, row, column, 1) to LPS mm."""
    low = np.array(anatomy.grid.field_of_view)[:, 0]
    steps = np.array(acquisition.spacing)
    first = low + np.array(acquisition.offset) + steps / 2
    last = first + steps * (np.array(protocol.counts) - 1)
    affine = np.eye(4)
    if protocol.sagittal:
        affine[:3, :3] = np.array([[-steps[0], 0, 0], [0, 0, steps[1]], [0, -steps[2], 0]])
        affine[:3, 3] = last[0], first[1], last[2]
    else:
        affine[:3, :3] = np.array([[0, 0, steps[0]], [0, steps[1], 0], [steps[2], 0, 0]])
        affine[:3, 3] = first
    return affine


def _folder(out_dir: Path, protocol: Protocol) -> Path:
    return out_dir / "ct" if protocol.role is Role.CT else out_dir / "mr" / protocol.role.value


def _write_series(folder: Path, person: Person, protocol: Protocol, image: Image) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, dataset in enumerate(instances(person, protocol, image), start=1):
        paths.append(folder / f"{number:04d}.dcm")
        dataset.save_as(paths[-1], enforce_file_format=True)
    return paths


def _write_truth(folder: Path, scan: _Scan) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{scan.protocol.role.value}.npz"
    save_truth(path, true_labels(scan.protocol.role, scan.instances, scan.tissues, scan.affine))
    return path
