"""Laplacian of Gaussian images, by the recursive filter that PyRadiomics uses too."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from pipelines.features.radiomics.resample import Triple

SMALLEST = 4
"""The recursive filter needs as many voxels along each axis."""


def laplacian_images(
    image: NDArray[np.float64], spacing: Triple, settings: Mapping[str, Any]
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield name and image for each width in setting `sigma` (mm), but those too wide for the image.

    Parameters
    ----------
    image : float64 array of shape (slices, rows, columns)
        All that PyRadiomics would filter: the filter's reach has no end.
    spacing : tuple of three float
        mm along slice, row and column index.
    settings : mapping
    """
    if min(image.shape) < SMALLEST:
        return
    given = SimpleITK.GetImageFromArray(image)
    given.SetSpacing(spacing[::-1])
    for sigma in settings.get("sigma", ()):
        if np.all(np.array(image.shape) >= np.ceil(sigma / np.array(spacing)) + 1):
            laplacian = SimpleITK.LaplacianRecursiveGaussianImageFilter()
            laplacian.SetNormalizeAcrossScale(True)
            laplacian.SetSigma(sigma)
            name = f"log-sigma-{str(sigma).replace('.', '-')}-mm-3D"
            yield name, SimpleITK.GetArrayFromImage(laplacian.Execute(given))
