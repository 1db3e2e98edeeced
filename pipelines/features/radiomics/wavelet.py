"""The stationary wavelet transform of a crop, as `radiomics.imageoperations._swt3` does it on a volume.

Each axis in turn is filtered low and high. The products are summed in the order of PyWavelets' own loop, so
that results are the same to the last bit: PyRadiomics puts a bin's edge at 0, where flat regions lie.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pywt
from numpy.typing import NDArray

from pipelines.features.radiomics.kernel import kernel

AXES = (2, 1, 0)
"""Columns first: the first letter of a band is PyRadiomics' x."""


def margin(settings: Mapping[str, Any]) -> int:
    """Give how many voxels around a region its wavelet images read."""
    half = int(pywt.Wavelet(settings.get("wavelet", "coif1")).dec_len) // 2
    return half * int(settings.get("start_level", 0) + settings.get("level", 1))


def wavelet_images(
    image: NDArray[np.float64], settings: Mapping[str, Any]
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield names and images, PyRadiomics' order: the details of each level, then the approximation.

    Parameters
    ----------
    image : float64 array of shape (slices, rows, columns)
        The results are right `margin` voxels from its edges.
    settings : mapping
        `wavelet`, `start_level`, `level`, `force2D` and `force2Ddimension`.
    """
    wavelet = pywt.Wavelet(settings.get("wavelet", "coif1"))
    taps = np.array(wavelet.dec_lo), np.array(wavelet.dec_hi)
    axes = [
        axis for axis in AXES if not (settings.get("force2D") and axis == settings.get("force2Ddimension", 0))
    ]
    levels = settings.get("level", 1)
    for _ in range(settings.get("start_level", 0)):
        image = dict(_bands(image, taps, axes))["L" * len(axes)]
    for level in range(1, levels + 1):
        prefix = "wavelet" if level == 1 else f"wavelet{level}"
        for name, band in _bands(image, taps, axes):
            if "H" in name:
                yield f"{prefix}-{name}", band
            else:
                approximation = band
        image = approximation
    yield f"{'wavelet' if levels == 1 else f'wavelet{levels}'}-{'L' * len(axes)}", image


def _bands(
    image: NDArray[np.float64], taps: tuple[NDArray[np.float64], NDArray[np.float64]], axes: list[int]
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    if not axes:
        yield "", image
        return
    stride = int(np.prod(image.shape[axes[0] + 1 :]))
    for letter, filter_ in zip("LH", taps, strict=True):
        filtered = np.zeros(image.size)
        _filter(image.reshape(-1), filter_, stride, filtered)
        for name, band in _bands(filtered.reshape(image.shape), taps, axes[1:]):
            yield letter + name, band


@kernel
def _filter(
    image: NDArray[np.float64], taps: NDArray[np.float64], stride: int, out: NDArray[np.float64]
) -> None:
    """Filter along the axis of `stride`; positions whose taps lie beyond the array stay as they are."""
    half = taps.size // 2
    first, stop = (half - 1) * stride, image.size - half * stride
    here = out[first:stop]
    for j in range(taps.size):
        there = image[first + (half - j) * stride : stop + (half - j) * stride]
        tap = taps[j]
        for i in range(here.size):
            here[i] += tap * there[i]
