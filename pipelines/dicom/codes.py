"""Codes for measurements, evaluations and reasons (PS3.16), standard where one exists.

What has no standard code gets a private one under the coding scheme designator 99LUMBAR, which every object
declares in its CodingSchemeIdentificationSequence. Codes of structures are in
:mod:`pipelines.dicom.structures`, those of radiomics features in :mod:`pipelines.dicom.radiomics_codes`.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydicom.sr.coding import Code

from pipelines.errors import PipelineError

SCHEME = "99LUMBAR"
MEANING_LENGTH = 64  #: CodeMeaning is LO
VALUE_LENGTH = 16  #: CodeValue is SH
_IDENTIFIER = re.compile(rf"[A-Za-z0-9_.+-]{{1,{VALUE_LENGTH}}}", re.ASCII)

#: CodeValue of the inputs of a prediction, by the names that people read (pipelines.readable).
INPUTS: Mapping[str, str] = {
    "CT": "CT",
    "sagittal T1 MR": "MR-SAG-T1",
    "sagittal T2 MR": "MR-SAG-T2",
    "axial T1 MR": "MR-AX-T1",
    "axial T2 MR": "MR-AX-T2",
    "axial Dixon water MR": "MR-AX-DIXON-W",
    "axial Dixon fat MR": "MR-AX-DIXON-F",
    "radiomics signature": "RAD-SIGNATURE",
    "deep learning signature": "DL-SIGNATURE",
    "sex": "SEX",
    "age": "AGE",
    "bmi": "BMI",
    "segments": "SEGMENTS",
    "osteoporosis": "OSTEOPOROSIS",
    "diagnosis": "DIAGNOSIS",
    "fused levels": "FUSED_LEVELS",
    "vas": "VAS",
}


def private(value: str, meaning: str) -> Code:
    """Make a code of this product's own scheme.

    Parameters
    ----------
    value : str
        At most 16 characters.
    meaning : str
        Cut in its middle to the 64 characters that CodeMeaning holds; names differ at their ends.
    """
    return Code(value, SCHEME, _cut(meaning))


def private_for(text: str) -> Code:
    """Make a code for a name that stands in no table (a feature, an input, a finding).

    Its value is an identifier without blanks: that of the input which the text names, else the text itself
    where it fits, else its digest, so that equal names get equal codes. What a clinical variable amounts to
    ("segments: 2") stands in the meaning only.
    """
    name = stable_name(text)
    value = INPUTS.get(name) or (name.upper() if _IDENTIFIER.fullmatch(name) else digest_value(name))
    return private(value, text)


def target_code(target: str, title: str = "") -> Code:
    """Make the code of what a predictor predicts; a site's own predictor is named by its title."""
    return TARGETS.get(target) or private(digest_value(f"Target: {target}"), title or target)


def probability_code(target: str, title: str = "") -> Code:
    """Make the code of a predictor's probability."""
    own = private(digest_value(f"Probability: {target}"), f"Probability of {title or target}")
    return PROBABILITIES.get(target) or own


def stable_name(text: str) -> str:
    """Leave out the value of a clinical variable: "segments: 2" is "segments"; other names stay whole."""
    name = text.partition(": ")[0]
    return name if name in INPUTS else text


def digest_value(text: str) -> str:
    """Give a CodeValue of 14 characters that stands for `text`."""
    return f"N-{hashlib.sha256(text.encode()).hexdigest()[:12].upper()}"


def _cut(meaning: str) -> str:
    return meaning if len(meaning) <= MEANING_LENGTH else f"{meaning[:36]}...{meaning[-25:]}"


# --- units (UCUM) -------------------------------------------------------------------------------------
UNITS: Mapping[str, Code] = {
    unit: Code(unit, "UCUM", meaning)
    for unit, meaning in (
        ("1", "no units"),
        ("%", "Percent"),
        ("mm", "millimeter"),
        ("mm2", "square millimeter"),
        ("cm2", "square centimeter"),
        ("mm3", "cubic millimeter"),
        ("cm3", "cubic centimeter"),
        ("[hnsf'U]", "Hounsfield unit"),
    )
}
NO_UNITS, PERCENT = UNITS["1"], UNITS["%"]

