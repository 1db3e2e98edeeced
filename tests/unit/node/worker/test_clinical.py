"""Clinical variables: found by PatientID, never outside their folder, never guessed."""

from pathlib import Path

import pytest
from workers.images import write_image

from node.worker.clinical import clinical_path, clinical_variables
from pipelines.errors import InputError


@pytest.mark.parametrize("patient_id", ["P1", "12 34", "a.b", "Ü1", "ΑΒΓ", "x" * 64])
def test_a_patient_has_a_file(tmp_path: Path, patient_id: str) -> None:
    path = clinical_path(tmp_path, patient_id)
    assert path is not None
    assert path.parent == tmp_path
    assert not path.is_file()


@pytest.mark.parametrize(
    "patient_id", ["", ".", "..", "../P1", "a/b", "/etc/passwd", "a\\b", "a\0b", ".hidden", "Ü" * 200]
)
def test_an_id_that_is_no_file_name_names_nothing(tmp_path: Path, patient_id: str) -> None:
    assert clinical_path(tmp_path, patient_id) is None


def test_it_reads_the_object_and_answers_none_for_the_unknown(tmp_path: Path) -> None:
    folder = tmp_path / "clinical"
    folder.mkdir()
    (folder / "P1.json").write_text('{"bmi": 24.5}')
    (tmp_path / "secret.json").write_text('{"bmi": 99}')
    known = write_image(tmp_path / "1.dcm")
    unknown = write_image(tmp_path / "2.dcm", patient_id="P2")
    hostile = write_image(tmp_path / "3.dcm", patient_id="../secret")
    assert clinical_variables(folder, known) == {"bmi": 24.5}
    assert clinical_variables(folder, unknown) is None
    assert clinical_variables(folder, hostile) is None


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe"])
def test_a_file_that_is_not_an_object_is_an_error_that_does_not_name_the_patient(
    tmp_path: Path, ct_file: Path, content: bytes
) -> None:
    (tmp_path / "P1.json").write_bytes(content)
    with pytest.raises(InputError) as caught:
        clinical_variables(tmp_path, ct_file)
    assert caught.value.code == "CLINICAL_INVALID"
    assert "P1" not in str(caught.value)
