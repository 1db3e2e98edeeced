"""The PatientID is read from a stored file, if it is still the patient of the study."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker
from workers.images import write_image

from node.db import Instance, Series, Study
from node.errors import NothingToAsk
from node.header import patient_key
from node.retrieve.patient import Patient, patient_of
from node.store import Store

Writers = sessionmaker[Session]
Row = Callable[..., Study]


def study_of(session: Session, study_row: Row, key: str | None, *paths: str) -> Study:
    """Make a study with a row per file."""
    study = study_row(session, "1.2.3", patient_key=key)
    series = Series(study_id=study.id, series_instance_uid="1.2.3.1", modality="CT")
    values = {"sop_class_uid": "1", "transfer_syntax_uid": "1", "sha256": "0", "size": 1, "calling_ae": "A"}
    series.instances = [Instance(sop_instance_uid=path, path=path, **values) for path in paths]
    session.add(series)
    session.flush()
    return study


def test_the_first_file_that_can_be_read_tells(writers: Writers, study_row: Row, tmp_path: Path) -> None:
    (tmp_path / "bad.dcm").write_bytes(b"no DICOM")
    write_image(tmp_path / "good.dcm", patient_id="P1")
    with writers.begin() as session:
        study = study_of(session, study_row, patient_key("P1"), "gone.dcm", "bad.dcm", "good.dcm")
        assert patient_of(session, study, Store(tmp_path)) == Patient("P1", "")


@pytest.mark.parametrize("patient_id", ["P*", "P?", "Pä"])
def test_who_cannot_be_asked_for(writers: Writers, study_row: Row, tmp_path: Path, patient_id: str) -> None:
    key = patient_key(patient_id)
    write_image(tmp_path / "one.dcm", patient_id=patient_id)
    with writers.begin() as session:
        study = study_of(session, study_row, key, "one.dcm")
        with pytest.raises(NothingToAsk) as caught:
            patient_of(session, study, Store(tmp_path))
        assert patient_id not in str(caught.value)


def test_another_patients_file_tells_nothing(writers: Writers, study_row: Row, tmp_path: Path) -> None:
    write_image(tmp_path / "one.dcm", patient_id="P2")
    with writers.begin() as session:
        study = study_of(session, study_row, patient_key("P1"), "one.dcm")
        with pytest.raises(NothingToAsk, match="no stored object"):
            patient_of(session, study, Store(tmp_path))
