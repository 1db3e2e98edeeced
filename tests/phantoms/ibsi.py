"""The phantoms and reference values of the Image Biomarker Standardisation Initiative, and their processing.

IBSI-1: Zwanenburg et al., Radiology 2020; 295:328-338. IBSI-2: Whybra et al., Radiology 2024; 310:e231319.
"""

import csv
from dataclasses import dataclass

import nibabel
import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from pipelines.features.radiomics import extract
from pipelines.features.radiomics.profiles import Profile

FAMILIES = {
    "shape": {
        "MeshVolume": "morph_volume",
        "VoxelVolume": "morph_vol_approx",
        "SurfaceArea": "morph_area_mesh",
        "SurfaceVolumeRatio": "morph_av",
        "Sphericity": "morph_sphericity",
        "Maximum3DDiameter": "morph_diam",
        "MajorAxisLength": "morph_pca_maj_axis",
        "MinorAxisLength": "morph_pca_min_axis",
        "LeastAxisLength": "morph_pca_least_axis",
        "Elongation": "morph_pca_elongation",
        "Flatness": "morph_pca_flatness",
    },
    "firstorder": {
        "Mean": "stat_mean",
        "Variance": "stat_var",
        "Skewness": "stat_skew",
        "Kurtosis": "stat_kurt",
        "Median": "stat_median",
        "Minimum": "stat_min",
        "10Percentile": "stat_p10",
        "90Percentile": "stat_p90",
        "Maximum": "stat_max",
        "InterquartileRange": "stat_iqr",
        "Range": "stat_range",
        "MeanAbsoluteDeviation": "stat_mad",
        "RobustMeanAbsoluteDeviation": "stat_rmad",
        "Energy": "stat_energy",
        "RootMeanSquared": "stat_rms",
        "Entropy": "ih_entropy",
        "Uniformity": "ih_uniformity",
    },
    "glcm": {
        "MaximumProbability": "cm_joint_max",
        "JointAverage": "cm_joint_avg",
        "SumSquares": "cm_joint_var",
        "JointEntropy": "cm_joint_entr",
        "DifferenceAverage": "cm_diff_avg",
        "DifferenceVariance": "cm_diff_var",
        "DifferenceEntropy": "cm_diff_entr",
        "SumAverage": "cm_sum_avg",
        "SumEntropy": "cm_sum_entr",
        "JointEnergy": "cm_energy",
        "Contrast": "cm_contrast",
        "Id": "cm_inv_diff",
        "Idn": "cm_inv_diff_norm",
        "Idm": "cm_inv_diff_mom",
        "Idmn": "cm_inv_diff_mom_norm",
        "InverseVariance": "cm_inv_var",
        "Correlation": "cm_corr",
        "Autocorrelation": "cm_auto_corr",
        "ClusterTendency": "cm_clust_tend",
        "ClusterShade": "cm_clust_shade",
        "ClusterProminence": "cm_clust_prom",
        "Imc1": "cm_info_corr1",
        "Imc2": "cm_info_corr2",
    },
    "glrlm": {
        "ShortRunEmphasis": "rlm_sre",
        "LongRunEmphasis": "rlm_lre",
        "LowGrayLevelRunEmphasis": "rlm_lgre",
        "HighGrayLevelRunEmphasis": "rlm_hgre",
        "ShortRunLowGrayLevelEmphasis": "rlm_srlge",
        "ShortRunHighGrayLevelEmphasis": "rlm_srhge",
        "LongRunLowGrayLevelEmphasis": "rlm_lrlge",
        "LongRunHighGrayLevelEmphasis": "rlm_lrhge",
        "GrayLevelNonUniformity": "rlm_glnu",
        "GrayLevelNonUniformityNormalized": "rlm_glnu_norm",
        "RunLengthNonUniformity": "rlm_rlnu",
        "RunLengthNonUniformityNormalized": "rlm_rlnu_norm",
        "RunPercentage": "rlm_r_perc",
        "GrayLevelVariance": "rlm_gl_var",
        "RunVariance": "rlm_rl_var",
        "RunEntropy": "rlm_rl_entr",
    },
    "glszm": {
        "SmallAreaEmphasis": "szm_sze",
        "LargeAreaEmphasis": "szm_lze",
        "LowGrayLevelZoneEmphasis": "szm_lgze",
        "HighGrayLevelZoneEmphasis": "szm_hgze",
        "SmallAreaLowGrayLevelEmphasis": "szm_szlge",
        "SmallAreaHighGrayLevelEmphasis": "szm_szhge",
        "LargeAreaLowGrayLevelEmphasis": "szm_lzlge",
        "LargeAreaHighGrayLevelEmphasis": "szm_lzhge",
        "GrayLevelNonUniformity": "szm_glnu",
        "GrayLevelNonUniformityNormalized": "szm_glnu_norm",
        "SizeZoneNonUniformity": "szm_zsnu",
        "SizeZoneNonUniformityNormalized": "szm_zsnu_norm",
        "ZonePercentage": "szm_z_perc",
        "GrayLevelVariance": "szm_gl_var",
        "ZoneVariance": "szm_zs_var",
        "ZoneEntropy": "szm_zs_entr",
    },
    "ngtdm": {
        "Coarseness": "ngt_coarseness",
        "Contrast": "ngt_contrast",
        "Busyness": "ngt_busyness",
        "Complexity": "ngt_complexity",
        "Strength": "ngt_strength",
    },
    "gldm": {
        "SmallDependenceEmphasis": "ngl_lde",
        "LargeDependenceEmphasis": "ngl_hde",
        "LowGrayLevelEmphasis": "ngl_lgce",
        "HighGrayLevelEmphasis": "ngl_hgce",
        "SmallDependenceLowGrayLevelEmphasis": "ngl_ldlge",
        "SmallDependenceHighGrayLevelEmphasis": "ngl_ldhge",
        "LargeDependenceLowGrayLevelEmphasis": "ngl_hdlge",
        "LargeDependenceHighGrayLevelEmphasis": "ngl_hdhge",
        "GrayLevelNonUniformity": "ngl_glnu",
        "DependenceNonUniformity": "ngl_dcnu",
        "DependenceNonUniformityNormalized": "ngl_dcnu_norm",
        "GrayLevelVariance": "ngl_gl_var",
        "DependenceVariance": "ngl_dc_var",
        "DependenceEntropy": "ngl_dc_entr",
    },
}
"""PyRadiomics' names and the tags of IBSI's reference tables."""

