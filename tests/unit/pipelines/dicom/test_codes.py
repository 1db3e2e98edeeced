import re
from dataclasses import fields

import pytest
from pydicom.sr.codedict import codes as standard

from pipelines.clinical import ClinicalVariables
from pipelines.dicom.codes import (
    INPUTS,
    MEASUREMENTS,
    RISKS,
    SCHEME,
    TARGETS,
    measurement_code,
    private,
    private_for,
    unit_code,
)
from pipelines.dicom.radiomics_codes import _IBSI_KEYWORDS, REPORTED, feature_code
from pipelines.dicom.structures import STRUCTURES, reading_order, structure_of
from pipelines.errors import PipelineError
from pipelines.readable import ROLES, SIGNATURES, role_name


def test_private_codes_fit_their_attributes() -> None:
    every = [code.concept for code in MEASUREMENTS.values()]
    every += [*RISKS.values(), *TARGETS.values(), *(one.kind for one in STRUCTURES.values())]
    for code in every:
        assert len(code.value) <= 16
        assert len(code.meaning) <= 64


def test_equal_names_get_equal_codes_and_others_do_not() -> None:
    long = "mr_sag_t2.disc.radiomics.wavelet-HHH_gldm_DependenceVariance"
    assert private_for(long) == private_for(long)
    assert private_for(long).value != private_for(long + "2").value
    assert len(private_for(long).value) <= 16
    assert private_for("age").value == "AGE"
    assert len(private("X", "y" * 100).meaning) == 64


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("segments: 2", "SEGMENTS"),
        ("segments: 3", "SEGMENTS"),
        ("sex: F", "SEX"),
        ("fused levels: not known", "FUSED_LEVELS"),
        ("fused_levels", "FUSED_LEVELS"),
        ("sagittal T1 MR", "MR-SAG-T1"),
        ("axial Dixon water MR", "MR-AX-DIXON-W"),
        ("CLINICAL_MISSING", "CLINICAL_MISSING"),
    ],
)
def test_values_are_identifiers_and_what_a_variable_is_stands_in_the_meaning(text: str, value: str) -> None:
    code = private_for(text)
    assert (code.value, code.meaning) == (value, text)


@pytest.mark.parametrize("text", ["a b", "a: b", "axial T2 MR multifidus: fat fraction", "CT: odd", "", "Ä"])
def test_no_value_has_a_blank_or_a_colon(text: str) -> None:
    assert re.fullmatch(r"[A-Z0-9_.+-]{1,16}", private_for(text).value)


def test_every_input_has_an_identifier_of_its_own() -> None:
    readable = {role_name(role) for role in ROLES} | set(SIGNATURES.values())
    variables = {field.name.replace("_", " ") for field in fields(ClinicalVariables)}
    assert readable | variables == set(INPUTS)
    assert len(set(INPUTS.values())) == len(INPUTS)
    assert all(re.fullmatch(r"[A-Z0-9_-]{1,16}", value) for value in INPUTS.values())


@pytest.mark.parametrize(
    ("label", "value", "scheme"),
    [
        ("L1 vertebra", "66794005", "SCT"),
        ("L5 vertebral body", "49668003", "SCT"),
        ("L5-S1 disc", "715056000", "SCT"),
        ("sacrum", "54735007", "SCT"),
        ("spinal canal", "61853006", "SCT"),
        ("left multifidus", "7:508", "MDC"),
        ("right erector spinae", "44947003", "SCT"),
        ("left psoas major", "68455001", "SCT"),
        ("right quadratus lumborum", "7:576", "MDC"),
        ("vertebra 2 (level not determined)", "51282000", "SCT"),
        ("vertebral body 11 (level not determined)", "51282000", "SCT"),
        ("disc 1 (level not determined)", "DISC", SCHEME),
    ],
)
def test_each_label_has_its_code(label: str, value: str, scheme: str) -> None:
    structure = structure_of(label)
    assert (structure.kind.value, structure.kind.scheme_designator) == (value, scheme)
    assert structure.label == label


def test_sides_are_coded_and_told_apart_by_colour() -> None:
    left, right = structure_of("left multifidus"), structure_of("right multifidus")
    assert left.side == standard.cid244.Left
    assert right.side == standard.cid244.Right
    assert left.rgb != right.rgb
    assert structure_of("L3 vertebra").side is None


def test_levels_and_discs_are_the_standard_s_own() -> None:
    assert structure_of("L3 vertebra").kind == standard.SCT.L3Vertebra
    assert structure_of("L2-L3 disc").kind == standard.SCT.L2L3Disc
    assert structure_of("T12-L1 disc").kind == standard.SCT.T12L1Disc


@pytest.mark.parametrize("label", ["liver", "L1", "vertebra 0 (level not determined)", "disc x", ""])
def test_an_unknown_label_is_refused_by_name(label: str) -> None:
    with pytest.raises(PipelineError, match="not a fixed SegmentLabel") as caught:
        structure_of(label)
    assert caught.value.code == "LABEL_UNKNOWN"


def test_an_unknown_measurement_or_unit_is_refused_by_name() -> None:
    with pytest.raises(PipelineError, match="weight"):
        measurement_code("weight")
    with pytest.raises(PipelineError, match="furlong"):
        unit_code("furlong")


def test_every_ibsi_keyword_is_in_the_standard() -> None:
    found = {feature_code(f"original_{name}").value for name in _IBSI_KEYWORDS}
    assert len(found) == len(_IBSI_KEYWORDS)  # no two features share a code


def test_a_wavelet_band_makes_another_concept_and_is_in_the_meaning() -> None:
    original, wavelet = (
        feature_code("original_glcm_JointEntropy"),
        feature_code("wavelet-HLH_glcm_JointEntropy"),
    )
    assert (original.value, original.scheme_designator) == ("TU9B", "IBSI")
    assert wavelet.scheme_designator == SCHEME
    assert "HLH" in wavelet.meaning
    assert len({feature_code(name).value for name in REPORTED}) == len(REPORTED)


def test_kurtosis_is_not_the_excess_kurtosis_of_ibsi() -> None:
    assert feature_code("original_firstorder_Kurtosis").scheme_designator == SCHEME


def test_structures_are_read_from_head_to_foot() -> None:
    given = ["spinal canal", "L5 vertebral body", "L5-S1 disc", "sacrum", "L1 vertebral body", "L1-L2 disc"]
    assert reading_order(given) == [
        "L1 vertebral body", "L5 vertebral body", "L1-L2 disc", "L5-S1 disc", "sacrum", "spinal canal",
    ]  # fmt: skip
    counted = ["disc 1 (level not determined)", "vertebra 1 (level not determined)"]
    counted += ["vertebra 10 (level not determined)", "vertebra 2 (level not determined)"]
    assert [label.split(" (")[0] for label in reading_order(counted)] == [
        "vertebra 10", "vertebra 2", "vertebra 1", "disc 1",
    ]  # fmt: skip


def test_a_long_meaning_keeps_its_ends() -> None:
    meaning = private("X", "Log-odds: sagittal T2 MR disc: gldm DependenceVariance (wavelet-HHH)").meaning
    assert len(meaning) <= 64
    assert meaning.startswith("Log-odds: sagittal T2 MR disc")
    assert meaning.endswith("(wavelet-HHH)")
