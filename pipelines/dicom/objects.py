"""What all result objects have in common: who they are, how they are finished and written."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from highdicom.base import SOPClass
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from pipelines.dicom.codes import SCHEME
from pipelines.dicom.product import (
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    MANUFACTURER,
    MODEL_NAME,
    SERIAL_NUMBER,
)
from pipelines.dicom.sanitize import keeping_the_source
from pipelines.dicom.stamp import apply_stamp, stamp_of
from pipelines.dicom.uids import derived_uid
from pipelines.types import ResultFile
from pipelines.version import VERSION

#: Series number = source series number x 1000 + this, by kind of object (docs/dicom-results.md).
SERIES_OFFSETS = {"seg": 901, "risk_sr": 940, "measurement_sr": 950, "pdf": 960, "overlay": 970}
_LARGEST_SOURCE_NUMBER = 2_000_000  # x 1000 still fits IS, which ends at 2**31 - 1

_KEPT_FROM_SOURCE = ("TimezoneOffsetFromUTC", "IssuerOfPatientID", "IssuerOfAccessionNumberSequence")


@dataclass(frozen=True, slots=True)
class Identity:
    """Name and number of one result object; each is alone in its series."""

    kind: str
    sop_instance_uid: str
    series_instance_uid: str
    series_number: int
    series_description: str


def identify(kind: str, source_number: int | None, description: str, *depends_on: object) -> Identity:
    """Name an object by everything that it depends on.

    Parameters
    ----------
    kind : str
        A key of SERIES_OFFSETS.
    source_number : int or None
        Series number of the source; None, negative and absurd ones count as 0.
    description : str
        Series description, at most 64 characters.
    *depends_on : object
        Digest of the inputs, role, model names, versions and digests, title mode. The software version is
        added here.
    """
    number = (
        source_number if source_number is not None and 0 <= source_number <= _LARGEST_SOURCE_NUMBER else 0
    )
    uid = derived_uid(kind, VERSION, *depends_on)
    return Identity(kind, uid, derived_uid(uid, "series"), number * 1000 + SERIES_OFFSETS[kind], description)


def sop_arguments(identity: Identity) -> dict[str, Any]:
    """Give the arguments that every highdicom object takes."""
    return {
        "series_instance_uid": identity.series_instance_uid,
        "series_number": identity.series_number,
        "sop_instance_uid": identity.sop_instance_uid,
        "instance_number": 1,
        "series_description": identity.series_description,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MODEL_NAME,
        "software_versions": VERSION,
        "device_serial_number": SERIAL_NUMBER,
        "content_qualification": "RESEARCH",
        "specific_character_set": "ISO_IR 192",
        "coding_schemes": [
            CodingSchemeIdentificationItem(
                SCHEME,
                name="lumbar-node private codes",
                version=VERSION,
                responsible_organization=MANUFACTURER,
            )
        ],
    }


def new_object(identity: Identity, header: Dataset, sop_class_uid: str, modality: str) -> Dataset:
    """Make an object for which highdicom has no class: patient, study, series and equipment.

    Parameters
    ----------
    identity : Identity
    header : Dataset
        Repaired header of an image of the same study.
    sop_class_uid, modality : str
    """
    with keeping_the_source():
        dataset = SOPClass(
            study_instance_uid=header.StudyInstanceUID,
            sop_class_uid=sop_class_uid,
            modality=modality,
            patient_id=header.PatientID,
            patient_name=header.PatientName,
            patient_birth_date=header.PatientBirthDate,
            patient_sex=header.PatientSex,
            accession_number=header.AccessionNumber,
            study_id=header.StudyID,
            study_date=header.StudyDate,
            study_time=header.StudyTime,
            referring_physician_name=header.ReferringPhysicianName,
            transfer_syntax_uid=ExplicitVRLittleEndian,
            **sop_arguments(identity),
        )
        dataset.copy_patient_and_study_information(header)
    return dataset


def reference_item(instance: Dataset) -> Dataset:
    """Make the item by which another object refers to `instance` (PS3.3 table 10-11)."""
    item = Dataset()
    item.ReferencedSOPClassUID = instance.SOPClassUID
    item.ReferencedSOPInstanceUID = instance.SOPInstanceUID
    return item


def finish(dataset: Dataset, source: Dataset, clock: datetime) -> None:
    """Set what highdicom leaves out or takes from the wall clock.

    Parameters
    ----------
    dataset : Dataset
        A highdicom object; changed in place.
    source : Dataset
        The repaired header that it is derived from.
    clock : datetime
        Aware.
    """
    for keyword in _KEPT_FROM_SOURCE:
        if keyword in source and keyword not in dataset:
            dataset[keyword] = source[keyword]
    apply_stamp(dataset, stamp_of(clock, source))
    dataset.file_meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    dataset.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME


def write(dataset: Dataset, kind: Any, path: Path) -> ResultFile:
    """Write an object and say what it is.

    Parameters
    ----------
    dataset : Dataset
        With file meta information.
    kind : str
        A key of SERIES_OFFSETS.
    path : Path
        Written as a whole or not at all: another file of that name is replaced at the end.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".partial")
    with keeping_the_source():
        dataset.save_as(unfinished, enforce_file_format=True)
    unfinished.replace(path)
    return ResultFile(
        path=path,
        kind=kind,
        sop_class_uid=str(dataset.SOPClassUID),
        sop_instance_uid=str(dataset.SOPInstanceUID),
        study_uid=str(dataset.StudyInstanceUID),
        series_uid=str(dataset.SeriesInstanceUID),
    )
