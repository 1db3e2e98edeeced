"""From a volume and a label to the crop whose features are extracted: normalise, resample, cut."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import FeatureError
from pipelines.features.boxes import bounding_box
from pipelines.features.radiomics.crop import crop
from pipelines.features.radiomics.outcomes import check_finite, check_shape, check_values
from pipelines.features.radiomics.profiles import Profile
from pipelines.features.radiomics.resample import Triple, resample


@dataclass(frozen=True, eq=False, slots=True)
class Crop:
    """A region as PyRadiomics gets it.

    Attributes
    ----------
    image : float64 array of shape (slices, rows, columns)
        float32 would not do: it moves a quarter of the features by more than 1e-6.
    roi : bool array of the same shape
    spacing : tuple of three float
        mm along slice, row and column index.
    """

    image: NDArray[np.float64]
    roi: NDArray[np.bool_]
    spacing: Triple


@dataclass(frozen=True, slots=True)
class Scaling:
    """value -> (value - mean) * factor."""

    mean: float = 0.0
    factor: float = 1.0


def scaling(image: NDArray[Any], labels: NDArray[Any], profile: Profile) -> Scaling:
    """Give the z-score that a profile asks for, or the identity.

    Parameters
    ----------
    image, labels : arrays of shape (slices, rows, columns)
        Any label value above 0 marks a segmented structure.
    profile : Profile

    Raises
    ------
    FeatureError
        ROI_CONSTANT if the region over which to normalise has no spread, ROI_EMPTY if it has no voxel.
    """
    settings = profile.settings
    if not settings.get("normalize", False):
        return Scaling()
    whole = settings.get("normalizeRegion", "image") == "image"
    values = (image.ravel() if whole else image[labels > 0]).astype(np.float64)
    values = values[np.isfinite(values)]  # a NaN in one structure must not take the others' features
    if values.size < 2:
        raise FeatureError("ROI_EMPTY", "nothing is labelled, so there is no region to normalise over")
    spread = float(values.std(ddof=1))
    if spread == 0:
        raise FeatureError("ROI_CONSTANT", "the region to normalise over has one value: no z-score exists")
    return Scaling(float(values.mean()), float(settings.get("normalizeScale", 1)) / spread)


def prepare(
    image: NDArray[Any], roi: NDArray[np.bool_], spacing: Triple, profile: Profile, scale: Scaling
) -> Crop:
    """Give the crop on which the profile's features are those of the whole volume.

    Parameters
    ----------
    image : array of shape (slices, rows, columns)
    roi : bool array of the same shape
    spacing : tuple of three float
        mm along slice, row and column index.
    profile : Profile
    scale : Scaling

    Raises
    ------
    FeatureError
        One of the outcomes of `outcomes`: the region cannot carry features.
    """
    check_shape(roi)
    check_finite(image[bounding_box(roi)])  # a coarser grid may step over a bad voxel
    settings = profile.settings
    edge = settings.get("edge", "wrap")
    target = settings.get("resampledPixelSpacing")
    if target is not None:
        column, row, slice_ = target  # PyRadiomics' x, y, z
        image, roi, spacing = resample(
            image,
            roi,
            spacing,
            (slice_, row, column),
            interpolator=settings.get("interpolator", "sitkBSpline"),
            pad=settings.get("padDistance", 5),
            extrapolate=edge == "mirror",
        )
        check_shape(roi)
    voxels, inside = crop(image, roi, edge)
    voxels = (voxels.astype(np.float64) - scale.mean) * scale.factor
    check_values(voxels, inside)
    return Crop(voxels, inside, spacing)
