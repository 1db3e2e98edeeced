"""Codes of radiomics features: IBSI where the definition is the same, private otherwise.

PyRadiomics' names are `<filter>_<class>_<feature>`. PS3.16 lists 147 IBSI codes; those below are the ones
that have a PyRadiomics feature of the same definition. Private on purpose: kurtosis (PyRadiomics' is not the
excess kurtosis), the axis lengths (PyRadiomics divides by N, IBSI by N - 1) and the statistics of first
order, whose IBSI codes are not in PS3.16.
"""

import re
from collections.abc import Mapping

from pydicom.sr.codedict import codes as standard
from pydicom.sr.coding import Code

from pipelines.dicom.codes import digest_value, private

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_FAMILIES = {"firstorder": "first order", "shape": "shape"} | {
    family: family.upper() for family in ("glcm", "glrlm", "glszm", "gldm", "ngtdm")
}

#: `<class>_<feature>` of PyRadiomics -> keyword in the IBSI part of pydicom's code dictionary.
_IBSI_KEYWORDS: Mapping[str, str] = {
    "firstorder_Entropy": "IntensityHistogramEntropy",
    "firstorder_Uniformity": "IntensityHistogramUniformity",
    "shape_Elongation": "Elongation",
    "shape_Flatness": "Flatness",
    "shape_Maximum3DDiameter": "Maximum3DDiameterOfAMesh",
    "shape_MeshVolume": "VolumeOfMesh",
    "shape_Sphericity": "Sphericity",
    "shape_SurfaceArea": "SurfaceAreaOfMesh",
    "shape_SurfaceVolumeRatio": "SurfaceToVolumeRatio",
    "shape_VoxelVolume": "VolumeFromVoxelSummation",
    "glcm_Autocorrelation": "AutocorrelationOfGLCM",
    "glcm_ClusterProminence": "ClusterProminenceOfGLCM",
    "glcm_ClusterShade": "ClusterShadeOfGLCM",
    "glcm_ClusterTendency": "ClusterTendencyOfGLCM",
    "glcm_Contrast": "ContrastOfGLCM",
    "glcm_Correlation": "CorrelationOfGLCM",
    "glcm_DifferenceAverage": "DifferenceAverageOfGLCM",
    "glcm_DifferenceEntropy": "DifferenceEntropyOfGLCM",
    "glcm_DifferenceVariance": "DifferenceVarianceOfGLCM",
    "glcm_Id": "InverseDifferenceOfGLCM",
    "glcm_Idm": "InverseDifferenceMomentOfGLCM",
    "glcm_Idmn": "NormalizedInverseDifferenceMomentOfGLCM",
    "glcm_Idn": "NormalizedInverseDifferenceOfGLCM",
    "glcm_Imc1": "FirstMeasureOfInformationCorrelationOfGLCM",
    "glcm_Imc2": "SecondMeasureOfInformationCorrelationOfGLCM",
    "glcm_InverseVariance": "InverseVarianceOfGLCM",
    "glcm_JointAverage": "JointAverageOfGLCM",
    "glcm_JointEnergy": "AngularSecondMomentOfGLCM",
    "glcm_JointEntropy": "JointEntropyOfGLCM",
    "glcm_MaximumProbability": "JointMaximumOfGLCM",
    "glcm_SumAverage": "SumAverageOfGLCM",
    "glcm_SumEntropy": "SumEntropyOfGLCM",
    "glcm_SumSquares": "JointVarianceOfGLCM",
    "glrlm_GrayLevelNonUniformity": "GrayLevelNonuniformityInRuns",
    "glrlm_GrayLevelNonUniformityNormalized": "NormalizedGrayLevelNonuniformityInRuns",
    "glrlm_GrayLevelVariance": "GrayLevelVarianceInRuns",
    "glrlm_HighGrayLevelRunEmphasis": "HighGrayLevelRunEmphasis",
    "glrlm_LongRunEmphasis": "LongRunsEmphasis",
    "glrlm_LongRunHighGrayLevelEmphasis": "LongRunHighGrayLevelEmphasis",
    "glrlm_LongRunLowGrayLevelEmphasis": "LongRunLowGrayLevelEmphasis",
    "glrlm_LowGrayLevelRunEmphasis": "LowGrayLevelRunEmphasis",
    "glrlm_RunEntropy": "RunEntropy",
    "glrlm_RunLengthNonUniformity": "RunLengthNonuniformity",
    "glrlm_RunLengthNonUniformityNormalized": "NormalizedRunLengthNonuniformity",
    "glrlm_RunPercentage": "RunPercentage",
    "glrlm_RunVariance": "RunLengthVariance",
    "glrlm_ShortRunEmphasis": "ShortRunsEmphasis",
    "glrlm_ShortRunHighGrayLevelEmphasis": "ShortRunHighGrayLevelEmphasis",
    "glrlm_ShortRunLowGrayLevelEmphasis": "ShortRunLowGrayLevelEmphasis",
    "glszm_GrayLevelNonUniformity": "GrayLevelNonuniformityOfSizeZoneCounts",
    "glszm_GrayLevelNonUniformityNormalized": "NormalizedGrayLevelNonuniformityOfSizeZoneCounts",
    "glszm_GrayLevelVariance": "GrayLevelVarianceInSizeZones",
    "glszm_HighGrayLevelZoneEmphasis": "HighGrayLevelZoneEmphasis",
    "glszm_LargeAreaEmphasis": "LargeZoneEmphasis",
    "glszm_LargeAreaHighGrayLevelEmphasis": "LargeZoneHighGrayLevelEmphasis",
    "glszm_LargeAreaLowGrayLevelEmphasis": "LargeZoneLowGrayLevelEmphasis",
    "glszm_LowGrayLevelZoneEmphasis": "LowGrayLevelZoneEmphasis",
    "glszm_SizeZoneNonUniformity": "ZoneSizeNonuniformity",
    "glszm_SizeZoneNonUniformityNormalized": "NormalizedZoneSizeNonuniformity",
    "glszm_SmallAreaEmphasis": "SmallZoneEmphasis",
    "glszm_SmallAreaHighGrayLevelEmphasis": "SmallZoneHighGrayLevelEmphasis",
    "glszm_SmallAreaLowGrayLevelEmphasis": "SmallZoneLowGrayLevelEmphasis",
    "glszm_ZoneEntropy": "ZoneSizeEntropy",
    "glszm_ZonePercentage": "SizeZonePercentage",
    "glszm_ZoneVariance": "ZoneSizeVariance",
    "ngtdm_Busyness": "BusynessOfNGTDM",
    "ngtdm_Coarseness": "CoarsenessOfNGTDM",
    "ngtdm_Complexity": "ComplexityOfNGTDM",
    "ngtdm_Contrast": "ContrastOfNGTDM",
    "ngtdm_Strength": "StrengthOfNGTDM",
    "gldm_DependenceEntropy": "DependenceCountEntropy",
    "gldm_DependenceNonUniformity": "DependenceCountNonUniformity",
    "gldm_DependenceNonUniformityNormalized": "DependenceCountNonUniformityNormalized",
    "gldm_DependenceVariance": "DependenceCountVariance",
    "gldm_GrayLevelNonUniformity": "GreyLevelNonUniformityOfNGLDM",
    "gldm_GrayLevelVariance": "GreyLevelVarianceOfNGLDM",
    "gldm_HighGrayLevelEmphasis": "HighGreyLevelCountEmphasis",
    "gldm_LargeDependenceEmphasis": "HighDependenceEmphasis",
    "gldm_LargeDependenceHighGrayLevelEmphasis": "HighDependenceHighGreyLevelEmphasis",
    "gldm_LargeDependenceLowGrayLevelEmphasis": "HighDependenceLowGreyLevelEmphasis",
    "gldm_LowGrayLevelEmphasis": "LowGreyLevelCountEmphasis",
    "gldm_SmallDependenceEmphasis": "LowDependenceEmphasis",
    "gldm_SmallDependenceHighGrayLevelEmphasis": "LowDependenceHighGreyLevelEmphasis",
    "gldm_SmallDependenceLowGrayLevelEmphasis": "LowDependenceLowGreyLevelEmphasis",
}

