"""The attributes of single frames under their classic names.

An enhanced object keeps them in nested macros, each either shared by all frames or given per frame (PS3.3
C.7.6.16.1.1). Here each frame's attributes are laid into one flat mapping with the keywords of the classic
objects, so that what follows needs not know which kind it came from.
"""

from collections.abc import Iterator
from typing import Any

from pydicom.dataset import Dataset

from pipelines.dicom.attributes import Source, item, number, value

#: macro -> attributes taken from its item: (keyword there, classic keyword)
MACROS: dict[str, tuple[tuple[str, str], ...]] = {
    "PlanePositionSequence": (("ImagePositionPatient", "ImagePositionPatient"),),
    "PlaneOrientationSequence": (("ImageOrientationPatient", "ImageOrientationPatient"),),
    "PixelMeasuresSequence": (("PixelSpacing", "PixelSpacing"), ("SliceThickness", "SliceThickness")),
    "PixelValueTransformationSequence": (
        ("RescaleSlope", "RescaleSlope"),
        ("RescaleIntercept", "RescaleIntercept"),
    ),
    "FrameContentSequence": (
        ("StackID", "StackID"),
        ("TemporalPositionIndex", "TemporalPositionIdentifier"),
        ("FrameAcquisitionNumber", "AcquisitionNumber"),
    ),
    "MRImageFrameTypeSequence": (
        ("FrameType", "ImageType"),
        ("AcquisitionContrast", "AcquisitionContrast"),
        ("ComplexImageComponent", "ComplexImageComponent"),
    ),
    "CTImageFrameTypeSequence": (("FrameType", "ImageType"),),
    "MREchoSequence": (("EffectiveEchoTime", "EchoTime"),),
    "MRTimingAndRelatedParametersSequence": (
        ("RepetitionTime", "RepetitionTime"),
        ("FlipAngle", "FlipAngle"),
        ("EchoTrainLength", "EchoTrainLength"),
        ("RFEchoTrainLength", "EchoTrainLength"),
    ),
    "MRModifierSequence": (
        ("InversionRecovery", "InversionRecovery"),
        ("InversionTimes", "InversionTime"),
        ("SpectrallySelectedSuppression", "SpectrallySelectedSuppression"),
    ),
    "MRDiffusionSequence": (("DiffusionBValue", "DiffusionBValue"),),
    "CardiacSynchronizationSequence": (("NominalCardiacTriggerDelayTime", "TriggerTime"),),
    "CTReconstructionSequence": (
        ("ConvolutionKernel", "ConvolutionKernel"),
        ("ReconstructionDiameter", "ReconstructionDiameter"),
    ),
}

#: classic keywords that hold for the whole object and may stand at its top level
TOP_LEVEL = (
    "ImageType",
    "AcquisitionContrast",
    "ComplexImageComponent",
    "SpectrallySelectedSuppression",
    "InversionRecovery",
)


def classic_values(header: Dataset) -> Iterator[Source]:
    """Yield the one frame of a classic instance: its header.

    A file that claims several frames but describes none of them yields one without any attribute.
    """
    nothing: dict[str, Any] = {}
    yield nothing if (number(header, "NumberOfFrames") or 1) > 1 else header


def enhanced_values(header: Dataset) -> Iterator[Source]:
    """Yield, for every frame of a multi-frame object, its attributes under classic keywords."""
    common = {keyword: value(header, keyword) for keyword in TOP_LEVEL}
    shared = item(header, "SharedFunctionalGroupsSequence")
    if shared is not None:
        common |= _flat(shared)
    for group in value(header, "PerFrameFunctionalGroupsSequence") or ():
        yield common | _flat(group)


def _flat(group: Dataset) -> dict[str, Any]:
    found = {}
    for macro, keywords in MACROS.items():
        content = item(group, macro)
        if content is None:
            continue
        for keyword, classic in keywords:
            given = value(content, keyword)
            if given is not None:
                found[classic] = given
    return found
