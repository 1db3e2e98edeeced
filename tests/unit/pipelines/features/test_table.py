import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.features.structures import group_of, side_of
from pipelines.features.table import feature_row
from pipelines.types import (
    FeatureVector,
    Finding,
    Measurement,
    ModelIdentity,
    Role,
    Segmentation,
    SeriesAnalysis,
    SourceSeries,
    Volume,
)


def analysis(role, measurements=(), features=()):
    voxels = np.zeros((2, 2, 2), np.float32)
    series = SourceSeries("1", "1.1", "MR", (), (Path("a"),))
    volume = Volume(voxels, np.eye(4), (0, 1), role, series)
    segmentation = Segmentation(volume, voxels.astype(np.uint8), {}, ModelIdentity("m", "1", "0"))
    return SeriesAnalysis(segmentation, tuple(measurements), tuple(features))


def vector(role, structure, profile="paper@1", kind="radiomics", reason=None, **values):
    return FeatureVector(role, structure, kind, profile, "d", values, reason)


def test_mean_over_levels_and_sides():
    ct = analysis(
        Role.CT,
        features=[vector(Role.CT, "L1 vertebra", f=1.0), vector(Role.CT, "L2 vertebra", f=3.0)],
    )
    mr = analysis(
        Role.MR_AXIAL_T2,
        measurements=[
            Measurement(Role.MR_AXIAL_T2, "left multifidus", "fat_fraction", 20.0, "%"),
            Measurement(Role.MR_AXIAL_T2, "right multifidus", "fat_fraction", 30.0, "%"),
        ],
    )
    assert feature_row({Role.CT: ct, Role.MR_AXIAL_T2: mr}) == {
        "ct.vertebra.radiomics.f": 2.0,
        "mr_axial_t2.multifidus.measurement.fat_fraction": 25.0,
    }


def test_profiles_and_kinds_do_not_mix():
    row = feature_row(
        {
            Role.CT: analysis(
                Role.CT,
                features=[
                    vector(Role.CT, "L1 vertebra", f=1.0),
                    vector(Role.CT, "L1 vertebra", profile="hu@1", f=2.0),
                    vector(Role.CT, "L1 vertebra", profile="vit@1", kind="deep", deep_000=3.0),
                ],
            )
        }
    )
    assert row == {
        "ct.vertebra.deep.deep_000": 3.0,
        "ct.vertebra.radiomics.f": 1.0,
        "ct.vertebra.radiomics_hu.f": 2.0,
    }


def test_what_adds_nothing():
    role = Role.MR_SAG_T2
    features = [
        vector(role, "L1-L2 disc", reason=Finding("ROI_EMPTY", "none"), f=1.0),
        vector(role, "sacrum", f=1.0),
        vector(role, "L2-L3 disc", f=math.nan),
    ]
    assert feature_row({role: analysis(role, features=features)}) == {}


def test_levels_next_to_a_fusion_have_a_group_of_their_own():
    discs = [
        vector(Role.MR_SAG_T2, f"{level} disc", f=i) for i, level in enumerate(("L2-L3", "L3-L4", "L4-L5"))
    ]
    bodies = [
        vector(Role.MR_SAG_T2, f"{level} vertebral body", f=10.0 * i)
        for i, level in enumerate(("L2", "L3", "L4"))
    ]
    height = Measurement(Role.MR_SAG_T2, "L3-L4 disc", "disc_height", 9.0, "mm")
    analyses = {Role.MR_SAG_T2: analysis(Role.MR_SAG_T2, [height], [*discs, *bodies])}
    row = feature_row(analyses, ["L4-L5"])
    assert row["mr_sag_t2.disc.radiomics.f"] == 1.0
    assert row["mr_sag_t2.adjacent_disc.radiomics.f"] == 1.0
    assert row["mr_sag_t2.adjacent_body.radiomics.f"] == 10.0
    assert row["mr_sag_t2.adjacent_disc.measurement.disc_height"] == 9.0
    assert {k for k in row if "adjacent" not in k} == set(feature_row(analyses))


def test_a_series_without_numbered_levels_has_no_adjacent_ones():
    one = analysis(Role.CT, features=[vector(Role.CT, "L3 vertebra", f=1.0)])
    lost = replace(one, segmentation=replace(one.segmentation, levels_determined=False))
    assert "ct.adjacent_vertebra.radiomics.f" in feature_row({Role.CT: one}, ["L4-L5"])
    assert "ct.adjacent_vertebra.radiomics.f" not in feature_row({Role.CT: lost}, ["L4-L5"])


@pytest.mark.parametrize(
    ("structure", "group", "side"),
    [
        ("L1 vertebra", "vertebra", None),
        ("L5 vertebral body", "body", None),
        ("L5-S1 disc", "disc", None),
        ("left erector spinae", "erector_spinae", "left"),
        ("right quadratus lumborum", "quadratus_lumborum", "right"),
        ("sacrum", None, None),
        ("spinal canal", None, None),
    ],
)
def test_groups_and_sides(structure, group, side):
    assert (group_of(structure), side_of(structure)) == (group, side)