# --- concepts of the standard -------------------------------------------------------------------------
MEAN = Code("373098007", "SCT", "Mean")
STANDARD_DEVIATION = Code("386136009", "SCT", "Standard Deviation")
VOLUME = Code("118565006", "SCT", "Volume")
AREA = Code("42798000", "SCT", "Area")
ATTENUATION = Code("112031", "DCM", "Attenuation Coefficient")
MR_SIGNAL = Code("110852", "DCM", "MR signal intensity")
FAT_FRACTION = Code("129100", "DCM", "Fat fraction")  # chemical-shift imaging only
LUMBAR_SPINE = Code("122496007", "SCT", "Lumbar spine")
LEFT = Code("7771000", "SCT", "Left")
RIGHT = Code("24028007", "SCT", "Right")
ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
SUMMARY = Code("121111", "DCM", "Summary")
COMMENT = Code("121106", "DCM", "Comment")
QUALITATIVE_EVALUATIONS = Code("C0034375", "UMLS", "Qualitative Evaluations")
ENGLISH = Code("en-US", "RFC5646", "English (United States)")
SOURCE_IMAGE = Code("121322", "DCM", "Source image for image processing operation")

#: Procedure reported (LOINC), by modality.
PROCEDURES: Mapping[str, Code] = {
    "CT": Code("25045-6", "LN", "CT unspecified body region"),
    "MR": Code("25056-3", "LN", "MRI unspecified body region"),
}

#: Root title by mode. OHIF 3.13.2 shows a 126000 report without coordinates as a black viewport, so that
#: title is for sites that ask for it; LOINC 18748-4 would look like the radiologist's own report.
TITLES: Mapping[str, Code] = {
    "readable": private("AIREPORT", "AI analysis - RESEARCH USE ONLY"),
    "strict": Code("126000", "DCM", "Imaging Measurement Report"),
}

#: Risk category (CID 3118).
RISKS: Mapping[str, Code] = {
    "low": Code("75976002", "SCT", "Low risk"),
    "moderate": Code("25594002", "SCT", "Moderate risk"),
    "high": Code("15508007", "SCT", "High risk"),
    "uncertain": Code("64957009", "SCT", "Uncertain risk"),
}

# --- concepts of our own ------------------------------------------------------------------------------
TARGETS: Mapping[str, Code] = {
    "asdeg": private("ASDEG", "Adjacent segment degeneration after lumbar fusion"),
    "pain": private("SEVPAIN", "Severe pain in chronic non-specific low back pain"),
}
PROBABILITIES: Mapping[str, Code] = {
    "asdeg": private("ASDEG-P", "Probability of adjacent segment degeneration after fusion"),
    "pain": private("SEVPAIN-P", "Probability of severe chronic non-specific low back pain"),
}
SIGNATURES: Mapping[str, Code] = {
    "rad_sign": private("RADSIGN", "Radiomics signature (Rad-sign)"),
    "dl_sign": private("DLSIGN", "Deep learning signature (DL-sign)"),
}
RISK_CATEGORY = private("RISKCAT", "Risk category")
EVALUATION = private("EVALSTATUS", "Evaluation status")
EVALUATED = private("EVALUATED", "Evaluated")
NOT_EVALUABLE = private("NOTEVALUABLE", "Not evaluable")
NOT_EVALUABLE_REASON = private("NOTEVALREASON", "Reason why not evaluable")
INTENDED_USE = private("USE", "Intended use")
RESEARCH_ONLY = private("RUO", "Research use only")
MODEL_STATUS = private("MODELSTATUS", "Model status")
DEMONSTRATION_MODEL = private("DEMO", "DEMONSTRATION MODEL - trained on simulated patients")
SITE_MODEL = private("SITEMODEL", "Model trained on patients by the site")
INPUT_USED = private("INPUTUSED", "Input used")
INPUT_MISSING = private("INPUTMISSING", "Input missing")
QUALITY_WARNING = private("QCWARN", "Input quality warning")
LEVEL_STATUS = private("LEVELSTATUS", "Vertebral level")
LEVEL_UNDETERMINED = private("LEVELUNDET", "Level not determined")
CASE_ANALYSIS = private("CASEANALYSIS", "Analysis of the lumbar spine")


