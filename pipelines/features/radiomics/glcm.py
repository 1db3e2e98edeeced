"""Grey level co-occurrence matrix: pairs of neighbouring levels (Haralick et al. 1973)."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.features.radiomics.discretise import Levels
from pipelines.features.radiomics.emphasis import EPSILON
from pipelines.features.radiomics.kernel import kernel
from pipelines.features.radiomics.maximal_correlation import maximal_correlation
from pipelines.features.radiomics.neighbours import Texture
from pipelines.features.radiomics.region import Region
from pipelines.features.radiomics.weights import distances


def glcm(region: Region, levels: Levels, texture: Texture, settings: Mapping[str, Any]) -> dict[str, float]:
    """Compute the twenty-four features, each the mean over directions.

    Where no two voxels of the region are neighbours, all are NaN.
    """
    counts = _counts(region, texture, settings)
    marginals = np.stack((counts.sum(axis=2), counts.sum(axis=1)))  # (2, directions, levels)
    pairs = marginals[0].sum(axis=1)
    p, shares = counts / pairs[:, None, None], marginals / pairs[:, None]
    # sums of whole numbers, exact: Cluster Shade magnifies what the mean is off by
    means = marginals @ levels.grey / pairs  # (2, directions)
    sums, differences = _diagonals(p, levels.grey)
    correlated = [maximal_correlation(table, *both) for table, *both in zip(p, *shares, strict=True)]
    found = {
        **_joint_features(p, levels.grey.astype(np.float64), shares, means),
        **_sum_features(sums, means.sum(axis=0)),
        **_difference_features(differences),
        "JointAverage": means[0],
        "MCC": np.array(correlated),
    }
    return {name: _mean(values) for name, values in found.items()}


def _counts(region: Region, texture: Texture, settings: Mapping[str, Any]) -> NDArray[np.float64]:
    """Give float64 (directions, levels, levels): the counts of each direction, or one weighted sum."""
    counts = texture.pairs[region.paired].astype(np.float64)
    if settings.get("symmetricalGLCM", True):
        counts += counts.transpose(0, 2, 1)
    norm = settings.get("weightingNorm")
    if norm is not None:
        length = distances(region, norm)
        weight = np.ones(len(counts)) if length is None else np.exp(-(length[region.paired] ** 2))
        counts = np.tensordot(weight, counts, 1)[None]
    return counts[counts.any(axis=(1, 2))]


def _mean(values: NDArray[np.float64]) -> float:
    """Average over directions, leaving out NaN: rounding can take the root of a number below 0."""
    valid = values[np.isfinite(values)]
    return float(valid.mean()) if valid.size else math.nan


def _joint_features(
    p: NDArray[np.float64], grey: NDArray[np.float64], shares: NDArray[np.float64], means: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Compute what needs both levels of each pair, for each direction.

    Parameters
    ----------
    p : float64 array of shape (directions, levels, levels)
    grey : float64 array of shape (levels,)
    shares : float64 array of shape (2, directions, levels)
    means : float64 array of shape (2, directions)
    """
    off = grey - means[:, :, None]  # (2, directions, levels)
    variances = (shares * off**2).sum(axis=2)
    spread = np.sqrt(variances[0]) * np.sqrt(variances[1])
    logs = np.log2(np.where(shares > 0, shares, 1))
    product, energy, entropy, highest, covariance, cross = _cells(p, grey, off, shares, logs)
    largest = np.maximum(_entropy(shares[0]), _entropy(shares[1]))
    # PyRadiomics' entropy of the product of both shares, with its epsilon in every pair of levels
    cells = np.count_nonzero(shares, axis=2).prod(axis=0)
    independent = -(shares * logs).sum(axis=(0, 2)) - cells * EPSILON / math.log(2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "Autocorrelation": product,
            "Correlation": np.where(spread == 0, 1.0, covariance / (spread + EPSILON)),
            "Imc1": np.where(largest == 0, 0.0, (entropy - cross) / largest),
            "Imc2": np.sqrt(1 - np.exp(-2 * (independent - entropy))),
            "JointEnergy": energy,
            "JointEntropy": entropy,
            "MaximumProbability": highest,
            "SumSquares": variances[0],
        }


@kernel
def _cells(
    p: NDArray[np.float64],
    grey: NDArray[np.float64],
    off: NDArray[np.float64],
    shares: NDArray[np.float64],
    logs: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sum over the pairs of levels.

    Returns
    -------
    float64 array of shape (6, directions)
        Mean product of the levels, energy, entropy, largest share, covariance, and the mean of
        -log2(p_x p_y + epsilon).
    """
    out = np.zeros((6, p.shape[0]))
    for a in range(p.shape[0]):
        for i in range(grey.size):
            for j in range(grey.size):
                q = p[a, i, j]
                if q != 0:
                    out[0, a] += q * grey[i] * grey[j]
                    out[1, a] += q * q
                    out[2, a] -= q * math.log2(q + EPSILON)
                    out[3, a] = max(out[3, a], q)
                    out[4, a] += q * off[0, a, i] * off[1, a, j]
                    part = EPSILON / (shares[0, a, i] * shares[1, a, j])
                    out[5, a] -= q * (logs[0, a, i] + logs[1, a, j] + part * (1 - part / 2) / math.log(2))
    return out


@kernel
def _diagonals(
    p: NDArray[np.float64], grey: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the shares of each sum (0 to 2 Ng) and of each difference (0 to Ng - 1) of two levels.

    Both have shape (directions, sums or differences).
    """
    highest = grey[-1]
    sums, differences = np.zeros((p.shape[0], 2 * highest + 1)), np.zeros((p.shape[0], highest))
    for a in range(p.shape[0]):
        for i in range(grey.size):
            for j in range(grey.size):
                sums[a, grey[i] + grey[j]] += p[a, i, j]
                differences[a, abs(grey[i] - grey[j])] += p[a, i, j]
    return sums, differences


def _entropy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give each direction's entropy of (directions, items)."""
    entropy: NDArray[np.float64] = -(shares * np.log2(shares + EPSILON)).sum(axis=1)
    return entropy


def _sum_features(sums: NDArray[np.float64], mean: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    at = np.arange(sums.shape[1])
    off = at - mean[:, None]
    square = off * off
    return {
        "ClusterProminence": (sums * square * square).sum(axis=1),
        "ClusterShade": (sums * square * off).sum(axis=1),
        "ClusterTendency": (sums * square).sum(axis=1),
        "SumAverage": sums @ at,
        "SumEntropy": _entropy(sums),
    }


def _difference_features(differences: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    levels = differences.shape[1]
    apart = np.arange(levels, dtype=np.float64)
    square = apart**2
    mean = differences @ apart
    return {
        "Contrast": differences @ square,
        "DifferenceAverage": mean,
        "DifferenceEntropy": _entropy(differences),
        "DifferenceVariance": (differences * (apart - mean[:, None]) ** 2).sum(axis=1),
        "Id": differences @ (1 / (1 + apart)),
        "Idm": differences @ (1 / (1 + square)),
        "Idmn": differences @ (1 / (1 + square / levels**2)),
        "Idn": differences @ (1 / (1 + apart / levels)),
        "InverseVariance": differences[:, 1:] @ (1 / square[1:]),
    }
