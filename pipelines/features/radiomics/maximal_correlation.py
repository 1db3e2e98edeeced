"""GLCM's maximal correlation coefficient (MCC): the second singular value of a normalised table of pairs.

PyRadiomics takes the second largest eigenvalue of Q = W Pᵀ, W = P / (p_x p_yᵀ + epsilon), with a general
solver in O(levels³). But for the epsilon, Q has the eigenvalues of S Sᵀ with S = P / √(p_x p_yᵀ), whose first
singular vectors are √p_x and √p_y. So the second pair is found by Lanczos iteration with the first taken out
(full reorthogonalisation: Golub and Van Loan, 4th ed., 10.3), and the epsilon is put back by the Rayleigh
quotient of Q with its left and right eigenvectors, which is exact to the second order.
"""

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.features.radiomics.emphasis import EPSILON
from pipelines.features.radiomics.kernel import kernel

_TOLERANCE = 1e-14
"""Of the eigenvalue; a vector off by d moves it by d²."""
_STEPS = 8
"""Lanczos steps between two looks at the convergence."""


@kernel
def maximal_correlation(
    p: NDArray[np.float64], first: NDArray[np.float64], second: NDArray[np.float64]
) -> float:
    """Compute MCC of one direction.

    Parameters
    ----------
    p : float64 array of shape (levels, levels)
        Shares of the pairs of levels; their sum is 1.
    first, second : float64 arrays of shape (levels,)
        Sums over its rows and columns.
    """
    if p.shape[0] < 2:
        return 1.0
    rows, columns = np.flatnonzero(first), np.flatnonzero(second)
    if rows.size < 2 or columns.size < 2:
        return 0.0
    root_first, root_second = np.sqrt(first[rows]), np.sqrt(second[columns])
    pairs = np.empty((rows.size, columns.size))
    scaled = np.empty((rows.size, columns.size))
    transposed = np.empty((columns.size, rows.size))
    for i in range(rows.size):
        for j in range(columns.size):
            pairs[i, j] = p[rows[i], columns[j]]
            scaled[i, j] = transposed[j, i] = pairs[i, j] / (root_first[i] * root_second[j])
    vector = _second(scaled, transposed, root_first)
    return math.sqrt(_quotient(pairs, vector, root_first, root_second))


@kernel
def _second(
    scaled: NDArray[np.float64], transposed: NDArray[np.float64], leading: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give the second left singular vector: the first of what is orthogonal to `leading`."""
    most = leading.size - 1
    weights = np.ones(0)
    basis = np.empty((most + 1, leading.size))
    tridiagonal = np.zeros((most + 1, most + 1))
    for i in range(leading.size):  # Gaussian textures end at level minus mean; and some of all else
        basis[0, i] = leading[i] * i + 0.1 * math.cos(1.7 * i * i)
    _orthonormalise(basis[0], leading, basis[:0])
    for k in range(most):
        basis[k + 1] = _sum_of_rows(transposed, _sum_of_rows(scaled, basis[k]))  # S Sᵀ
        tridiagonal[k, k] = _dot(basis[k + 1], basis[k])
        rest = _orthonormalise(basis[k + 1], leading, basis[: k + 1])
        ended = k == most - 1 or rest < EPSILON
        if ended or k % _STEPS == _STEPS - 1:
            weights, error = _largest(tridiagonal[: k + 1, : k + 1], rest)
            if ended or error < _TOLERANCE:
                break
        tridiagonal[k, k + 1] = tridiagonal[k + 1, k] = rest
    return _sum_of_rows(basis, weights)


@kernel
def _largest(tridiagonal: NDArray[np.float64], rest: float) -> tuple[NDArray[np.float64], float]:
    """Give the eigenvector of the largest eigenvalue, and a bound of that one's error."""
    values, vectors = np.linalg.eigh(tridiagonal.copy())
    gap = values[-1] - values[-2] if values.size > 1 else values[-1]
    return vectors[:, -1].copy(), (rest * vectors[-1, -1]) ** 2 / max(gap, EPSILON)


@kernel
def _orthonormalise(
    vector: NDArray[np.float64], leading: NDArray[np.float64], basis: NDArray[np.float64]
) -> float:
    """Take out what is in `leading` and `basis`, twice for the rounding; return the length before scaling."""
    for _ in range(2):
        _subtract(vector, _dot(vector, leading), leading)
        for k in range(basis.shape[0]):
            _subtract(vector, _dot(vector, basis[k]), basis[k])
    length = math.sqrt(_dot(vector, vector))
    for i in range(vector.size):
        vector[i] /= max(length, EPSILON)
    return length


@kernel
def _dot(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    total = 0.0
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@kernel
def _subtract(vector: NDArray[np.float64], weight: float, other: NDArray[np.float64]) -> None:
    for i in range(vector.size):
        vector[i] -= weight * other[i]


@kernel
def _sum_of_rows(matrix: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum as many rows as there are weights: along rows to use the processor's wide registers."""
    total = np.zeros(matrix.shape[1])
    for i in range(weights.size):
        weight, row = weights[i], matrix[i]
        for j in range(total.size):
            total[j] += weight * row[j]
    return total


@kernel
def _quotient(
    pairs: NDArray[np.float64],
    vector: NDArray[np.float64],
    root_first: NDArray[np.float64],
    root_second: NDArray[np.float64],
) -> float:
    """Give uᵀ W Pᵀ v / uᵀ v for Q's left and right eigenvectors u = √p_x s and v = s / √p_x."""
    inner = _sum_of_rows(pairs, vector / root_first)
    total = 0.0
    for i in range(vector.size):
        row = 0.0
        for j in range(inner.size):
            if pairs[i, j] != 0:
                row += pairs[i, j] / ((root_first[i] * root_second[j]) ** 2 + EPSILON) * inner[j]
        total += root_first[i] * vector[i] * row
    return total