AVERAGED = ("glcm", "glrlm")
"""Matrices of each direction: IBSI's tags say how these were put together."""


@dataclass(frozen=True)
class Configuration:
    """IBSI-1's processing of the CT phantom: Table 2 of the publication."""

    flat: bool
    spacing: float | None
    order: int
    limits: tuple[float, float] | None
    outliers: bool
    bins: dict[str, float]


CONFIGURATIONS = {
    "a": Configuration(True, None, 0, (-500, 400), False, {"binWidth": 25}),
    "b": Configuration(True, 2, 1, (-500, 400), False, {"binCount": 32}),
    "c": Configuration(False, 2, 1, (-1000, 400), False, {"binWidth": 25}),
    "d": Configuration(False, 2, 1, None, True, {"binCount": 32}),
    "e": Configuration(False, 2, 3, (-1000, 400), True, {"binCount": 32}),
}


def read(path):
    """Give voxels (slices, rows, columns) in float64 and spacing in mm in that order."""
    image = nibabel.load(path)
    voxels = np.ascontiguousarray(np.asarray(image.dataobj).T.astype(np.float64))
    return voxels, tuple(float(step) for step in image.header.get_zooms()[2::-1])


def process(voxels, mask, spacing, configuration):
    """Interpolate on a grid around the image's centre, and round, as IBSI has it for CT.

    Returns the image, the region of shape, the region of intensity, and the spacing.
    """
    if configuration.spacing is not None:
        target = tuple(
            s if configuration.flat and k == 0 else configuration.spacing for k, s in enumerate(spacing)
        )
        grid = [_axis(n, s, t) for n, s, t in zip(voxels.shape, spacing, target, strict=True)]
        where = np.meshgrid(*grid, indexing="ij")
        voxels = np.rint(ndimage.map_coordinates(voxels, where, order=configuration.order, mode="nearest"))
        mask = ndimage.map_coordinates(mask, where, order=1, mode="nearest") > 0.5 - 1e-6
        spacing = target
    mask = mask > 0
    inside = mask.copy()
    if configuration.limits is not None:
        inside &= (voxels >= configuration.limits[0]) & (voxels <= configuration.limits[1])
    if configuration.outliers:
        values = voxels[inside]
        inside &= np.abs(voxels - values.mean()) <= 3 * values.std()
    return voxels, mask, inside, spacing


def _axis(count, old, new):
    """Give positions of the new voxels' centres in old voxels; both grids share their centre."""
    fresh = int(np.ceil(count * old / new))
    return (count - 1) / 2 + (np.arange(fresh) - (fresh - 1) / 2) * new / old


def features(voxels, mask, inside, spacing, bins, flat=False):
    """Extract original features; shape from `mask`, all else from `inside`."""
    found = {}
    for roi, classes in ((mask, ("shape",)), (inside, tuple(name for name in FAMILIES if name != "shape"))):
        images = sitk.GetImageFromArray(voxels), sitk.GetImageFromArray(roi.astype(np.uint8))
        for image in images:
            image.SetSpacing(spacing[::-1])
        settings = {**bins, "force2D": flat, "force2Ddimension": 0}
        found.update(extract(*images, Profile("ibsi", "1", settings, ("Original",), classes)))
    return {name.removeprefix("original_"): value for name, value in found.items()}


def reference(path):
    """Give tag -> (value, tolerance) where a value was agreed on."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    return {
        row["tag"]: (float(row["reference value"]), float(row["tolerance"]))
        for row in rows
        if row["reference value"]
    }


def compared(found, expected, flat=False):
    """Yield PyRadiomics' name, value, reference value and tolerance."""
    for family, names in FAMILIES.items():
        for name, tag in names.items():
            texture = tag.split("_")[0] in ("cm", "rlm", "szm", "ngt", "ngl")
            average = "_avg" if family in AVERAGED else ""
            full = f"{tag}_{'2_5D' if flat else '3D'}{average}" if texture else tag
            if full in expected:
                yield f"{family}_{name}", found[f"{family}_{name}"], *expected[full]


def agrees(value, reference_value, tolerance):
    """Tell whether a value is within the tolerance, or rounds to the three digits that are given."""
    digits = 0.5 * 10.0 ** (np.floor(np.log10(abs(reference_value) or 1)) - 2)
    return abs(value - reference_value) <= max(tolerance, digits) * (1 + 1e-9)