@dataclass(frozen=True, slots=True)
class MeasurementCode:
    """How a measurement is written: concept, derivation (mean …), and a short column heading."""

    concept: Code
    heading: str
    derivation: Code | None = None


def _own(value: str, meaning: str, heading: str) -> MeasurementCode:
    return MeasurementCode(private(value, meaning), heading)


#: Every name that a Measurement may have. Where the method matters it is in the meaning too: viewers hide the
#: method's own content item.
MEASUREMENTS: Mapping[str, MeasurementCode] = {
    "volume": MeasurementCode(VOLUME, "volume"),
    "mean_hu": MeasurementCode(ATTENUATION, "mean HU", MEAN),
    "sd_hu": MeasurementCode(ATTENUATION, "SD HU", STANDARD_DEVIATION),
    "mean_hu_trabecular": _own(
        "HU-TRABECULAR", "Mean attenuation more than 3 mm inside the surface", "inner HU"
    ),
    "mean_signal": MeasurementCode(MR_SIGNAL, "mean signal", MEAN),
    "sd_signal": MeasurementCode(MR_SIGNAL, "SD signal", STANDARD_DEVIATION),
    "disc_height": _own("DISCHEIGHT", "Disc height, mean", "height"),
    "disc_height_anterior": _own("DISCHEIGHT-A", "Disc height, anterior", "height ant."),
    "disc_height_middle": _own("DISCHEIGHT-M", "Disc height, middle", "height mid."),
    "disc_height_posterior": _own("DISCHEIGHT-P", "Disc height, posterior", "height post."),
    "body_height": _own("BODYHEIGHT", "Vertebral body height, mean", "height"),
    "body_height_anterior": _own("BODYHEIGHT-A", "Vertebral body height, anterior", "height ant."),
    "body_height_middle": _own("BODYHEIGHT-M", "Vertebral body height, middle", "height mid."),
    "body_height_posterior": _own("BODYHEIGHT-P", "Vertebral body height, posterior", "height post."),
    "cross_section_area": MeasurementCode(AREA, "area"),
    "fat_fraction": _own("FATRATE-GMM", "Fat infiltration rate (3-component Gaussian mixture)", "fat"),
    "fat_fraction_otsu": _own("FATRATE-OTSU", "Fat infiltration rate (Otsu threshold)", "fat (Otsu)"),
    "fat_fraction_dixon": MeasurementCode(FAT_FRACTION, "fat (Dixon)", MEAN),
    "compartment_fat_fraction": _own(
        "FATRATE-PSP", "Fat infiltration rate, whole paraspinal compartment", "paraspinal fat"
    ),
    "compartment_fat_fraction_otsu": _own(
        "FATRATE-PSP-OTSU", "Fat infiltration rate, paraspinal compartment (Otsu)", "paraspinal fat (Otsu)"
    ),
    "compartment_fat_fraction_dixon": MeasurementCode(
        private("FATFRACT-PSP", "Fat fraction, whole paraspinal compartment (Dixon)"),
        "paraspinal fat (Dixon)",
    ),
}


def measurement_code(name: str) -> MeasurementCode:
    """Look up how a measurement is written.

    Raises
    ------
    PipelineError
        CODE_MISSING, if `name` is no key of MEASUREMENTS.
    """
    try:
        return MEASUREMENTS[name]
    except KeyError:
        raise PipelineError(
            "CODE_MISSING", f"measurement {name!r} has no code; add it to pipelines.dicom.codes.MEASUREMENTS"
        ) from None


def unit_code(unit: str) -> Code:
    """Look up a unit by its UCUM symbol.

    Raises
    ------
    PipelineError
        CODE_MISSING, if the unit is no key of UNITS.
    """
    try:
        return UNITS[unit]
    except KeyError:
        raise PipelineError(
            "CODE_MISSING", f"unit {unit!r} is not known; UCUM symbols in use: {', '.join(UNITS)}"
        ) from None
