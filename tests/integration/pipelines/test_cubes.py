"""From a patient's DICOM files to crops, with the shipped networks."""

from pathlib import Path

from models.training.patient_cubes import read_patient
from pipelines.features.cubes import cubes_of_files
from pipelines.phantom import write_patient
from pipelines.types import Role


def test_crops_of_an_axial_series(tmp_path: Path) -> None:
    patient = write_patient(tmp_path / "patient", seed=1, small=True, truth=False)
    files = [path for path in patient.files if path.parent.name == Role.MR_AXIAL_T2.value]
    count = cubes_of_files(files, tmp_path / "cubes" / "P1.npz")
    crops = read_patient(tmp_path / "cubes" / "P1.npz")
    assert count == len(crops) == 8
    assert {crop.role for crop in crops} == {"mr_axial_t2"}
    assert "left multifidus" in {crop.structure for crop in crops}
