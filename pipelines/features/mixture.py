"""Two-class brightness models: a mixture of three Gaussians, and Otsu's threshold."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture

Values = NDArray[np.float64]

FIT_VALUES = 20_000
"""More values than these change nothing but the time."""

SEED = 0


@dataclass(frozen=True, eq=False, slots=True)
class BrightShare:
    """How much of a voxel is the bright class, from its signal.

    Attributes
    ----------
    mixture : GaussianMixture
        Fitted to standardised signal, components in any order.
    centre, spread : float
        The standardisation.
    dark, bright : float
        Means of the darkest and the brightest component, in units of the signal.
    """

    mixture: GaussianMixture
    centre: float
    spread: float
    dark: float
    bright: float

    def __call__(self, values: Values) -> Values:
        """Give the share (0 to 1) of the bright class in each value.

        Components count by where their mean lies between the dark and the bright one, so that the middle one
        counts as the mixed voxels that it models. Beyond the outer means a voxel is of one class.
        """
        flat = (values.reshape(-1, 1) - self.centre) / self.spread
        means = self.mixture.means_.ravel() * self.spread + self.centre
        counts = (means - self.dark) / (self.bright - self.dark)
        share: Values = (self.mixture.predict_proba(flat) @ counts).reshape(values.shape)
        return np.select([values <= self.dark, values >= self.bright], [0.0, 1.0], share)


def fit_mixture(values: Values) -> BrightShare:
    """Fit three Gaussians, starting from a dark quarter and a bright twentieth; deterministic.

    Parameters
    ----------
    values : float64 array
        Not constant.
    """
    flat = np.sort(values.ravel())
    flat = flat[:: max(1, flat.size // FIT_VALUES)]  # sorted, so every n-th value keeps the distribution
    centre, spread = float(flat.mean()), float(flat.std())
    scaled = ((flat - centre) / spread).reshape(-1, 1)
    dark, bright = np.quantile(scaled, (0.25, 0.95))
    start = np.array([[dark], [(dark + bright) / 2], [bright]])
    mixture = GaussianMixture(3, means_init=start, random_state=SEED, max_iter=500).fit(scaled)
    means = mixture.means_.ravel() * spread + centre
    return BrightShare(mixture, centre, spread, float(means.min()), float(means.max()))


def otsu(values: Values, bins: int = 256) -> float:
    """Give the threshold with the largest variance between the two classes (Otsu 1979)."""
    counts, edges = np.histogram(values, bins)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = counts.sum() - below
    sums = np.cumsum(counts * centres)
    gap = sums[:-1] / np.maximum(below, 1) - (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    between = below * above * gap**2
    best = np.flatnonzero(between == between.max())  # a whole gap between two classes may be equally good
    return float(edges[int(best.mean()) + 1])
