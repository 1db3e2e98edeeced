"""Radiomics features that the demonstration predictors read."""

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
