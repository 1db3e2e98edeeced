"""Which scanner made a series, as one text: what harmonisation and drift are keyed on."""

from collections.abc import Mapping

from pydicom.dataset import Dataset

from pipelines.dicom.attributes import item, number, text
from pipelines.types import Role, SeriesAnalysis


def scanner_row(analyses: Mapping[Role, SeriesAnalysis]) -> dict[str, str]:
    """Name the scanner of each series.

    Parameters
    ----------
    analyses : mapping of Role to SeriesAnalysis

    Returns
    -------
    dict of str to str
        `scanner.<role>` to "manufacturer|model|field strength in tesla or tube voltage in kVp", from the
        first header (PS3.3 C.7.5.1, C.8.3.1, C.8.2.1); a part that the header does not tell is empty.
    """
    return {
        f"scanner.{role}": _scanner(analysis.segmentation.volume.series.headers[0])
        for role, analysis in analyses.items()
        if analysis.segmentation.volume.series.headers
    }


def _scanner(header: Dataset) -> str:
    strength = (
        _voltage(header) if text(header, "Modality") == "CT" else number(header, "MagneticFieldStrength")
    )
    maker, model = (
        text(header, keyword).replace("|", "/") for keyword in ("Manufacturer", "ManufacturerModelName")
    )
    return f"{maker}|{model}|{'' if strength is None else format(strength, 'g')}"


def _voltage(header: Dataset) -> float | None:
    """Tube voltage; an enhanced CT keeps it among its shared functional groups (PS3.3 C.8.15.3.8)."""
    plain = number(header, "KVP")
    details = item(item(header, "SharedFunctionalGroupsSequence"), "CTXRayDetailsSequence")
    return plain if plain is not None or details is None else number(details, "KVP")
