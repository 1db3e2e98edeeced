"""What GLRLM, GLSZM and GLDM have in common: a table of grey level by size, and sixteen numbers about it.

Sizes are the lengths of runs, the voxels of zones, or numbers of dependent voxels. PyRadiomics gives each
class names of its own to the same formulas.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.features.radiomics.kernel import kernel

NUMBERS = 16

EPSILON = float(np.spacing(1))
"""Added by PyRadiomics to probabilities before it takes their logarithm."""


def names(
    *, small: str, large: str, size: str, share: str, variance: str, entropy: str, grey: str = ""
) -> tuple[str, ...]:
    """Give a class' names of the sixteen numbers, in the order of `emphasis`."""
    return (
        f"{small}Emphasis",
        f"{large}Emphasis",
        "GrayLevelNonUniformity",
        "GrayLevelNonUniformityNormalized",
        f"{size}NonUniformity",
        f"{size}NonUniformityNormalized",
        share,
        "GrayLevelVariance",
        variance,
        entropy,
        f"LowGrayLevel{grey}Emphasis",
        f"HighGrayLevel{grey}Emphasis",
        f"{small}LowGrayLevelEmphasis",
        f"{small}HighGrayLevelEmphasis",
        f"{large}LowGrayLevelEmphasis",
        f"{large}HighGrayLevelEmphasis",
    )


def named(labels: Sequence[str], values: NDArray[np.float64]) -> dict[str, float]:
    """Give numbers their names."""
    return dict(zip(labels, values.tolist(), strict=True))


@kernel
def emphasis(
    table: NDArray[np.float64], grey: NDArray[np.int64], sizes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compute the sixteen numbers.

    Parameters
    ----------
    table : float64 array of shape (levels, sizes), not all 0
    grey : int64 array of shape (levels,)
    sizes : float64 array of shape (sizes,)

    Returns
    -------
    float64 array of shape (16,)
    """
    levels, columns = table.shape
    by_level, by_size = np.zeros(levels), np.zeros(columns)
    entropy = low_small = high_small = low_large = high_large = 0.0
    count = table.sum()
    for i in range(levels):
        square = float(grey[i]) ** 2
        for j in range(columns):
            n = table[i, j]
            if n != 0:
                extent = sizes[j] ** 2
                by_level[i] += n
                by_size[j] += n
                entropy -= n / count * math.log2(n / count + EPSILON)
                low_small += n / (square * extent)
                high_small += n * square / extent
                low_large += n * extent / square
                high_large += n * square * extent
    low, high, level_uniformity, level_variance = _marginal(by_level, grey.astype(np.float64), count)
    small, large, size_uniformity, size_variance = _marginal(by_size, sizes, count)
    return np.array(
        (
            small,
            large,
            level_uniformity / count,
            level_uniformity / count**2,
            size_uniformity / count,
            size_uniformity / count**2,
            count / (by_size * sizes).sum(),
            level_variance,
            size_variance,
            entropy,
            low,
            high,
            low_small / count,
            high_small / count,
            low_large / count,
            high_large / count,
        )
    )


@kernel
def _marginal(
    counts: NDArray[np.float64], at: NDArray[np.float64], count: float
) -> tuple[float, float, float, float]:
    """Give mean of 1/x², mean of x², sum of squared counts, and variance of x."""
    mean = (counts * at).sum() / count
    low = high = squares = variance = 0.0
    for i in range(counts.size):
        if counts[i] != 0:
            low += counts[i] / at[i] ** 2
            high += counts[i] * at[i] ** 2
            squares += counts[i] ** 2
            variance += counts[i] / count * (at[i] - mean) ** 2
    return low / count, high / count, squares, variance