#: The readable few that the measurement SR carries for each structure (docs/decisions explains the choice).
REPORTED: tuple[str, ...] = (
    "original_shape_Sphericity",
    "original_shape_SurfaceVolumeRatio",
    "original_shape_Maximum3DDiameter",
    "original_firstorder_Mean",
    "original_firstorder_Median",
    "original_firstorder_InterquartileRange",
    "original_firstorder_Skewness",
    "original_firstorder_Entropy",
    "original_glcm_JointEntropy",
    "original_glcm_Contrast",
    "original_glcm_Correlation",
    "original_gldm_DependenceVariance",
    "wavelet-HHH_gldm_DependenceVariance",  # the strongest feature of Zou et al. 2025
)


def feature_code(name: str) -> Code:
    """Give the code of a radiomics feature.

    A filter (a wavelet band, say) goes into the meaning, because viewers hide the method's content item, and
    then the code is private: the IBSI concept alone would name another number.

    Parameters
    ----------
    name : str
        PyRadiomics' full name, e.g. "wavelet-HHH_gldm_DependenceVariance".
    """
    image, _, feature = name.partition("_")
    if image == "original" and feature in _IBSI_KEYWORDS:
        return getattr(standard.IBSI, _IBSI_KEYWORDS[feature])
    return private(digest_value(name), _meaning(image, feature))


def _meaning(image: str, feature: str) -> str:
    family, _, name = feature.partition("_")
    words = _CAMEL.sub(" ", name).capitalize()
    readable = f"{words} ({_FAMILIES.get(family, family)})"
    return readable if image == "original" else f"{image.replace('-', ' ')}: {readable}"
