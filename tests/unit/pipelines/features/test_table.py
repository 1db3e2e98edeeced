import math
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
