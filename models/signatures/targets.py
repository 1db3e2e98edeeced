"""What the demonstration predictors read, and below which inputs they give no answer."""

from dataclasses import dataclass
from typing import Final

#: Features that stand still under small changes of a mask, from every class; the paper's strongest is last.
ROBUST_FEATURES: Final = (
    "original_shape_Elongation",
    "original_shape_Flatness",
    "original_shape_Sphericity",
    "original_shape_SurfaceVolumeRatio",
    "original_firstorder_10Percentile",
    "original_firstorder_90Percentile",
    "original_firstorder_Entropy",
    "original_firstorder_InterquartileRange",
    "original_firstorder_Mean",
    "original_firstorder_Median",
    "original_firstorder_Skewness",
    "original_glcm_Contrast",
    "original_glcm_Correlation",
    "original_glcm_Idm",
    "original_glcm_JointEntropy",
    "original_gldm_DependenceEntropy",
    "original_gldm_DependenceVariance",
    "original_glrlm_RunEntropy",
    "original_glrlm_ShortRunEmphasis",
    "original_glszm_ZonePercentage",
    "original_ngtdm_Coarseness",
    "original_ngtdm_Contrast",
    "wavelet-LLL_firstorder_Median",
    "wavelet-LLL_glcm_JointEntropy",
    "wavelet-LLH_glcm_Idm",
    "wavelet-HHH_gldm_DependenceVariance",
)


@dataclass(frozen=True)
class VariantPlan:
    """One availability pattern: the inputs that must all be there for this model to be used.

    `blocks` are `<role>.<group>.<kind>` (`pipelines.features.table`); `measurements` are single keys that
    enter the combined model beside the clinical variables.
    """

    name: str
    blocks: tuple[str, ...]
    measurements: tuple[str, ...] = ()


@dataclass(frozen=True)
class TargetPlan:
    """One target: its variants from the most to the least complete, and its clinical variables."""

    name: str
    title: str
    variants: tuple[VariantPlan, ...]
    required_clinical: tuple[str, ...]
    optional_clinical: tuple[str, ...] = ()
    needs_levels: bool = False

    @property
    def clinical(self) -> tuple[str, ...]:
        """Every clinical variable that the combined model reads."""
        return self.required_clinical + self.optional_clinical


_SPINE: Final = (
    "ct.vertebra.radiomics",
    "mr_sag_t1.body.radiomics",
    "mr_sag_t1.disc.radiomics",
    "mr_sag_t2.body.radiomics",
    "mr_sag_t2.disc.radiomics",
    "ct.vertebra.deep",
    "mr_sag_t1.body.deep",
    "mr_sag_t1.disc.deep",
    "mr_sag_t2.body.deep",
    "mr_sag_t2.disc.deep",
)
# The quadratus lumborum is left out: its mask is not reliable yet.
_MUSCLES: Final = (
    "mr_axial_t2.multifidus.radiomics",
    "mr_axial_t2.erector_spinae.radiomics",
    "mr_axial_t2.psoas_major.radiomics",
)


def _paraspinal(role: str) -> VariantPlan:
    muscles = ("multifidus", "erector_spinae")
    blocks = tuple(f"{role}.{muscle}.{kind}" for kind in ("radiomics", "deep") for muscle in muscles)
    return VariantPlan(role, blocks, (f"{role}.multifidus.measurement.fat_fraction",))


#: Zou et al. 2025; osteoporosis, diagnosis and segments are the clinical variables that mattered there.
ASDEG: Final = TargetPlan(
    name="asdeg",
    title="adjacent segment degeneration after lumbar fusion",
    variants=(
        VariantPlan("ct_sagittal_axial", _SPINE + _MUSCLES),
        VariantPlan("ct_sagittal", _SPINE),
    ),
    required_clinical=("osteoporosis", "diagnosis", "segments"),
    needs_levels=True,
)

#: Suo et al. 2026, who use no deep features; ours join as DL-sign. The body-mass index is often not
#: known to the scanner and may be missing.
PAIN: Final = TargetPlan(
    name="pain",
    title="severe pain in chronic non-specific low back pain",
    variants=(_paraspinal("mr_axial_t2"), _paraspinal("mr_axial_t1")),
    required_clinical=("age", "sex"),
    optional_clinical=("bmi",),
)

TARGETS: Final = (ASDEG, PAIN)
