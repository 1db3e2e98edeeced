"""Whom to ask for: the PatientID, which is in the files and nowhere else."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from node import fileformat, header
from node.db import Instance, Series, Study
from node.errors import NothingToAsk, StoreError
from node.store import Store

#: what matches more than itself in a query (PS3.4 C.2.2.2.4), or is no PatientID (PS3.5 6.2, LO)
MEANT_OTHERWISE = frozenset("*?\\")


@dataclass(frozen=True, slots=True)
class Patient:
    """What identifies a patient; never logged, never in the database."""

    patient_id: str
    issuer: str  #: IssuerOfPatientID; may be empty


def patient_of(session: Session, study: Study, store: Store) -> Patient:
    """Read the patient of a study from one of its files.

    Raises
    ------
    NothingToAsk
        There is no such file, or its PatientID cannot be asked for.
    """
    query = select(Instance.path).join(Series).where(Series.study_id == study.id).order_by(Instance.id)
    for path in session.scalars(query):
        patient = _read(store, path)
        if (
            patient is not None
            and header.patient_key(patient.patient_id, patient.issuer) == study.patient_key
        ):
            return _askable(patient)
    raise NothingToAsk("no stored object tells the patient any more")


def _read(store: Store, path: str) -> Patient | None:
    try:
        data = memoryview(store.path(path).read_bytes())
        meta, data_set = fileformat.decode(data)
        return Patient(*header.patient_of(data_set, meta.transfer_syntax_uid))
    except (OSError, StoreError):
        return None


def _askable(patient: Patient) -> Patient:
    if MEANT_OTHERWISE & set(patient.patient_id) or not patient.patient_id.isascii():
        raise NothingToAsk("the PatientID has characters that a query would take for something else")
    return patient
