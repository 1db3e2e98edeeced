"""Which engine computes the features of a crop: the node's own, or PyRadiomics itself."""

from collections import OrderedDict
from importlib import import_module

from pipelines.features.radiomics.prepare import Crop
from pipelines.features.radiomics.profiles import Profile


def compute(crop: Crop, profile: Profile) -> "OrderedDict[str, float]":
    """Compute a profile's features of one crop with the engine that its setting `engine` names.

    Parameters
    ----------
    crop : Crop
    profile : Profile

    Returns
    -------
    OrderedDict of str to float
        In PyRadiomics' order, under its names: "original_shape_Elongation",
        "wavelet-HHH_gldm_DependenceVariance" …

    Raises
    ------
    FeatureError
        An outcome of `outcomes`, ROI_GREY_LEVELS, or ENGINE_FAILED.
    """
    # imported when asked for: PyRadiomics takes half a second and memory that the own engine does not need
    chosen = import_module(f"pipelines.features.radiomics.{profile.engine}")
    found: OrderedDict[str, float] = chosen.compute(crop, profile)
    return found
