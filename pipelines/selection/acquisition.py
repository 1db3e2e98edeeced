"""How a series was acquired, read from classic and enhanced headers into one shape."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from pipelines.dicom.attributes import Source, item, number, text, texts
from pipelines.dicom.functional import enhanced_values

NO_AGENT = frozenset({"", "NO", "NONE", "N", "0"})
FAT_SATURATION_OPTIONS = frozenset({"FS", "FATSAT", "FAT_SAT", "SPIR", "SPAIR"})
ECHO_PULSE = {"SPIN": {"SE"}, "GRADIENT": {"GR"}, "BOTH": {"SE", "GR"}}


@dataclass(frozen=True, slots=True)
class Acquisition:
    """What the scanner was set to; None or empty where the header does not say.

    Attributes
    ----------
    sequence : frozenset of str
        Scanning Sequence (0018,0020): SE, IR, GR, EP, RM.
    echo_time, repetition_time, inversion_time : float or None
        ms. An inversion time of 0 counts as none.
    contrast : str
        Acquisition Contrast (0008,9209) of enhanced MR.
    fat_suppressed : bool
    contrast_agent : bool
    kernel : str
        Convolution Kernel (0018,1210).
    projection : str
        Volume Based Calculation Technique (0008,9207) of enhanced objects.
    """

    sequence: frozenset[str]
    echo_time: float | None
    repetition_time: float | None
    inversion_time: float | None
    contrast: str
    fat_suppressed: bool
    contrast_agent: bool
    kernel: str
    projection: str

    @property
    def gradient_echo(self) -> bool:
        """Whether the signal is a gradient echo without refocusing pulse."""
        return "GR" in self.sequence and "SE" not in self.sequence


def acquisition_of(header: Dataset) -> Acquisition:
    """Read the acquisition of an instance, or of a multi-frame object's first frame."""
    enhanced = "PerFrameFunctionalGroupsSequence" in header
    values: Source = next(enhanced_values(header), header) if enhanced else header
    return Acquisition(
        sequence=_sequence(header, values),
        echo_time=number(values, "EchoTime"),
        repetition_time=number(values, "RepetitionTime"),
        inversion_time=number(values, "InversionTime") or None,
        contrast=text(values, "AcquisitionContrast").upper(),
        fat_suppressed=_fat_suppressed(header, values),
        contrast_agent=_contrast_agent(header),
        kernel=text(values, "ConvolutionKernel"),
        projection=text(header, "VolumeBasedCalculationTechnique").upper(),
    )


def _sequence(header: Dataset, values: Source) -> frozenset[str]:
    found = {value.upper() for value in texts(header, "ScanningSequence") if value}
    found |= ECHO_PULSE.get(text(header, "EchoPulseSequence").upper(), set())
    if text(header, "EchoPlanarPulseSequence").upper() == "YES":
        found.add("EP")
    if text(values, "InversionRecovery").upper() == "YES":
        found.add("IR")
    return frozenset(found)


def _fat_suppressed(header: Dataset, values: Source) -> bool:
    options = {value.upper() for value in texts(header, "ScanOptions")}
    spectral = text(values, "SpectrallySelectedSuppression").upper()
    return bool(options & FAT_SATURATION_OPTIONS) or "FAT" in spectral


def _contrast_agent(header: Dataset) -> bool:
    agent = text(header, "ContrastBolusAgent").upper()
    return agent not in NO_AGENT or item(header, "ContrastBolusAgentSequence") is not None
