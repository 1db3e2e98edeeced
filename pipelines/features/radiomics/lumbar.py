"""The node's own engine: PyRadiomics' features of one prepared crop, from shared counts in compiled loops."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.features.radiomics.discretise import discretise
from pipelines.features.radiomics.firstorder import firstorder
from pipelines.features.radiomics.glcm import glcm
from pipelines.features.radiomics.gldm import gldm
from pipelines.features.radiomics.glrlm import glrlm
from pipelines.features.radiomics.glszm import glszm
from pipelines.features.radiomics.laplacian import laplacian_images
from pipelines.features.radiomics.neighbours import count_neighbours
from pipelines.features.radiomics.ngtdm import ngtdm
from pipelines.features.radiomics.prepare import Crop
from pipelines.features.radiomics.profiles import Profile
from pipelines.features.radiomics.region import Region, region_of
from pipelines.features.radiomics.resegment import resegment, shape_roi
from pipelines.features.radiomics.shape import shape
from pipelines.features.radiomics.wavelet import wavelet_images


def compute(crop: Crop, profile: Profile) -> "OrderedDict[str, float]":
    """Compute a profile's features of one crop.

    Parameters
    ----------
    crop : Crop
    profile : Profile

    Returns
    -------
    OrderedDict of str to float
        In PyRadiomics' order, under its names.

    Raises
    ------
    FeatureError
        ROI_GREY_LEVELS, or an outcome of `outcomes` where re-segmentation leaves too little.
    """
    settings = profile.engine_settings
    roi = resegment(crop.image, crop.roi, settings)
    found: OrderedDict[str, float] = OrderedDict()
    if "shape" in profile.classes:
        numbers = shape(shape_roi(crop.roi, roi, settings), crop.spacing)
        found.update(_named("original_shape", numbers))
    flat_axis = settings.get("force2Ddimension", 0) if settings.get("force2D") else None
    region = region_of(roi, crop.spacing, settings.get("distances", (1,)), flat_axis)
    for image_name, values in _images(crop, roi, profile):
        classes = _classes(values, region, settings)
        for name in profile.classes:
            if name != "shape":
                found.update(_named(f"{image_name}_{name}", classes[name]))
    return found


def _named(prefix: str, numbers: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """Yield names and values in the order of PyRadiomics' methods (getMeanFeatureValue …)."""
    for name in sorted(numbers, key=lambda name: f"{name}FeatureValue"):
        yield f"{prefix}_{name}", numbers[name]


def _images(crop: Crop, roi: NDArray[np.bool_], profile: Profile) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield each image's name and its values in the region, (voxels,)."""
    settings = profile.engine_settings
    inside = np.flatnonzero(roi)
    for kind in profile.image_types:
        if kind == "Original":
            yield "original", crop.image.take(inside)
        elif kind == "Wavelet":
            for name, image in wavelet_images(crop.image, settings):
                yield name, image.take(inside)
        else:
            embedded = np.flatnonzero(crop.embed(roi))
            for name, image in laplacian_images(crop.wide, crop.spacing, settings):
                yield name, image.take(embedded)


def _classes(
    values: NDArray[Any], region: Region, settings: Mapping[str, Any]
) -> dict[str, dict[str, float]]:
    """Compute all classes but shape of one image: they share its grey levels and its neighbours' counts."""
    levels = discretise(values, settings)
    texture = count_neighbours(region, levels, settings.get("gldm_a", 0))
    volume = float(np.prod(region.spacing))
    return {
        "firstorder": firstorder(values.astype(np.float64), levels, volume, settings),
        "glcm": glcm(region, levels, texture, settings),
        "glrlm": glrlm(region, levels, texture, settings),
        "glszm": glszm(levels, texture),
        "gldm": gldm(levels, texture),
        "ngtdm": ngtdm(levels, texture),
    }
