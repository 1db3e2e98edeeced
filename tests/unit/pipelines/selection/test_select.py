"""Which series plays which role: by geometry and acquisition, whatever the descriptions say."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from phantoms.slices import AXIAL, CORONAL, SAGITTAL, Stack, enhanced
from pydicom.uid import PositronEmissionTomographyImageStorage, SecondaryCaptureImageStorage

from pipelines.selection import select
from pipelines.types import Finding, Role, SourceSeries

T1 = {"ScanningSequence": "SE", "EchoTime": "11", "RepetitionTime": "600"}
T2 = {"ScanningSequence": "SE", "EchoTime": "100", "RepetitionTime": "3500"}
PD = {"ScanningSequence": "SE", "EchoTime": "25", "RepetitionTime": "3000"}
STIR = {"ScanningSequence": ["SE", "IR"], "EchoTime": "40", "RepetitionTime": "4000", "InversionTime": "160"}
GRE = {"ScanningSequence": "GR", "EchoTime": "14", "RepetitionTime": "500"}
BARE: dict[str, str] = {}

CT = Stack("CT", slices=30, rows=4, columns=4, pixel_spacing=(90.0, 90.0), spacing=8.0)
SAG = Stack("MR", slices=15, rows=4, columns=4, pixel_spacing=(75.0, 75.0), orientation=SAGITTAL, spacing=4.4)
AX = Stack("MR", slices=18, rows=4, columns=4, pixel_spacing=(55.0, 55.0), spacing=10.0)
WIDE_AX = replace(AX, pixel_spacing=(75.0, 75.0))


def series(stack, acquisition=BARE, description="", *, uid="1.2.1", **attributes):
    """One series of headers, nothing on disk."""
    values = {**acquisition, "SeriesDescription": description, **attributes}
    headers = replace(stack, series_uid=uid, study_uid="1.1", attributes=values).instances()
    return source(headers, uid)


def source(headers, uid="1.2.1"):
    paths = tuple(Path(f"{uid}-{i}") for i in range(len(headers)))
    return SourceSeries("1.1", uid, headers[0].Modality, tuple(headers), paths)


def verdict(*args, **kwargs):
    (found,) = select([series(*args, **kwargs)]).verdicts
    return found


def rotated(degrees, orientation, axis):
    """Turn direction cosines about a patient axis."""
    i, j = [k for k in range(3) if k != axis]
    turn = np.eye(3)
    angle = np.radians(degrees)
    turn[[i, j], [i, j]] = np.cos(angle)
    turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
    return (*(turn @ orientation[:3]), *(turn @ orientation[3:]))


@pytest.mark.parametrize(
    ("stack", "acquisition", "role"),
    [
        (CT, BARE, Role.CT),
        (SAG, T1, Role.MR_SAG_T1),
        (SAG, T2, Role.MR_SAG_T2),
        (SAG, STIR, Role.MR_SAG_T2),
        (SAG, PD, Role.MR_SAG),
        (SAG, GRE, Role.MR_SAG),
        (SAG, BARE, Role.MR_SAG),
        (WIDE_AX, T1, Role.MR_AXIAL_T1),
        (WIDE_AX, T2, Role.MR_AXIAL_T2),
        (WIDE_AX, GRE, Role.MR_AXIAL),
    ],
)
@pytest.mark.parametrize("description", ["", "T1 COR KNEE", "T2 TSE TRA", "T1 TSE SAG", "LUMBAR"])
def test_geometry_and_acquisition_speak_whatever_the_description_says(stack, acquisition, role, description):
    if acquisition is BARE and stack is SAG and description.startswith(("T1", "T2")):
        return  # without any echo time the description is all there is
    found = verdict(stack, acquisition, description)
    assert (found.role, found.reason.code) == (role, "CHOSEN")


@pytest.mark.parametrize(
    ("description", "role"), [("t2_tse_sag", Role.MR_SAG_T2), ("Sag T1", Role.MR_SAG_T1)]
)
def test_the_description_is_asked_last(description, role):
    found = verdict(SAG, BARE, description)
    assert found.role is role
    assert "WEIGHTING_TEXT" in [warning.code for warning in found.warnings]


@pytest.mark.parametrize(
    ("orientation", "role"),
    [
        (rotated(20, AXIAL, 0), Role.MR_AXIAL_T2),
        (rotated(40, AXIAL, 0), Role.MR_AXIAL_T2),
        (rotated(30, SAGITTAL, 2), Role.MR_SAG_T2),
        (tuple(-v for v in SAGITTAL), Role.MR_SAG_T2),
        ((-1.0, 0.0, 0.0, 0.0, 1.0, 0.0), Role.MR_AXIAL_T2),
        ((1.0, 0.0, 0.0, 0.0, -1.0, 0.0), Role.MR_AXIAL_T2),
    ],
)
def test_oblique_and_flipped_cosines(orientation, role):
    assert verdict(replace(WIDE_AX, orientation=orientation), T2).role is role


DIAGONAL = (0.5**0.5, -(0.5**0.5), 0.0, 6**-0.5, 6**-0.5, -2 * 6**-0.5)  # as far from every view as can be
REFUSED = {
    "localiser by image type": (CT, BARE, {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "LOCALIZER"),
    "localiser by scan options": (CT, BARE, {"ScanOptions": "SURVIEW"}, "LOCALIZER"),
    "short series called localiser": (replace(SAG, slices=7), GRE, {"SeriesDescription": "LOC"}, "LOCALIZER"),
    "projection": (CT, BARE, {"ImageType": ["DERIVED", "SECONDARY", "MIP"]}, "PROJECTION"),
    "subtraction": (SAG, T1, {"ImageType": ["DERIVED", "PRIMARY", "SUBTRACTION"]}, "SUBTRACTION"),
    "map": (AX, T2, {"ImageType": ["DERIVED", "PRIMARY", "ADC"]}, "DERIVED_MAP"),
    "secondary capture": (CT, BARE, {"SOPClassUID": SecondaryCaptureImageStorage}, "SECONDARY"),
    "other class": (CT, BARE, {"SOPClassUID": PositronEmissionTomographyImageStorage}, "UNSUPPORTED_SOP"),
    "diffusion": (AX, {"ScanningSequence": ["SE", "EP"]}, {}, "ECHO_PLANAR"),
    "b value": (AX, T2, {"DiffusionBValue": 800.0}, "ECHO_PLANAR"),
    "one slice": (replace(CT, slices=1), BARE, {}, "ONE_SLICE"),
    "few slices": (replace(SAG, slices=4), T2, {}, "TOO_FEW_SLICES"),
    "coronal": (replace(SAG, orientation=CORONAL), T2, {}, "CORONAL"),
    "sagittal CT": (replace(CT, orientation=SAGITTAL), BARE, {}, "NOT_AXIAL"),
    "double oblique": (replace(AX, orientation=DIAGONAL), T2, {}, "OBLIQUE"),
    "no geometry": (CT, BARE, {"ImagePositionPatient": None}, "NO_GEOMETRY"),
    "sagittal Dixon fat": (SAG, T2, {"ImageType": ["DERIVED", "PRIMARY", "FAT"]}, "FAT_IMAGE"),
    "head by body part": (CT, BARE, {"BodyPartExamined": "HEAD"}, "NOT_LUMBAR"),
    "neck by body part": (SAG, T2, {"BodyPartExamined": "CSPINE"}, "NOT_LUMBAR"),
    "knee by body part": (SAG, T2, {"BodyPartExamined": "KNEE"}, "NOT_LUMBAR"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_a_reason(case):
    stack, acquisition, attributes, code = REFUSED[case]
    found = verdict(
        stack, acquisition, **{"description": attributes.get("SeriesDescription", ""), **attributes}
    )
    assert (found.role, found.reason.code) == (None, code)
    assert found.reason.text
    assert len(code) <= 16


HEAD_CT = replace(CT, pixel_spacing=(60.0, 60.0), slices=20)


@pytest.mark.parametrize(
    ("stack", "attributes", "role"),
    [
        (HEAD_CT, {"StudyDescription": "CT HEAD WITHOUT CONTRAST"}, None),
        (HEAD_CT, {"ProtocolName": "1A TRAUMA/PLAIN HEAD DM /Head"}, None),
        (HEAD_CT, {}, Role.CT),  # nothing tells: the segmentation decides
        (HEAD_CT, {"StudyDescription": "CT LUMBAR SPINE"}, Role.CT),
        (CT, {"StudyDescription": "CT CHEST ABDOMEN PELVIS"}, Role.CT),
        (CT, {"BodyPartExamined": "ABDOMEN"}, Role.CT),
        (CT, {"BodyPartExamined": "CHEST", "SeriesDescription": "Thorax/Abdomen 5.0"}, Role.CT),
        (CT, {"BodyPartExamined": "CHEST"}, None),
        (CT, {"BodyPartExamined": "CHEST", "SeriesDescription": "body coil head"}, None),
        (CT, {"BodyPartExamined": "KNEE", "SeriesDescription": "falls, pulsp"}, None),
        (CT, {"BodyPartExamined": "KNEE", "SeriesDescription": "L-SPINE 2.0"}, Role.CT),
        (replace(CT, slices=75), {"BodyPartExamined": "CHEST"}, Role.CT),  # 600 mm: more than a chest
        (CT, {"BodyPartExamined": "HEAD", "StudyDescription": "L-SPINE CT"}, Role.CT),
        (CT, {"BodyPartExamined": "HEAD", "StudyDescription": "TRAUMA HEAD ABDOMEN"}, None),
    ],
)
def test_is_it_the_lumbar_spine(stack, attributes, role):
    description = attributes.get("SeriesDescription", "")
    found = verdict(stack, **{**attributes, "description": description})
    assert found.role is role
    assert role or found.reason.code == "NOT_LUMBAR"


def test_contradicting_body_part_is_warned_of():
    found = verdict(SAG, T2, "T2 SAG L-SPINE", BodyPartExamined="HEAD")
    assert found.role is Role.MR_SAG_T2
    assert [warning.code for warning in found.warnings] == ["BODY_PART"]


def test_three_plane_localiser_only():
    headers = [
        ds
        for orientation in (AXIAL, SAGITTAL, CORONAL)
        for ds in series(replace(SAG, orientation=orientation, slices=5), GRE).headers
    ]
    selection = select([source(headers)])
    assert selection.chosen == {}
    assert [v.reason.code for v in selection.verdicts] == ["LOCALIZER"]


def test_blocks_angled_along_the_discs_are_one_axial_series():
    headers = [
        ds
        for n, degrees in enumerate((-10, 5, 20, 30))
        for ds in series(
            replace(AX, orientation=rotated(degrees, AXIAL, 0), slices=4 + (n == 2), origin=(0, 0, 40.0 * n)),
            T2,
        ).headers
    ]
    (found,) = select([source(headers)]).verdicts
    assert found.role is Role.MR_AXIAL_T2
    assert "MIXED_STACKS" in [warning.code for warning in found.warnings]


def test_a_scout_within_a_ct_series_does_not_spoil_it():
    scout = series(replace(CT, slices=1, orientation=SAGITTAL)).headers
    (found,) = select([source([*scout, *series(CT).headers])]).verdicts
    assert found.role is Role.CT


def test_enhanced_mr():
    headers = series(SAG, {"EchoTime": "100"}, ImageType=["ORIGINAL", "PRIMARY", "M", "NONE"]).headers
    (found,) = select([source([enhanced(headers)])]).verdicts
    assert found.role is Role.MR_SAG_T2


DIXON = {"ScanningSequence": "GR", "EchoTime": "2.4", "RepetitionTime": "6"}


@pytest.mark.parametrize(
    ("value", "description", "role"),
    [
        ("W", "", Role.MR_AXIAL_DIXON_WATER),
        ("FAT", "", Role.MR_AXIAL_DIXON_FAT),
        ("M", "t1_vibe_dixon_tra_W", Role.MR_AXIAL_DIXON_WATER),
        ("M", "t1_vibe_dixon_tra_F", Role.MR_AXIAL_DIXON_FAT),
        ("M", "DIXON fat", Role.MR_AXIAL_DIXON_FAT),
        ("M", "t2_tse_tra FAT SAT", Role.MR_AXIAL),
        ("IN_PHASE", "t1_vibe_dixon_tra_in", Role.MR_AXIAL),
    ],
)
def test_dixon(value, description, role):
    assert verdict(AX, DIXON, description, ImageType=["DERIVED", "PRIMARY", value]).role is role


def test_water_and_fat_in_one_series_serve_both_roles():
    water, fat = (
        series(AX, DIXON, ImageType=["DERIVED", "PRIMARY", value]).headers for value in ("WATER", "FAT")
    )
    whole = source([*water, *fat])
    selection = select([whole])
    assert selection.chosen == {Role.MR_AXIAL_DIXON_WATER: whole, Role.MR_AXIAL_DIXON_FAT: whole}
    assert [v.role for v in selection.verdicts] == [Role.MR_AXIAL_DIXON_WATER]


BETTER = {
    "longer coverage": ((CT, {}), (replace(CT, slices=8), {}), "longer coverage"),
    "no contrast agent": ((CT, {}), (CT, {"ContrastBolusAgent": "ULTRAVIST"}), "no contrast agent"),
    "soft kernel": (
        (CT, {"ConvolutionKernel": "B30f"}),
        (CT, {"ConvolutionKernel": ["Br64d", "3"]}),
        "softer",
    ),
    "soft GE": ((CT, {"ConvolutionKernel": "STANDARD"}), (CT, {"ConvolutionKernel": "BONEPLUS"}), "softer"),
    "soft Canon": ((CT, {"ConvolutionKernel": "FC08"}), (CT, {"ConvolutionKernel": "FC30"}), "softer"),
    "thinner": ((replace(CT, slices=48, spacing=5.0), {}), (CT, {}), "thinner"),
    "original": ((CT, {}), (CT, {"ImageType": ["DERIVED", "SECONDARY", "MPR"]}), "original"),
    "not STIR": ((SAG, T2), (SAG, STIR), "no fat suppression"),
    "not fat saturated": ((SAG, T2), (SAG, {**T2, "ScanOptions": "FS"}), "no fat suppression"),
    "wider": ((SAG, T2), (replace(SAG, slices=6), T2), "wider coverage"),
    "named": (
        (SAG, {**T2, "ProtocolName": "L-SPINE"}),
        (SAG, {**T2, "ProtocolName": "BODY"}),
        "named as lumbar",
    ),
    "newer": ((SAG, {**T2, "StudyDate": "20260102"}), (SAG, {**T2, "StudyDate": "20250102"}), "newer"),
    "finer": ((replace(AX, rows=8, columns=8, pixel_spacing=(27.5, 27.5)), T2), (AX, T2), "finer"),
}


@pytest.mark.parametrize("case", BETTER)
@pytest.mark.parametrize("better_first", [True, False])
def test_the_best_series_plays_the_role(case, better_first):
    (good, good_values), (poor, poor_values), why = BETTER[case]
    winner = series(good, uid="1.2.5", **good_values)
    loser = series(poor, uid="1.2.6", **poor_values)
    selection = select([winner, loser] if better_first else [loser, winner])
    assert list(selection.chosen.values()) == [winner]
    beaten = next(v for v in selection.verdicts if v.series_uid == "1.2.6")
    assert beaten.role is None
    assert beaten.reason.code == "NOT_BEST"
    assert why in beaten.reason.text


def test_unknown_weighting_is_not_needed_beside_a_known_one():
    selection = select([series(SAG, PD, uid="1.2.5"), series(SAG, T1, uid="1.2.6")])
    assert set(selection.chosen) == {Role.MR_SAG_T1}
    assert [v.reason.code for v in selection.verdicts] == ["NOT_BEST", "CHOSEN"]


def test_every_series_of_a_case_has_one_verdict_in_order():
    case = [
        series(CT, uid="1.2.1"),
        series(SAG, T1, uid="1.2.2"),
        series(SAG, T2, uid="1.2.3"),
        series(AX, T2, uid="1.2.4"),
        series(SAG, STIR, uid="1.2.5"),
        series(replace(SAG, slices=1), uid="1.2.6"),
    ]
    selection = select(case)
    assert set(selection.chosen) == {Role.CT, Role.MR_SAG_T1, Role.MR_SAG_T2, Role.MR_AXIAL_T2}
    assert [v.series_uid for v in selection.verdicts] == [s.series_uid for s in case]
    assert [v.reason.code for v in selection.verdicts] == ["CHOSEN"] * 4 + ["NOT_BEST", "ONE_SLICE"]


def test_the_next_best_replaces_what_turned_out_unusable():
    good, poor = series(SAG, T2, uid="1.2.5"), series(SAG, STIR, uid="1.2.6")
    reason = Finding("UNEVEN_GAPS", "gaps")
    selection = select([good, poor], {"1.2.5": reason})
    assert selection.chosen == {Role.MR_SAG_T2: poor}
    assert selection.verdicts[0].reason == reason


def test_nothing_gives_nothing():
    selection = select([])
    assert (selection.chosen, selection.verdicts) == ({}, ())
