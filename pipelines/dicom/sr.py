"""What both structured reports share: Comprehensive 3D SR, TID 1500, observer, title, evidence.

Two traps are handled here. Every CONTAINER says ContinuityOfContent SEPARATE (highdicom writes CONTINUOUS),
and the texts for people go into a "Qualitative Evaluations" container (TID 1500 row 12), for which highdicom
has no parameter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import highdicom as hd
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes as standard
from pydicom.sr.coding import Code

from pipelines.dicom.codes import (
    ARTIFICIAL_INTELLIGENCE,
    COMMENT,
    ENGLISH,
    PROCEDURES,
    QUALITATIVE_EVALUATIONS,
    SUMMARY,
    TITLES,
)
from pipelines.dicom.objects import Identity, finish, sop_arguments
from pipelines.dicom.product import DEVICE_UID, MANUFACTURER, MODEL_NAME, SERIAL_NUMBER
from pipelines.dicom.sanitize import keeping_the_source
from pipelines.types import ModelIdentity
from pipelines.version import VERSION

TitleMode = Literal["readable", "strict"]


@dataclass(frozen=True, eq=False)
class ReportContent:
    """What a report says.

    Attributes
    ----------
    groups : sequence
        highdicom measurement groups, all of TID 1411 or all of TID 1501: viewers trip over a mixture.
    summary, comments : sequence of str
        Sentences for people.
    """

    groups: Sequence[Any]
    summary: Sequence[str]
    comments: Sequence[str]


def build_sr(
    content: ReportContent,
    evidence: Sequence[Dataset],
    identity: Identity,
    title_mode: TitleMode,
    clock: datetime,
) -> Dataset:
    """Make a Comprehensive 3D SR after TID 1500: complete, unverified, preliminary, for research.

    Parameters
    ----------
    content : ReportContent
    evidence : sequence of Dataset
        Every instance the report rests on; the first is a repaired image header and gives patient and study.
    identity : Identity
    title_mode : {"readable", "strict"}
        Which root title (pipelines.dicom.codes.TITLES).
    clock : datetime
        Aware.
    """
    with keeping_the_source():
        report = hd.sr.MeasurementReport(
            observation_context=_observer(),
            procedure_reported=PROCEDURES[str(evidence[0].Modality)],
            imaging_measurements=content.groups,
            title=TITLES[title_mode],
            language_of_content_item_and_descendants=hd.sr.LanguageOfContentItemAndDescendants(ENGLISH),
        )
        report[0].ContentSequence.append(_texts(content))
        _separate(report)
        dataset = hd.sr.Comprehensive3DSR(
            evidence=evidence,
            content=report,
            is_complete=True,
            is_final=False,
            is_verified=False,
            **sop_arguments(identity),
        )
    finish(dataset, evidence[0], clock)
    return dataset


def algorithm(model: ModelIdentity, *parameters: str) -> Any:
    """Identify an algorithm (TID 4019) by name, version and digest."""
    return hd.sr.AlgorithmIdentification(
        name=model.name,
        version=model.version,
        manufacturer=MANUFACTURER,
        family=ARTIFICIAL_INTELLIGENCE,
        parameters=[f"sha256:{model.digest}", *parameters],
    )


def evaluation(name: Code, value: Code) -> Any:
    """Make a coded statement."""
    return hd.sr.QualitativeEvaluation(name, value)


def _observer() -> Any:
    device = hd.sr.DeviceObserverIdentifyingAttributes(
        uid=DEVICE_UID,
        name=MODEL_NAME,
        manufacturer_name=MANUFACTURER,
        model_name=f"{MODEL_NAME} {VERSION}",
        serial_number=SERIAL_NUMBER,
    )
    return hd.sr.ObservationContext(
        observer_device_context=hd.sr.ObserverContext(
            observer_type=standard.DCM.Device, observer_identifying_attributes=device
        )
    )


def _texts(content: ReportContent) -> Dataset:
    container = hd.sr.ContainerContentItem(
        name=QUALITATIVE_EVALUATIONS, is_content_continuous=False, relationship_type="CONTAINS"
    )
    container.ContentSequence = hd.sr.ContentSequence(
        [*_text_items(SUMMARY, content.summary), *_text_items(COMMENT, content.comments)], is_root=False
    )
    return container


def _text_items(name: Code, sentences: Iterable[str]) -> list[Any]:
    return [
        hd.sr.TextContentItem(name=name, value=sentence, relationship_type="CONTAINS")
        for sentence in sentences
    ]


def _separate(report: Iterable[Dataset]) -> None:
    for item in report:
        for part in (item, *_descendants(item)):
            if part.ValueType == "CONTAINER":
                part.ContinuityOfContent = "SEPARATE"


def _descendants(item: Dataset) -> Iterable[Dataset]:
    for child in item.get("ContentSequence", ()):
        yield child
        yield from _descendants(child)
