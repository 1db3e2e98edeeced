"""From a volume and a label to the crop whose features are extracted: normalise, resample, cut."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.boxes import Box, bounding_box, widened
from pipelines.errors import FeatureError
from pipelines.features.radiomics import wavelet
from pipelines.features.radiomics.crop import crop
from pipelines.features.radiomics.outcomes import check_finite, check_shape, check_values
from pipelines.features.radiomics.profiles import Profile
from pipelines.features.radiomics.resample import Triple, resample

LOG_REACH = 24
"""Widths beyond which the recursive Gaussian, which decays as exp(-1.7 x / width), is below rounding."""


@dataclass(frozen=True, eq=False, slots=True)
class Crop:
    """A region as an engine gets it.

    Attributes
    ----------
    image : float64 array of shape (slices, rows, columns)
        The region with the margin that wavelet images read. float32 would not do: it moves a quarter of
        the features by more than 1e-6.
    roi : bool array of the same shape
    spacing : tuple of three float
        mm along slice, row and column index.
    wide : float64 array of shape (slices, rows, columns)
        The region with all that Laplacian of Gaussian images read of the volume; empty without these.
    place : tuple of three int
        Where the first voxel of `image` lies in `wide`; may be outside of it.
    """

    image: NDArray[np.float64]
    roi: NDArray[np.bool_]
    spacing: Triple
    wide: NDArray[np.float64]
    place: tuple[int, int, int]

    def embed(self, roi: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Give a region of the shape of `image` in the shape of `wide`."""
        inside = np.zeros(self.wide.shape, bool)
        inside[tuple(np.argwhere(roi).T + np.array(self.place)[:, None])] = True
        return inside


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
    finite = np.isfinite(values)
    if not finite.all():  # a NaN in one structure must not take the others' features
        values = values[finite]
    if values.size < 2:
        raise FeatureError("ROI_EMPTY", "nothing is labelled, so there is no region to normalise over")
    mean = float(values.mean())
    values -= mean  # in place: a whole series is large
    spread = math.sqrt(np.square(values, out=values).sum() / (values.size - 1))
    if spread == 0:
        raise FeatureError("ROI_CONSTANT", "the region to normalise over has one value: no z-score exists")
    return Scaling(mean, float(settings.get("normalizeScale", 1)) / spread)


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
            as_float=settings.get("normalize", False) or settings.get("resampledType", "float") == "float",
        )
        check_shape(roi)
    margin = (
        wavelet.margin(settings) + 1
    )  # one more, where PyRadiomics extends an odd-sized crop to an even one
    voxels, inside = crop(image, roi, edge, margin)
    voxels = _scaled(voxels, scale)
    check_values(voxels, inside)
    box = bounding_box(roi)
    around = _reach(box, image.shape, spacing, profile)
    wide = _scaled(image[around], scale)
    check_finite(wide)
    first, second, third = (int(a.start - margin - b.start) for a, b in zip(box, around, strict=True))
    return Crop(voxels, inside, spacing, wide, (first, second, third))


def _scaled(image: NDArray[Any], scale: Scaling) -> NDArray[np.float64]:
    return (image.astype(np.float64) - scale.mean) * scale.factor


def _reach(box: Box, shape: tuple[int, ...], spacing: Triple, profile: Profile) -> Box:
    """Give what Laplacian of Gaussian images of a region read, as far as the volume reaches."""
    if "LoG" not in profile.image_types:
        return slice(0, 0), slice(0, 0), slice(0, 0)
    widest = LOG_REACH * max(profile.settings.get("sigma", (0,)))
    margin = [math.ceil(widest / step) for step in spacing]
    return widened(box, (margin[0], margin[1], margin[2]), shape)
